//! Lists of the server: what is asked for, and from page to page.

use serde_json::Value;

/// The first page's path: as many items as a page holds, and those of the parameters that are given.
pub(super) fn target(path: &str, query: &[(&str, Option<String>)]) -> String {
    let mut target = format!("{path}?count=50");
    for (name, value) in query.iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        target.extend(["&", name, "=", &guise_oauth1::percent_encode(value)]);
    }
    target
}

/// The items on a page, and what leads from the first page's path to the next one.
pub(super) fn read(page: &Value, items: &str) -> (Vec<Value>, Option<String>) {
    let items = page.get(items).and_then(Value::as_array).cloned().unwrap_or_default();
    let next = page.get("next_cursor").and_then(Value::as_str);
    (items, next.map(|next| format!("&cursor={}", guise_oauth1::percent_encode(next))))
}

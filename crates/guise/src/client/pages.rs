//! Lists of the server: what is asked for, and from page to page.

use serde_json::Value;

use super::Client;

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

/// The first `wanted` items of a list, page by page.
pub(super) async fn up_to(
    client: &Client,
    target: &str,
    items: &str,
    wanted: usize,
) -> anyhow::Result<Vec<Value>> {
    let (mut all, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next.take().filter(|_| all.len() < wanted) {
        let page = client.get(&format!("{target}{cursor}")).await?.success()?;
        let (more, after) = read(&page, items);
        all.extend(more);
        next = after;
    }
    all.truncate(wanted);
    Ok(all)
}

/// Every item of a list.
pub(super) async fn all(client: &Client, target: &str, items: &str) -> anyhow::Result<Vec<Value>> {
    up_to(client, target, items, usize::MAX).await
}

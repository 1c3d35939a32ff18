//! How an operation is called, from a shell.

use serde_json::{Map, Value, json};

use super::schema::Document;
use super::{at, items, members};

/// With our own command line, which signs.
pub(super) fn call(document: &Document<'_>, verb: &str, path: &str, operation: &Value) -> String {
    let target = target(document, path, operation);
    let mut words = vec!["guise call".to_owned()];
    let (implied, body) = match sent(document, operation) {
        Sent::Nothing => ("get", None),
        Sent::Json(json) => ("post", Some(format!("-d '{json}'"))),
        Sent::Form(form) => ("post", Some(format!("-d '{form}'"))),
        Sent::File(name) => ("post", Some(format!("-F {name}=@picture.jpg"))),
    };
    if verb != implied {
        words.push(format!("-X {}", verb.to_uppercase()));
    }
    words.push(quoted(&target));
    words.extend(headers(operation).map(|header| format!("-H '{header}'")));
    words.extend(body);
    words.join(" ")
}

/// With curl, and a header that something else signed.
pub(super) fn curl(document: &Document<'_>, verb: &str, path: &str, operation: &Value) -> String {
    let mut lines = vec![format!(
        "curl -X {} \"$GUISE_URL{}\"",
        verb.to_uppercase(),
        target(document, path, operation)
    )];
    if operation["security"].as_array().is_none_or(|security| !security.is_empty()) {
        lines.push("-H \"Authorization: OAuth …\"".to_owned());
    }
    lines.extend(headers(operation).map(|header| format!("-H '{header}'")));
    match sent(document, operation) {
        Sent::Nothing => {}
        Sent::Json(json) => {
            lines.push("-H 'Content-Type: application/json'".to_owned());
            lines.push(format!("-d '{json}'"));
        }
        Sent::Form(form) => lines.push(format!("-d '{form}'")),
        Sent::File(name) => lines.push(format!("-F {name}=@picture.jpg")),
    }
    lines.join(" \\\n  ")
}

enum Sent {
    Nothing,
    Json(Value),
    Form(String),
    /// The name of the part.
    File(String),
}

fn sent(document: &Document<'_>, operation: &Value) -> Sent {
    let content = at(operation, "/requestBody/content");
    let schema = |media_type: &str| content.get(media_type).map(|body| &body["schema"]);
    if let Some(schema) = schema("multipart/form-data") {
        let schema = document.resolved(schema);
        let part = members(&schema["properties"]).map(|(name, _)| name.clone());
        let mut named =
            part.filter(|name| name.starts_with("media")).filter(|name| name != "media_id");
        return Sent::File(named.next().unwrap_or_else(|| "media".to_owned()));
    }
    if let Some(schema) = schema("application/json") {
        return Sent::Json(sample(document, schema));
    }
    match schema("application/x-www-form-urlencoded") {
        Some(schema) => Sent::Form(pairs(&sample(document, schema)).join("&")),
        None => Sent::Nothing,
    }
}

/// The path with its parameters, and those of the query that have to be there.
fn target(document: &Document<'_>, path: &str, operation: &Value) -> String {
    let mut path = path.to_owned();
    let mut query = Vec::new();
    for parameter in items(&operation["parameters"]) {
        let name = parameter["name"].as_str().unwrap_or_default();
        let value = sample(document, &parameter["schema"]);
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &plain(&value));
        } else if parameter["in"] == "query" && parameter["required"] == true {
            match &value {
                Value::Object(_) => query.extend(pairs(&value)),
                value => query.push(format!("{name}={}", plain(value))),
            }
        }
    }
    if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) }
}

fn headers(operation: &Value) -> impl Iterator<Item = String> {
    let needed = items(&operation["parameters"])
        .filter(|one| one["in"] == "header" && one["required"] == true);
    needed.map(|one| format!("{}: \"1\"", one["name"].as_str().unwrap_or_default()))
}

fn pairs(value: &Value) -> Vec<String> {
    members(value).map(|(name, value)| format!("{name}={}", plain(value))).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn quoted(word: &str) -> String {
    if word.contains(['?', '&']) { format!("'{word}'") } else { word.to_owned() }
}

/// A value that fits, with no more than has to be there.
fn sample(document: &Document<'_>, schema: &Value) -> Value {
    let schema = document.resolved(schema);
    for first in [at(schema, "/const"), at(schema, "/enum/0"), at(schema, "/examples/0")] {
        if !first.is_null() {
            return first.clone();
        }
    }
    let mut members = Map::new();
    for name in items(&schema["required"]).filter_map(Value::as_str) {
        members.insert(
            name.to_owned(),
            sample(document, schema["properties"].get(name).unwrap_or(&Value::Null)),
        );
    }
    let variants = ["oneOf", "anyOf"].into_iter().find_map(|keyword| schema[keyword].get(0));
    if let Some(variant) = variants {
        match sample(document, variant) {
            Value::Object(more) => members.extend(more),
            other => return other,
        }
    }
    let kind = schema["type"].as_str().or_else(|| at(schema, "/type/0").as_str());
    match kind {
        Some("array") => json!([sample(document, &schema["items"])]),
        Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("string") if is_id(schema) => json!("1150493286110552068"),
        Some("string") => json!("…"),
        _ => Value::Object(members),
    }
}

fn is_id(schema: &Value) -> bool {
    schema["pattern"].as_str().is_some_and(|pattern| pattern.starts_with("^[1-9][0-9]{0,18}"))
}

//! Schemas that every family uses.

use serde_json::{Map, Value, json};

/// An id as it is answered.
pub(super) const ID: &str = "^[1-9][0-9]{0,18}$";

/// A reference to a schema.
pub(super) fn schema(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// This schema with one more keyword.
pub(super) fn with(mut schema: Value, keyword: &str, value: Value) -> Value {
    if let Value::Object(keywords) = &mut schema {
        keywords.insert(keyword.to_owned(), value);
    }
    schema
}

/// An object of these members and no others, the first `required` of which are always there.
pub(super) fn exactly<const N: usize>(required: usize, members: [(&str, Value); N]) -> Value {
    let names: Vec<&str> = members.iter().take(required).map(|(name, _)| *name).collect();
    let members: Map<String, Value> =
        members.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    json!({"type": "object", "required": names, "additionalProperties": false, "properties": members})
}

/// An object with at least these members, the first `required` of which must be there.
pub(super) fn object<const N: usize>(required: usize, members: [(&str, Value); N]) -> Value {
    let mut object = exactly(required, members);
    if let Value::Object(object) = &mut object {
        object.remove("additionalProperties");
    }
    object
}

/// This, or null, which is as good as nothing.
pub(super) fn or_null(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

/// An array of these.
pub(super) fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

/// A text.
pub(super) fn text() -> Value {
    json!({"type": "string"})
}

/// An id as a text.
pub(super) fn id_text() -> Value {
    json!({"type": "string", "pattern": ID})
}

/// An id as a number.
pub(super) fn id_number() -> Value {
    json!({"type": "integer", "format": "int64", "minimum": 1, "maximum": i64::MAX})
}

/// Milliseconds since 1970, as a text.
pub(super) fn milliseconds() -> Value {
    json!({"type": "string", "pattern": "^[0-9]{13}$"})
}

/// The name of the next page.
pub(super) fn cursor() -> Value {
    json!({
        "type": "string",
        "format": "cursor",
        "description": "`next_cursor` of the page before: base64 without padding of a decimal number.",
    })
}

/// How many items a page is to have.
pub(super) fn count() -> Value {
    use guise_domain::limits::{PAGE_COUNT_DEFAULT, PAGE_COUNT_MAX};
    json!({
        "type": ["integer", "string"],
        "maxLength": 0,
        "default": PAGE_COUNT_DEFAULT,
        "description": format!("Any whole number is brought into 1 to {PAGE_COUNT_MAX}; empty is as good as absent."),
    })
}

/// Ids as requests name things, a kind for each, so that a reader knows what is meant.
pub(super) fn ids() -> Value {
    let id = |description: &str| {
        json!({
            "type": ["string", "integer"],
            "pattern": ID,
            "minimum": 1,
            "maximum": i64::MAX,
            "description": description,
        })
    };
    json!({
        "AccountId": id("An account's id."),
        "AccountIds": {"type": "string", "description": "Accounts' ids with commas between them."},
        "MediaId": id("The id of an upload that is finished, is the caller's, and has not expired."),
        "MessageId": id("A message's id."),
        "OpenUploadId": id("The id that INIT answered, before FINALIZE."),
        "ProfileId": id("A custom profile's id."),
        "UploadId": id("The id that INIT answered."),
    })
}

//! What a JSON Schema says, in rows: one for each member, with the way to it.

use serde_json::Value;

use super::{items, members};

/// Members inside one another that are written out.
const DEPTH_MAX: usize = 8;

/// One of the documents, to find in it what it refers to.
pub(super) struct Document<'d> {
    pub(super) id: &'static str,
    pub(super) value: &'d Value,
}

/// A member, or a parameter.
pub(super) struct Row {
    /// `message_data.text`; `[]` stands for each item. Empty for the value itself.
    pub(super) name: String,
    /// Of a parameter: `query`, `path` or `header`.
    pub(super) place: Option<String>,
    pub(super) required: bool,
    pub(super) kind: String,
    /// A schema to look at, by its anchor and its name.
    pub(super) see: Option<(String, String)>,
    pub(super) about: String,
}

impl Document<'_> {
    /// What a reference means; anything else is itself.
    pub(super) fn resolved<'v>(&'v self, value: &'v Value) -> &'v Value {
        let place = value["$ref"].as_str().and_then(|place| place.strip_prefix('#'));
        place.and_then(|place| self.value.pointer(place)).unwrap_or(value)
    }

    /// Where a schema of this document is shown.
    pub(super) fn anchor(&self, name: &str) -> String {
        format!("{}-schema-{name}", self.id)
    }

    /// Everything that `schema` says.
    pub(super) fn rows(&self, schema: &Value) -> Vec<Row> {
        let mut rows = Vec::new();
        self.walk("", schema, 0, &mut rows);
        if rows.is_empty() || schema.get("$ref").is_some() || schema.get("description").is_some() {
            rows.insert(0, self.row("", true, schema));
        }
        rows
    }

    fn walk(&self, way: &str, schema: &Value, depth: usize, rows: &mut Vec<Row>) {
        if depth > DEPTH_MAX {
            return;
        }
        let required: Vec<_> = items(&schema["required"]).filter_map(Value::as_str).collect();
        for (name, member) in members(&schema["properties"]) {
            let way = if way.is_empty() { name.clone() } else { format!("{way}.{name}") };
            let row = self.row(&way, required.contains(&name.as_str()), member);
            // Alternatives repeat what they have in common.
            if !rows.iter().any(|before| before.name == row.name && before.kind == row.kind) {
                rows.push(row);
            }
            self.walk(&way, member, depth + 1, rows);
        }
        if schema["items"].is_object() {
            self.walk(&format!("{way}[]"), &schema["items"], depth + 1, rows);
        }
        if schema["additionalProperties"].is_object() {
            let each = if way.is_empty() { "{…}".to_owned() } else { format!("{way}.{{…}}") };
            self.walk(&each, &schema["additionalProperties"], depth + 1, rows);
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            for variant in items(&schema[keyword]) {
                self.walk(way, variant, depth + 1, rows);
            }
        }
    }

    /// One row.
    pub(super) fn row(&self, name: &str, required: bool, schema: &Value) -> Row {
        let about = schema["description"].as_str().unwrap_or_default().to_owned();
        let see = reference(schema).or_else(|| reference(&schema["items"]));
        let see = see.map(|name| (self.anchor(name), name.to_owned()));
        let (name, kind) = (name.to_owned(), kind(schema));
        Row { name, place: None, required, kind, see, about }
    }
}

/// The name of the schema that this is a reference to.
pub(super) fn reference(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// The kind of value in words, with its bounds.
fn kind(schema: &Value) -> String {
    if reference(schema).is_some() {
        return String::new();
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    if let Some(values) = schema["enum"].as_array() {
        let words =
            values.iter().map(|value| value.as_str().map_or(value.to_string(), str::to_owned));
        return words.collect::<Vec<_>>().join(" | ");
    }
    for keyword in ["oneOf", "anyOf"] {
        let kinds: Vec<_> = items(&schema[keyword])
            .map(|one| reference(one).map_or_else(|| kind(one), str::to_owned))
            .filter(|kind| !kind.is_empty())
            .collect();
        if !kinds.is_empty() && !schema["type"].is_string() {
            return kinds.join(" or ");
        }
    }
    let mut words = vec![match &schema["type"] {
        Value::String(one) if one == "array" => match reference(&schema["items"]) {
            Some(_) => "array of".to_owned(),
            None => format!("array of {}", kind(&schema["items"])),
        },
        Value::String(one) => one.clone(),
        several => items(several).filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
    }];
    words.extend(schema["format"].as_str().map(str::to_owned));
    let bounds = [
        ("minLength", "at least", " long"),
        ("maxLength", "at most", " long"),
        ("minimum", "from", ""),
        ("maximum", "to", ""),
        ("maxItems", "at most", " items"),
        ("default", "default", ""),
    ];
    for (keyword, before, after) in bounds {
        // The bounds of 64 bits are those of every id.
        let bound = schema.get(keyword).filter(|bound| bound.as_i64() != Some(i64::MAX));
        words.extend(bound.map(|bound| format!("{before} {bound}{after}")));
    }
    words.extend(schema["pattern"].as_str().map(|pattern| format!("like {pattern}")));
    words.retain(|word| !word.is_empty());
    words.join(", ")
}

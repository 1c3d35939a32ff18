//! Strict JSON: one reading for every body. Duplicate keys, depth bombs, lone surrogates and invalid UTF-8 are refused,
//! and every refusal says where.

use std::fmt;

use guise_domain::limits::JSON_DEPTH_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads a body.
///
/// # Errors
/// A sentence with line, column, and what was expected.
pub(crate) fn parse(body: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(body).map_err(|error| {
        let (line, column) = position(body, error.valid_up_to());
        at(line, column, "the bytes are not UTF-8")
    })?;
    if text.trim().is_empty() {
        return Err("The body is empty: expected a JSON object.".into());
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Depth(0).deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
    value.map_err(|error| {
        if error.is_eof() {
            let (line, column) = position(body, text.trim_end().len());
            return at(line, column, &missing_end(text));
        }
        let whole = error.to_string();
        let what = whole.rsplit_once(" at line ").map_or(whole.as_str(), |(what, _)| what);
        at(error.line(), error.column(), what)
    })
}

fn at(line: usize, column: usize, what: &str) -> String {
    format!("Malformed JSON at line {line}, column {column}: {what}.")
}

/// Line and column, from 1, of the character at this offset.
fn position(body: &[u8], offset: usize) -> (usize, usize) {
    let before = body.get(..offset).unwrap_or(body);
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = before.split(|byte| *byte == b'\n').count();
    let column =
        String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()).chars().count();
    (line, column + 1)
}

/// What a text that ends too early is missing: the end of a string, or of the objects and arrays still open.
fn missing_end(text: &str) -> String {
    let mut open = Vec::new();
    let (mut in_string, mut escaped) = (false, false);
    for (offset, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' => open.push(("object", '}', offset)),
            b'[' => open.push(("array", ']', offset)),
            b'}' | b']' => {
                open.pop();
            }
            _ => {}
        }
    }
    if in_string {
        return "the body ends inside a string, expected '\"'".into();
    }
    let Some(&(kind, _, offset)) = open.last() else {
        return "the body ends too early, expected a value".into();
    };
    let closing: String = open.iter().rev().map(|(_, close, _)| *close).collect();
    let (line, column) = position(text.as_bytes(), offset);
    format!(
        "the body ends inside the {kind} that opens at line {line}, column {column}, expected '{closing}'"
    )
}

/// A value at this many levels below the top.
#[derive(Clone, Copy)]
struct Depth(usize);

impl Depth {
    fn deeper<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.0 >= JSON_DEPTH_MAX {
            return Err(E::custom(format_args!(
                "arrays and objects may be at most {JSON_DEPTH_MAX} levels deep"
            )));
        }
        Ok(Self(self.0 + 1))
    }
}

impl<'de> DeserializeSeed<'de> for Depth {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Depth {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(deeper)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let deeper = self.deeper()?;
        let mut object = Map::new();
        while let Some(key) = members.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key {key:?} comes twice")));
            }
            let value = members.next_value_seed(deeper)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(body: &[u8]) -> String {
        parse(body).expect_err(&String::from_utf8_lossy(body))
    }

    #[test]
    fn ids_stay_exact() {
        let value = parse(br#"{"id": 9223372036854775807}"#).unwrap();
        assert_eq!(value.to_string(), r#"{"id":9223372036854775807}"#);
    }

    #[test]
    fn a_text_cut_short_is_told_what_is_missing() {
        let founding =
            b"{\n  \"custom_profile\": {\n    \"name\": \"Jon C, Partner Engineer\"\n  }\n";
        assert_eq!(
            refused(founding),
            "Malformed JSON at line 4, column 4: the body ends inside the object that opens at line 1, column 1, expected '}'."
        );
        assert_eq!(
            refused(br#"{"a": [{"b": 1"#),
            "Malformed JSON at line 1, column 15: the body ends inside the object that opens at line 1, column 8, expected '}]}'."
        );
        assert_eq!(
            refused(br#"{"a": "b"#),
            "Malformed JSON at line 1, column 9: the body ends inside a string, expected '\"'."
        );
        assert_eq!(refused(b" \n"), "The body is empty: expected a JSON object.");
    }

    #[test]
    fn what_two_parsers_could_read_differently_is_refused() {
        assert_eq!(
            refused(br#"{"a": 1, "a": 2}"#),
            "Malformed JSON at line 1, column 12: the key \"a\" comes twice."
        );
        assert_eq!(
            refused(br#"{"a": "\ud800"}"#),
            "Malformed JSON at line 1, column 14: unexpected end of hex escape."
        );
        assert_eq!(
            refused(b"{\"a\":\n \"\xFF\"}"),
            "Malformed JSON at line 2, column 3: the bytes are not UTF-8."
        );
        assert_eq!(refused(b"{} {}"), "Malformed JSON at line 1, column 4: trailing characters.");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| ["[".repeat(depth), "]".repeat(depth)].concat();
        assert!(parse(nested(32).as_bytes()).is_ok());
        let bomb = refused(nested(100_000).as_bytes());
        assert!(bomb.ends_with("arrays and objects may be at most 32 levels deep."), "{bomb}");
    }
}

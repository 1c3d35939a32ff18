//! A place in a JSON body that knows its path, so that every error names the place first.

use std::str::FromStr;

use serde_json::Value;

use crate::error::Refusal;

/// A value, or its absence, at a path.
#[derive(Clone, Debug)]
pub(crate) struct Member<'a> {
    path: String,
    value: Option<&'a Value>,
}

impl<'a> Member<'a> {
    /// The whole body.
    pub(crate) fn top(value: &'a Value) -> Self {
        Self { path: String::new(), value: Some(value) }
    }

    /// The member of this object called `name`. Absent in an absent object.
    ///
    /// # Errors
    /// When this is there but is no object.
    pub(crate) fn member(&self, name: &str) -> Result<Self, Refusal> {
        let path = match self.path.as_str() {
            "" => name.to_owned(),
            path => format!("{path}.{name}"),
        };
        let value = match self.value {
            None => None,
            Some(Value::Object(object)) => object.get(name).filter(|value| !value.is_null()),
            Some(other) => return Err(self.expected("an object", other)),
        };
        Ok(Self { path, value })
    }

    /// The text here.
    ///
    /// # Errors
    /// When it is missing or no string.
    pub(crate) fn string(&self) -> Result<&'a str, Refusal> {
        match self.value {
            None => Err(self.missing()),
            Some(Value::String(text)) => Ok(text),
            Some(other) => Err(self.expected("a string", other)),
        }
    }

    /// The id here, written as a string or a number.
    ///
    /// # Errors
    /// When it is missing or no positive decimal number of at most 63 bits.
    pub(crate) fn id<T: FromStr<Err = guise_domain::IdError>>(&self) -> Result<T, Refusal> {
        match self.value {
            None => Err(self.missing()),
            Some(Value::String(text)) => parse_id(&self.path, text),
            Some(Value::Number(number)) => parse_id(&self.path, &number.to_string()),
            Some(other) => Err(self.expected("an id", other)),
        }
    }

    /// That what is here breaks a rule.
    pub(crate) fn refuse(&self, rule: impl std::fmt::Display) -> Refusal {
        Refusal::Invalid(format!("{}: {rule}", self.path))
    }

    fn missing(&self) -> Refusal {
        self.refuse("is required")
    }

    fn expected(&self, what: &str, got: &Value) -> Refusal {
        let got = match got {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        };
        if self.path.is_empty() {
            return Refusal::Invalid(format!("The body must be {what}, got {got}."));
        }
        self.refuse(format_args!("must be {what}, got {got}"))
    }
}

/// Reads an id given at `path`.
///
/// # Errors
/// When it is none; the text is the original's, with the rule behind it.
pub(crate) fn parse_id<T: FromStr<Err = guise_domain::IdError>>(
    path: &str,
    text: &str,
) -> Result<T, Refusal> {
    let shown: String = text.chars().take(40).collect();
    text.parse()
        .map_err(|rule| Refusal::Invalid(format!("{path}: '{shown}' is not a valid Long, {rule}")))
}

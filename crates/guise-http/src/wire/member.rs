//! A place in a JSON body that knows its path, so that every error names the place first.

use std::str::FromStr;

use guise_domain::TextError;
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

    /// This object as if it were the whole body: what is in it is named without the way there.
    ///
    /// # Errors
    /// When it is no object.
    pub(crate) fn as_top(&self) -> Result<Self, Refusal> {
        match self.value {
            Some(value @ Value::Object(_)) => Ok(Self::top(value)),
            Some(other) => Err(self.expected("an object", other)),
            None => Err(self.expected("an object", &Value::Null)),
        }
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

    /// Whether there is nothing here.
    pub(crate) fn is_absent(&self) -> bool {
        self.value.is_none()
    }

    /// The text here, held to the rules of its kind.
    ///
    /// # Errors
    /// When it is missing, no string, or breaks a rule.
    pub(crate) fn text<T>(&self, parse: fn(&str) -> Result<T, TextError>) -> Result<T, Refusal> {
        parse(self.string()?).map_err(|rule| self.refuse(rule))
    }

    /// The same, where nothing may be.
    ///
    /// # Errors
    /// When what is here is no string, or breaks a rule.
    pub(crate) fn text_if_any<T>(
        &self,
        parse: fn(&str) -> Result<T, TextError>,
    ) -> Result<Option<T>, Refusal> {
        if self.is_absent() { Ok(None) } else { self.text(parse).map(Some) }
    }

    /// The one of `words` that is here.
    ///
    /// # Errors
    /// When it is missing or none of them.
    pub(crate) fn one_of(&self, words: &[&'static str]) -> Result<&'static str, Refusal> {
        let text = self.string()?;
        let found = words.iter().copied().find(|word| *word == text);
        found.ok_or_else(|| self.refuse(format_args!("must be {}", words.join(" or "))))
    }

    /// The number here, between `min` and `max`.
    ///
    /// # Errors
    /// When it is missing, no number, or outside.
    pub(crate) fn number(&self, min: f64, max: f64) -> Result<f64, Refusal> {
        match self.value {
            None => Err(self.missing()),
            Some(Value::Number(number)) => number
                .as_f64()
                .filter(|number| (min..=max).contains(number))
                .ok_or_else(|| self.refuse(format_args!("must be {min} to {max}, got {number}"))),
            Some(other) => Err(self.expected("a number", other)),
        }
    }

    /// The items of the array here, `min` to `max` of them, each at a path with its index.
    ///
    /// # Errors
    /// When it is missing, no array, or of another length.
    pub(crate) fn items(&self, min: usize, max: usize) -> Result<Vec<Self>, Refusal> {
        let items = match self.value {
            None => return Err(self.missing()),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(self.expected("an array", other)),
        };
        if !(min..=max).contains(&items.len()) {
            let got = items.len();
            return Err(self.refuse(format_args!("must have {min} to {max} items, got {got}")));
        }
        let item = |(index, value)| Self {
            path: format!("{}[{index}]", self.path),
            value: Some(value).filter(|value: &&Value| !value.is_null()),
        };
        Ok(items.iter().enumerate().map(item).collect())
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

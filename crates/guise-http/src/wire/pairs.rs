//! Names and values of a query or a form (`application/x-www-form-urlencoded`).

use std::str::FromStr;

use guise_domain::IdError;

use super::member::parse_id;
use crate::error::Refusal;

/// Decoded pairs in the order they came. Of a repeated name the first counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes `bytes`.
    pub(crate) fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// These pairs, then `more`.
    pub(crate) fn chain(mut self, more: Self) -> Self {
        self.0.extend(more.0);
        self
    }

    /// Adds a pair.
    pub(crate) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Every pair.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The value called `name`.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Takes the value called `name` out, without copying it.
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// The id called `name`.
    ///
    /// # Errors
    /// When it is missing or no id.
    pub(crate) fn id<T: FromStr<Err = IdError>>(&self, name: &str) -> Result<T, Refusal> {
        match self.get(name) {
            None | Some("") => Err(Refusal::Invalid(format!("{name}: is required"))),
            Some(text) => parse_id(name, text),
        }
    }
}

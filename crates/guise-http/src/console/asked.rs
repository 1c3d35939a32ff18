//! What a form that narrows a list asks for.

use form_urlencoded::Serializer;

use crate::wire::Pairs;

/// What a list's query says, as it was typed. A field that is left empty says nothing.
pub(crate) struct Asked(Pairs);

impl Asked {
    pub(crate) fn read(query: Option<&str>) -> Self {
        let mut said = Pairs::default();
        for (name, value) in Pairs::parse(query.unwrap_or_default().as_bytes()).iter() {
            if !value.trim().is_empty() {
                said.push(name.to_owned(), value.trim().to_owned());
            }
        }
        Self(said)
    }

    /// As the API would have been asked.
    pub(crate) fn said(&self) -> &Pairs {
        &self.0
    }

    /// What stands in a field.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.0.get(name).unwrap_or_default()
    }

    /// Whether it is for less than everything, from its beginning on.
    pub(crate) fn is_narrow(&self) -> bool {
        self.0.iter().next().is_some()
    }

    /// Whether it is for what comes after the first page.
    pub(crate) fn goes_on(&self) -> bool {
        self.0.get("cursor").is_some()
    }

    /// The way to the same at `path`, from `cursor` or from the beginning on.
    pub(crate) fn at(&self, path: &str, cursor: Option<&str>) -> String {
        let said = self.0.iter().filter(|(name, _)| *name != "cursor");
        let said = said.chain(cursor.map(|cursor| ("cursor", cursor)));
        let query = Serializer::new(String::new()).extend_pairs(said).finish();
        format!("{path}?{query}")
    }
}

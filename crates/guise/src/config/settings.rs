//! The four layers: flags over variables over the file over the defaults. Still texts, each with where it came from.

use std::fmt;

use toml::{Table, Value};

use super::keys::{self, Form, Key};
use crate::toml_text;

/// Variables that belong to other parts of the program.
const OTHER_VARIABLES: &[&str] = &[
    "GUISE_CONFIG",
    "GUISE_OPERATOR",
    "GUISE_PROFILE",
    "GUISE_PROFILES",
    "GUISE_URL",
    "GUISE_CA_FILE",
    "GUISE_CONSUMER_KEY",
    "GUISE_CONSUMER_SECRET",
    "GUISE_CONSUMER_SECRET_FILE",
    "GUISE_TOKEN",
    "GUISE_TOKEN_SECRET",
    "GUISE_TOKEN_SECRET_FILE",
];

/// Where a value comes from, weakest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Default,
    /// A file, by name.
    File(String),
    /// An environment variable, by name.
    Variable(String),
    /// A flag, by name.
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) | Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A key's value. Not printable as a whole: it may be a secret.
pub(crate) struct Setting {
    pub(crate) key: Key,
    pub(crate) value: String,
    pub(crate) source: Source,
}

/// A configuration file's name and text.
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) text: &'a str,
}

/// Every key's value, and what was wrong on the way.
pub(super) struct Gathered {
    pub(super) settings: Vec<Setting>,
    pub(super) problems: Vec<String>,
}

impl Gathered {
    /// All keys at their defaults.
    pub(super) fn defaults() -> Self {
        let setting =
            |key: Key| Setting { value: key.default.to_string(), source: Source::Default, key };
        Self { settings: keys::all().into_iter().map(setting).collect(), problems: Vec::new() }
    }

    /// Lays a file over what is there.
    pub(super) fn file(&mut self, file: &File<'_>) {
        match toml_text::table(file.name, file.text) {
            Ok(table) => self.table(file.name, "", table),
            Err(problem) => self.problems.push(problem),
        }
    }

    fn table(&mut self, file: &str, prefix: &str, table: Table) {
        for (key, value) in table {
            let name = format!("{prefix}{key}");
            match value {
                Value::Table(inner) => self.table(file, &format!("{name}."), inner),
                value => match self.settings.iter_mut().find(|setting| setting.key.name == name) {
                    Some(setting) => match text_of(&value, setting.key.form) {
                        Ok(text) => {
                            setting.value = text;
                            setting.source = Source::File(file.to_owned());
                        }
                        Err(wrong) => self.problems.push(format!("{file}: {name} {wrong}")),
                    },
                    None => self.unknown(file, &name),
                },
            }
        }
    }

    fn unknown(&mut self, file: &str, name: &str) {
        let known = self.settings.iter().map(|setting| setting.key.name.as_ref());
        let problem = format!("{file}: there is no key {name}{}", did_you_mean(name, known));
        self.problems.push(problem);
    }

    /// Lays the environment over what is there. A variable that is empty counts as not set.
    pub(super) fn environment(&mut self, variables: &[(String, String)]) {
        for (name, value) in variables.iter().filter(|(_, value)| !value.is_empty()) {
            if !name.starts_with("GUISE_") || is_of_others(name) {
                continue;
            }
            if let Some(setting) =
                self.settings.iter_mut().find(|setting| setting.key.variable() == *name)
            {
                setting.value.clone_from(value);
                setting.source = Source::Variable(name.clone());
            } else {
                let known: Vec<_> = self.settings.iter().map(|s| s.key.variable()).collect();
                let nearest = did_you_mean(name, known.iter().map(String::as_str));
                self.problems.push(format!("there is no variable {name}{nearest}"));
            }
        }
    }

    /// Lays flags over what is there.
    pub(super) fn flags(&mut self, flags: &[(&str, String)]) {
        for (name, value) in flags {
            if let Some(setting) = self.settings.iter_mut().find(|s| s.key.name == *name) {
                setting.value.clone_from(value);
                setting.source = Source::Flag(format!("--{}", name.replace('_', "-")));
            }
        }
    }
}

/// Kubernetes gives every container variables for each service around it, also for one named `guise`.
fn is_of_others(name: &str) -> bool {
    OTHER_VARIABLES.contains(&name)
        || name.starts_with("GUISE_SERVICE_")
        || name == "GUISE_PORT"
        || name.starts_with("GUISE_PORT_")
}

fn text_of(value: &Value, form: Form) -> Result<String, &'static str> {
    match (form, value) {
        (Form::Text | Form::Secret, Value::String(text)) => Ok(text.clone()),
        (Form::Number, Value::Integer(number)) => Ok(number.to_string()),
        (Form::Switch, Value::Boolean(switch)) => Ok(switch.to_string()),
        (Form::List, Value::Array(items)) => {
            let items: Option<Vec<_>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(",")).ok_or("must be a list of texts")
        }
        (Form::Text | Form::Secret, _) => Err("must be a text in quotes"),
        (Form::Number, _) => Err("must be a whole number"),
        (Form::Switch, _) => Err("must be true or false"),
        (Form::List, _) => Err("must be a list of texts"),
    }
}

fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let nearest = known.min_by_key(|known| distance(name, known));
    nearest.map(|nearest| format!("; did you mean {nearest}?")).unwrap_or_default()
}

/// Letters to insert, remove or replace to turn `a` into `b`.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, a) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (slot, b) in row.iter_mut().skip(1).zip(b.chars()) {
            let cost = (diagonal + usize::from(a != b)).min(left + 1).min(*slot + 1);
            diagonal = std::mem::replace(slot, cost);
            left = cost;
        }
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("htpp", "http"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}

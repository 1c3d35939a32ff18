//! The configuration for people: what is effective, an example file, and the reference page.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::Config;
use super::keys::{self, Form, Key};
use super::settings::Setting;

/// Every key's effective value and source, as rows and as JSON. Secrets are not shown.
pub(crate) fn print(config: &Config) -> (Vec<Vec<String>>, Value) {
    let rows = config.settings.iter().map(|setting| {
        vec![setting.key.name.to_string(), shown(setting), setting.source.to_string()]
    });
    let object = |setting: &Setting| {
        json!({
            "key": setting.key.name,
            "value": shown(setting),
            "source": setting.source.to_string(),
        })
    };
    (rows.collect(), config.settings.iter().map(object).collect())
}

fn shown(setting: &Setting) -> String {
    match setting.key.form {
        Form::Secret if !setting.value.is_empty() => "(not shown)".to_owned(),
        _ => setting.value.clone(),
    }
}

/// A configuration file with every key, each at its default and commented out.
pub(crate) fn example() -> String {
    let mut text =
        "# Guise's configuration. What is commented out shows the default or an example.\n\
                    # A variable GUISE_… beats this file, a flag beats both.\n"
            .to_owned();
    let mut section = None;
    for key in keys::all() {
        let (place, name) = key.place();
        if place != section.as_deref() {
            section = place.map(str::to_owned);
            let _ = write!(text, "\n[{}]\n", place.unwrap_or_default());
        }
        let value = if key.default.is_empty() { sample(&key) } else { written(&key) };
        let _ = write!(
            text,
            "\n{}# {name} = {value}\n",
            comment(&format!("{} ({})", key.doc, key.kind))
        );
    }
    text
}

fn written(key: &Key) -> String {
    match key.form {
        Form::Number | Form::Switch => key.default.to_string(),
        _ => format!("\"{}\"", key.default),
    }
}

fn sample(key: &Key) -> String {
    match key.name.as_ref() {
        "public_url" => "[\"https://api.example.com\"]".to_owned(),
        "trusted_proxies" => "[\"10.0.0.0/8\"]".to_owned(),
        "reserved_names" => "[\"Twitter\", \"Official\"]".to_owned(),
        "key" => "\"(32 bytes in base64)\"".to_owned(),
        "tls_cert" => "\"/etc/guise/tls.pem\"".to_owned(),
        "tls_key" => "\"/etc/guise/tls.key\"".to_owned(),
        "store" => "\"postgres://guise@db1,db2/guise\"".to_owned(),
        "blobs" => "\"s3://faces?region=eu-west-1\"".to_owned(),
        _ => "\"/etc/guise/key\"".to_owned(),
    }
}

/// Breaks prose into commented lines of at most 100 columns.
fn comment(prose: &str) -> String {
    let mut lines = String::new();
    let mut line = "#".to_owned();
    for word in prose.split(' ') {
        if line.len() + 1 + word.len() > 100 {
            lines.push_str(&line);
            lines.push('\n');
            "#".clone_into(&mut line);
        }
        line.push(' ');
        line.push_str(word);
    }
    lines + &line + "\n"
}

/// The page `docs/configuration.md`.
#[cfg(test)]
fn reference() -> String {
    let mut page = include_str!("reference.md").to_owned();
    page.push_str("\n| key | value | default | what it does |\n| --- | --- | --- | --- |\n");
    for key in keys::all() {
        let default = match key.default.as_ref() {
            "" => "–".to_owned(),
            default => format!("`{default}`"),
        };
        let _ = writeln!(page, "| `{}` | {} | {default} | {} |", key.name, key.kind, key.doc);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{File, Source};

    #[test]
    fn secrets_are_not_printed() {
        let env = [("GUISE_KEY".to_owned(), "hunter2".to_owned())];
        let config = Config::load(&[], &env, None).unwrap();
        let (rows, json) = print(&config);
        assert!(!format!("{rows:?}{json}").contains("hunter2"));
        assert!(rows.contains(&vec!["key".into(), "(not shown)".into(), "GUISE_KEY".into()]));
    }

    #[test]
    fn the_example_is_a_valid_file_that_changes_nothing_as_it_is() {
        let text = example();
        let config = Config::load(&[], &[], Some(&File { name: "x", text: &text })).unwrap();
        assert!(config.settings.iter().all(|setting| setting.source == Source::Default));
        assert!(text.lines().all(|line| line.len() <= 100), "{text}");
    }

    #[test]
    fn the_example_without_its_comment_signs_sets_every_key() {
        let text: String = example()
            .lines()
            .filter(|line| !line.starts_with("# key = "))
            .map(|line| match line.strip_prefix("# ") {
                Some(setting) if setting.contains(" = ") => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let config = Config::load(&[], &[], Some(&File { name: "x", text: &text })).unwrap();
        let unset = config.settings.iter().filter(|setting| setting.source == Source::Default);
        assert_eq!(unset.map(|setting| setting.key.name.as_ref()).collect::<Vec<_>>(), ["key"]);
    }

    #[test]
    fn the_reference_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::create_dir_all(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs")).unwrap();
            std::fs::write(path, reference()).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(kept, reference(), "run the tests with UPDATE=1 to print the page again");
    }
}

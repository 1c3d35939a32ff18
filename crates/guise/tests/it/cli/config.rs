//! `guise config check` says no to what `guise serve` says no to, in the same words.

use std::path::Path;

use serde_json::{Value, json};
use tempfile::tempdir;

use super::{refusal, text};
use crate::support::guise_with;

/// What `config check` complains about with these variables, having seen `serve` refuse in the same words.
fn problems(folder: &Path, variables: &[(&str, &str)]) -> Vec<String> {
    let data = folder.join("data");
    let checked = guise_with(&data, variables, &["--json", "config", "check"]);
    assert_eq!(checked.status.code(), Some(1));
    let checked: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(checked["valid"], false);
    let problems = checked["problems"].as_array().unwrap();
    let problems: Vec<_> =
        problems.iter().map(|problem| problem.as_str().unwrap().to_owned()).collect();
    let told = format!("guise: the configuration is not valid\n  {}\n", problems.join("\n  "));
    for command in [["config", "check"].as_slice(), &["serve"]] {
        assert_eq!(refusal(&guise_with(&data, variables, command)), told);
    }
    assert!(!data.exists(), "nothing was made");
    problems
}

#[test]
fn a_server_that_nobody_reaches_or_everybody_is_found_out() {
    let folder = tempdir().unwrap();
    assert_eq!(
        problems(folder.path(), &[("GUISE_HTTP", "off")]),
        ["http and tls are both off: turn one on"]
    );
    let open = [("GUISE_HTTP", "0.0.0.0:0")];
    let told = problems(folder.path(), &open);
    assert!(told.len() == 1 && told[0].contains("can be reached from other machines"), "{told:?}");
    let anyway = ["config", "check", "--yes-listen-publicly"];
    assert_eq!(text(&guise_with(folder.path(), &open, &anyway)), "The configuration is valid.\n");
}

#[test]
fn a_key_that_is_none_and_a_key_file_that_is_gone_are_found_out() {
    let folder = tempdir().unwrap();
    assert_eq!(
        problems(folder.path(), &[("GUISE_KEY", "abc")]),
        ["`key` is not a key: a key is 32 bytes in base64; `openssl rand -base64 32` makes one"]
    );
    let told = problems(folder.path(), &[("GUISE_KEY_FILE", "/absent/key")]);
    assert_eq!(
        told,
        ["the key /absent/key cannot be read: No such file or directory (os error 2)"]
    );
}

#[test]
fn a_certificate_that_cannot_be_used_is_found_out() {
    let folder = tempdir().unwrap();
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    let (chain, key) = (chain.to_str().unwrap(), key.to_str().unwrap());
    let variables =
        [("GUISE_TLS", "127.0.0.1:0"), ("GUISE_TLS_CERT", chain), ("GUISE_TLS_KEY", key)];
    let told = problems(folder.path(), &variables);
    assert_eq!(told, [format!("{chain} cannot be read: No such file or directory (os error 2)")]);
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (certificate, its_key) = (made.cert.pem(), made.signing_key.serialize_pem());
    std::fs::write(chain, &certificate).unwrap();
    let told = problems(folder.path(), &variables);
    assert_eq!(told, [format!("{key} cannot be read: No such file or directory (os error 2)")]);
    std::fs::write(key, &certificate).unwrap();
    let told = problems(folder.path(), &variables);
    assert!(
        told[0].starts_with(&format!("{chain} and {key} cannot be used for TLS: ")),
        "{told:?}"
    );
    std::fs::write(key, its_key).unwrap();
    text(&guise_with(folder.path(), &variables, &["config", "check"]));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let folder = tempdir().unwrap();
    let variables = [("GUISE_HTTP", "0.0.0.0:0"), ("GUISE_KEY", "abc")];
    assert_eq!(problems(folder.path(), &variables).len(), 2);
}

#[test]
fn a_sound_configuration_is_valid_and_checking_it_makes_nothing() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let checked = text(&guise_with(&data, &[], &["--json", "config", "check"]));
    let checked: Value = serde_json::from_str(&checked).unwrap();
    assert_eq!(checked, json!({"valid": true, "problems": []}));
    assert!(!data.exists(), "nothing was made");
}

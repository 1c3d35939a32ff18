//! Precedence, unknown keys, and what wrong values are told.

use std::path::Path;

use guise_domain::rate::{Endpoint, Rule};
use secrecy::ExposeSecret;

use super::*;

fn load(flags: &[(&str, &str)], env: &[(&str, &str)], toml: &str) -> Result<Config, Problems> {
    let flags: Vec<_> = flags.iter().map(|(key, value)| (*key, (*value).to_owned())).collect();
    let env: Vec<_> =
        env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Config::load(&flags, &env, Some(&File { name: "guise.toml", text: toml }))
}

fn problems(flags: &[(&str, &str)], env: &[(&str, &str)], toml: &str) -> Vec<String> {
    load(flags, env, toml).err().expect("a problem").0
}

#[test]
fn nothing_needs_to_be_configured() {
    let config = Config::load(&[], &[], None).unwrap();
    assert_eq!(config.data, PathBuf::from("./guise-data"));
    assert_eq!(config.http.unwrap().to_string(), "127.0.0.1:8080");
    assert_eq!(config.tls.unwrap().to_string(), "127.0.0.1:8443");
    assert_eq!(config.clock_skew_seconds, 900);
    assert_eq!(config.rules, Rules::default());
    assert!(config.public_urls.is_empty() && config.certificate.is_none() && !config.avatar_type);
    assert!(matches!(config.key, KeyFrom::DataFolder));
}

#[test]
fn flags_win_over_variables_over_the_file_over_defaults() {
    let toml = "http = '127.0.0.1:1'\ntls = '127.0.0.1:2'\nnode = 3\n[compat]\navatar_type = true";
    let env = [("GUISE_HTTP", "127.0.0.1:4"), ("GUISE_TLS", "127.0.0.1:5"), ("GUISE_NODE", "")];
    let config = load(&[("http", "127.0.0.1:6")], &env, toml).unwrap();
    assert_eq!(config.http.unwrap().port(), 6);
    assert_eq!(config.tls.unwrap().port(), 5);
    assert_eq!(config.node, 3);
    assert!(config.avatar_type);
    assert_eq!(config.source("http").to_string(), "--http");
    assert_eq!(config.source("tls").to_string(), "GUISE_TLS");
    assert_eq!(config.source("node").to_string(), "guise.toml");
    assert_eq!(config.source("log").to_string(), "default");
}

#[test]
fn an_unknown_key_names_the_nearest_one() {
    assert_eq!(
        problems(&[], &[], "htpp = 'x'\n[limits]\n'/custom_profiles/neu' = '1/1h'"),
        [
            "guise.toml: there is no key htpp; did you mean http?",
            "guise.toml: there is no key limits./custom_profiles/neu; did you mean \
             limits./custom_profiles/new?",
        ]
    );
    assert_eq!(
        problems(&[], &[("GUISE_COMPAT_AVATAR", "1")], ""),
        ["there is no variable GUISE_COMPAT_AVATAR; did you mean GUISE_COMPAT_AVATAR_TYPE?"]
    );
}

#[test]
fn variables_of_others_are_left_alone() {
    let env = [("PATH", "/bin"), ("GUISE_PORT_80_TCP", "x"), ("GUISE_TOKEN", "x")];
    assert!(load(&[], &env, "").is_ok());
}

#[test]
fn a_wrong_value_is_told_with_its_place() {
    assert_eq!(
        problems(&[("http", "8080")], &[("GUISE_NODE", "1023")], "clock_skew_seconds = '900'"),
        [
            "guise.toml: clock_skew_seconds must be a whole number",
            "--http: http = \"8080\" is not an address and a port, such as 127.0.0.1:8080, nor off",
            "GUISE_NODE: node = \"1023\" is not a whole number from 0 to 1022",
        ]
    );
    assert!(problems(&[], &[], "http = [")[0].starts_with("guise.toml line 1: "));
    assert_eq!(
        problems(&[], &[], "tls_cert = 'a.pem'"),
        ["tls_cert and tls_key need each other: give both"]
    );
}

#[test]
fn every_key_but_paths_refuses_nonsense() {
    for key in keys::all().iter().filter(|key| !matches!(key.kind, "folder" | "file")) {
        let variable = key.variable();
        let told = load(&[], &[(&variable, "?=?")], "");
        // Whether a key is base64 shows when it is used: its text must not get into a message here.
        assert_eq!(told.is_err(), key.form != keys::Form::Secret, "{variable}");
    }
}

#[test]
fn limits_are_set_by_file_and_variable() {
    let config = load(
        &[],
        &[("GUISE_LIMITS_MEDIA_UPLOAD", "7/1m")],
        "[limits]\n'/custom_profiles/new' = '5/24h'\n'/media/upload' = '6/1h'",
    )
    .unwrap();
    let rule = |limit, window_seconds| Rule { limit, window_seconds };
    assert_eq!(config.rules.rule(Endpoint::CustomProfilesNew), rule(5, 86_400));
    assert_eq!(config.rules.rule(Endpoint::MediaUpload), rule(7, 60));
    assert_eq!(config.rules.rule(Endpoint::CustomProfilesShow), rule(180, 900));
}

#[test]
fn the_stronger_of_key_and_key_file_wins() {
    let config = load(&[("key_file", "/k")], &[("GUISE_KEY", "inline")], "").unwrap();
    assert!(matches!(config.key, KeyFrom::File(path) if path == Path::new("/k")));
    let config = load(&[], &[("GUISE_KEY", "inline")], "key_file = '/k'").unwrap();
    assert!(matches!(config.key, KeyFrom::Value(key) if key.expose_secret() == "inline"));
    let both = problems(&[], &[], "key = 'a'\nkey_file = '/k'");
    assert_eq!(both, ["key and key_file are both given: keep one"]);
}

//! The program as it is typed.

mod audit;
mod bucket;
mod call;
mod callbacks;
mod config;
mod database;
mod dm;
mod explain;
mod folder;
mod migrate;
mod names;
mod operators;
mod profile;
mod quickstart;
mod sign_in;
mod team;

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;
use tempfile::{TempDir, tempdir};

use crate::support::{Process, guise, guise_with};

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_str(&text(output)).unwrap()
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// An account with an app and a token, saved as the profile `default`.
fn settle(data: &Path) {
    settle_with(data, &[]);
}

/// The same with these variables.
fn settle_with(data: &Path, variables: &[(&str, &str)]) {
    let guise = |arguments: &[&str]| guise_with(data, variables, arguments);
    text(&guise(&["account", "add", "shop"]));
    let app = json(&guise(&["--json", "app", "add", "Desk", "--account", "shop"]));
    let app = app["id"].as_str().unwrap();
    let token = ["token", "add", "--account", "shop", "--app", app, "--save", "default"];
    text(&guise(&token));
}

/// A running server, and the credentials of [`settle`] for it.
struct Served {
    server: Process,
    folder: TempDir,
    data: PathBuf,
}

impl Served {
    fn new() -> Self {
        let folder = tempdir().unwrap();
        let data = folder.path().join("data");
        settle(&data);
        Self { server: Process::start(&data, &[], 1), folder, data }
    }

    fn url(&self) -> (&'static str, &str) {
        ("GUISE_URL", self.server.urls[0].as_str())
    }

    /// Runs a command that talks to the server.
    fn run(&self, arguments: &[&str]) -> Output {
        self.with(&[], arguments)
    }

    /// The same in an environment with these variables.
    fn with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
        guise_with(&self.data, &[&[self.url()], variables].concat(), arguments)
    }
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn accounts_apps_and_tokens_are_made_listed_and_revoked() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    assert_eq!((mode(&data), mode(&data.join("key"))), (0o700, 0o600));
    assert_eq!(mode(&data.join("profiles.toml")), 0o600);
    let list = |what: &str| json(&guise(&data, &["--json", what, "list"]));
    let (app, token) = (list("app"), list("token"));
    assert_eq!(list("account")[0]["name"], "shop");
    assert_eq!(app[0]["name"], "Desk");
    assert_eq!(token[0]["access"], "read-write-directmessages");
    let told = refusal(&guise(&data, &["account", "add", "SHOP"]));
    assert_eq!(told, "guise: no account was made for SHOP: this name is taken\n");
    text(&guise(&data, &["token", "revoke", token[0]["token"].as_str().unwrap()]));
    text(&guise(&data, &["app", "revoke", app[0]["id"].as_str().unwrap()]));
    text(&guise(&data, &["account", "close", "shop"]));
    assert_eq!(list("token")[0]["revoked"], true);
    assert_eq!(list("app")[0]["revoked"], true);
    assert_eq!(list("account")[0]["closed"], true);
}

#[test]
fn profiles_are_made_shown_and_removed_on_a_running_server() {
    let served = Served::new();
    let run = |arguments: &[&str]| served.run(arguments);
    let avatar = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");
    let added = json(&run(&["--json", "profile", "add", "--name", "Zoë", "--avatar", avatar]));
    let chunked = ["--json", "profile", "add", "--name", "Bo", "--avatar", avatar, "--chunked"];
    json(&run(&chunked));
    let id = added["id"].as_str().unwrap();
    assert_eq!(added["name"], "Zoë");
    let shown = json(&run(&["--json", "profile", "show", id]));
    assert_eq!((&shown["id"], &shown["name"]), (&added["id"], &added["name"]));
    assert_eq!(shown["avatar"]["media"]["url"], added["avatar"]["url"]);
    assert_eq!(json(&run(&["--json", "profile", "list"])).as_array().unwrap().len(), 2);
    let called = json(&run(&["--json", "call", "/1.1/custom_profiles/list.json?count=1"]));
    assert_eq!(
        (called["status"].as_u64(), called["rate_limit"]["limit"].as_u64()),
        (Some(200), Some(180))
    );
    text(&run(&["profile", "remove", id]));
    let told = refusal(&run(&["profile", "show", id]));
    let message = "the server answered 404 Not Found (code 34): Sorry, that page does not exist.";
    assert_eq!(told, format!("guise: {message}\n"));
    assert_eq!(run(&["call", "/1.1/nothing.json"]).status.code(), Some(1));
    assert!(served.server.terminate().success(), "a server that was told to stop exits 0");
}

#[test]
fn a_running_server_notices_a_revoked_token() {
    let served = Served::new();
    let (data, list) = (&served.data, || served.run(&["profile", "list"]));
    text(&list());
    let tokens = json(&guise(data, &["--json", "token", "list"]));
    text(&guise(data, &["token", "revoke", tokens[0]["token"].as_str().unwrap()]));
    assert!(refusal(&list()).contains("(code 89): Invalid or expired token."));
}

#[test]
fn a_server_that_stops_leaves_behind_when_apps_and_tokens_were_last_used() {
    let served = Served::new();
    let list = |what: &str| json(&guise(&served.data, &["--json", what, "list"]));
    let kept = |what: &str| list(what)[0]["last_used_timestamp"].clone();
    for what in ["app", "token"] {
        assert_eq!(kept(what), Value::Null);
        let table = text(&guise(&served.data, &[what, "list"]));
        assert!(table.contains("LAST USED") && table.contains("never"), "{table}");
    }
    text(&served.run(&["call", "/1.1/account/verify_credentials.json"]));
    let Served { server, data, folder: _folder, .. } = served;
    assert!(server.terminate().success());
    let list = |what: &str| json(&guise(&data, &["--json", what, "list"]));
    let at = list("token")[0]["last_used_timestamp"].clone();
    let made = list("token")[0]["created_timestamp"].as_str().unwrap().parse::<i64>().unwrap();
    assert!(at.as_str().unwrap().parse::<i64>().unwrap() >= made, "{at}");
    assert_eq!(list("app")[0]["last_used_timestamp"], at);
    assert!(!text(&guise(&data, &["token", "list"])).contains("never"));
}

#[test]
fn quickstart_does_the_main_job_over_http_and_over_tls_and_again() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let over_tls = [("GUISE_HTTP", "off"), ("GUISE_TLS", "127.0.0.1:0")];
    for variables in [&[][..], &over_tls[..], &[][..]] {
        let shown = json(&guise_with(&data, variables, &["--json", "quickstart", "--exit"]));
        let steps = shown["steps"].as_array().unwrap();
        let seen: Vec<_> = steps
            .iter()
            .map(|step| (step["status"].as_u64().unwrap(), step["content_type"].as_str().unwrap()))
            .collect();
        let api = (200, "application/json;charset=utf-8");
        assert_eq!(seen, [api, api, api, (200, "image/jpeg"), api, api, api]);
        let written = &steps[4]["body"]["event"];
        assert_eq!(steps[5]["body"]["events"], serde_json::json!([written]));
        assert_eq!(steps[6]["body"], steps[1]["body"], "the recipient reads the profile");
        assert_eq!(steps[1]["body"]["custom_profile"]["name"], "Jon C, Partner Engineer");
    }
    let told = text(&guise(&data, &["quickstart", "--exit"]));
    assert!(told.contains("profile list") && !told.contains("\x1b["), "{told}");
    assert_eq!(json(&guise(&data, &["--json", "account", "list"])).as_array().unwrap().len(), 2);
}

#[test]
fn two_servers_do_not_share_a_data_folder() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let _server = Process::start(&data, &[], 1);
    let told = refusal(&guise(&data, &["serve"]));
    assert!(told.starts_with("guise: another server runs on "), "{told}");
}

#[test]
fn development_settings_stay_on_this_machine() {
    let folder = tempdir().unwrap();
    let told = refusal(&guise(&folder.path().join("data"), &["serve", "--http", "0.0.0.0:0"]));
    assert!(told.contains("can be reached from other machines"), "{told}");
    assert!(told.contains("public_url") && told.contains("--yes-listen-publicly"), "{told}");
    assert!(!folder.path().join("data").exists(), "nothing was made");
}

#[test]
fn a_wrong_configuration_is_told_with_all_that_is_wrong() {
    let folder = tempdir().unwrap();
    let file = folder.path().join("guise.toml");
    std::fs::write(&file, "htp = \"127.0.0.1:1\"\nnode = 5000\n").unwrap();
    let file = file.to_str().unwrap();
    let told = refusal(&guise(folder.path(), &["--config", file, "config", "check"]));
    assert!(told.contains("htp") && told.contains("http") && told.contains("node"), "{told}");
    let example = text(&guise(folder.path(), &["config", "example"]));
    std::fs::write(file, example).unwrap();
    text(&guise(folder.path(), &["--config", file, "config", "check"]));
    assert!(text(&guise(folder.path(), &["config", "print"])).contains("GUISE_HTTP"));
}

#[test]
fn shells_are_taught_to_complete() {
    let folder = tempdir().unwrap();
    for shell in ["bash", "zsh", "fish"] {
        assert!(text(&guise(folder.path(), &["completions", shell])).contains("quickstart"));
    }
}

//! `guise account show`, `set`, `reserve` and `unreserve`, and what they are for.

use std::process::Output;

use serde_json::json;
use tempfile::tempdir;

use super::{Served, json, refusal, settle, text};
use crate::support::{Process, guise, guise_with};

const JON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");

fn warned(output: &Output) -> String {
    assert!(output.status.success());
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn an_account_says_how_its_profiles_may_be_named_while_the_server_runs() {
    let served = Served::new();
    let run = |arguments: &[&str]| served.run(arguments);
    let add = |name: &str, more: &[&str]| {
        run(&[&["--json", "profile", "add", "--name", name, "--avatar", JON], more].concat())
    };
    json(&add("The CEO", &[]));
    let shown = json(&run(&["--json", "account", "reserve", "shop", "CEO", "Customer Care"]));
    assert_eq!(
        shown,
        json!({"id": shown["id"], "name": "shop", "custom_profiles": true, "closed": false,
            "kind_required": false, "own_name_reserved": false,
            "reserved_names": ["CEO", "Customer Care"]})
    );
    let told = refusal(&add("customer-care Zoë", &[]));
    assert!(told.contains("(code 214): name: contains the reserved word \"Customer Care\""));
    let told = refusal(&run(&["account", "unreserve", "shop", "COO"]));
    assert!(told.starts_with("guise: shop reserves none of these; "), "{told}");
    text(&run(&["account", "unreserve", "shop", "customer care"]));
    json(&add("customer-care Zoë", &[]));

    let both = ["--kind-required", "on", "--own-name-reserved", "on"];
    let told = text(&run(&[&["account", "set", "shop"], &both[..]].concat()));
    assert!(told.contains("kind required      on\n  own name reserved  on\n"), "{told}");
    assert_eq!(
        refusal(&run(&["account", "set", "shop"])),
        "guise: say what to set: --kind-required or --own-name-reserved\n"
    );
    let told = refusal(&add("Zoë", &[]));
    assert!(told.contains("kind: is required by this account: human, bot or ai"), "{told}");
    assert!(refusal(&add("Shop", &["--kind", "bot"])).contains("reserved word \"shop\""));
    let more = ["--kind", "ai", "--external-id", "crm:7", "--tag", "a", "--tag", "b"];
    let added = json(&add("Zoë", &more));
    let known = (&added["kind"], &added["external_id"], &added["tags"]);
    assert_eq!(known, (&json!("ai"), &json!("crm:7"), &json!(["a", "b"])));
    let told = refusal(&add("the ceо", &["--kind", "human"]));
    assert!(told.contains("reserved word \"CEO\""), "{told}");
}

#[test]
fn a_name_that_looks_like_another_is_told_beside_the_answer() {
    let served = Served::new();
    let run = |arguments: &[&str]| served.run(arguments);
    let add = |name: &str| run(&["--json", "profile", "add", "--name", name]);
    let (first, second) = (json(&add("Zoë")), json(&add("Ann")));
    assert!(first["avatar"]["url"].as_str().unwrap().ends_with("-Z.png"), "{first}");
    let (first, second) = (first["id"].as_str().unwrap(), second["id"].as_str().unwrap());
    let like = format!("warning: name: looks like that of profile {first}\n");
    assert_eq!(warned(&add("ZOE")), like);
    assert_eq!(warned(&add("Nobody")), "");
    let told = warned(&run(&["profile", "edit", second, "--name", "zoé"]));
    assert!(told.starts_with(&like), "{told}");
    let told = warned(&run(&["--json", "account", "add", "zoe"]));
    assert_eq!(told, "warning: the name looks like that of a profile of another account\n");
    let told = warned(&run(&["account", "add", "sh0p"]));
    assert_eq!(told, "warning: the name looks like that of @shop\n");
}

#[test]
fn words_of_the_server_are_in_no_name() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    let reserved = ("GUISE_RESERVED_NAMES", "Twitter, Official Help");
    let told = refusal(&guise_with(&data, &[reserved], &["account", "add", "tw1tter_news"]));
    let rule = "it contains the reserved word \"Twitter\"";
    assert_eq!(told, format!("guise: no account was made for tw1tter_news: {rule}\n"));
    text(&guise_with(&data, &[reserved], &["account", "add", "twitterati"]));
    let server = Process::start(&data, &[reserved], 1);
    let add = ["profile", "add", "--name", "official-help Jon", "--avatar", JON];
    let told = refusal(&guise_with(&data, &[("GUISE_URL", &server.urls[0])], &add));
    assert!(told.ends_with("name: contains the reserved word \"Official Help\"\n"), "{told}");
    let wrong = [("GUISE_RESERVED_NAMES", "Twitter,★")];
    let told = refusal(&guise_with(&data, &wrong, &["config", "check"]));
    assert!(told.contains("has a word that must contain a letter or a digit (★)"), "{told}");
    assert_eq!(guise(&data, &["account", "reserve", "shop", "★"]).status.code(), Some(2));
}

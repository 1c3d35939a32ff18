//! `guise dm`: two accounts write to each other from the command line.

use serde_json::Value;

use super::{Served, json, refusal, text};
use crate::support::{Following, Process, guise};

const JON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");

/// A server with Ann's credentials too, as the profile `ann`.
fn served() -> Served {
    let served = Served::new();
    text(&guise(&served.data, &["account", "add", "ann"]));
    let app = json(&guise(&served.data, &["--json", "app", "list"]));
    let app = app[0]["id"].as_str().unwrap();
    let token = ["token", "add", "--account", "ann", "--app", app, "--save", "ann"];
    text(&guise(&served.data, &token));
    served
}

impl Served {
    fn profile(&self, name: &str) -> String {
        let added = ["--json", "profile", "add", "--name", name, "--avatar", JON];
        json(&self.run(&added))["id"].as_str().unwrap().to_owned()
    }

    fn box_of(&self, profile: &str) -> Vec<Value> {
        let listed = json(&self.run(&["--json", "--profile", profile, "dm", "list"]));
        listed.as_array().unwrap().clone()
    }
}

#[test]
fn a_message_is_sent_under_a_profile_and_listed_by_its_name() {
    let served = served();
    let id = served.profile("Zoë");
    let told = text(&served.run(&["dm", "send", "--to", "@ann", "--as", "Zoë", "Hello,\nAnn"]));
    assert!(told.starts_with("Sent to @ann as message "), "{told}");
    let told = text(&served.run(&["--profile", "ann", "dm", "list"]));
    let heading: Vec<_> = told.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading, ["WHEN", "FROM", "TO", "TEXT"]);
    let row = told.lines().nth(1).unwrap();
    let words: Vec<_> = row.split_whitespace().skip(2).collect();
    assert_eq!(words, ["Zoë", "via", "@shop", "@ann", "Hello,", "Ann"]);
    text(&served.run(&["dm", "send", "--to", "ann", "--as", &id, "--media", JON]));
    let messages = served.box_of("ann");
    let newest = &messages[0]["event"]["message_create"];
    assert_eq!(newest["custom_profile_id"], id.as_str());
    assert_eq!(newest["message_data"]["attachment"]["media"]["type"], "photo");
    assert!(text(&served.run(&["dm", "list", "--count", "1"])).contains("[picture]"));
}

#[test]
fn what_cannot_be_sent_is_told_and_nothing_is_sent() {
    let served = served();
    let first = served.profile("Twice");
    let second = served.profile("Twice");
    let told = |arguments: &[&str]| refusal(&served.run(&[&["dm", "send"], arguments].concat()));
    let twice = told(&["--to", "ann", "--as", "Twice", "Hello"]);
    let ids = format!("2 profiles are called Twice; name one by its id: {second}, {first}");
    assert_eq!(twice, format!("guise: {ids}\n"));
    assert_eq!(
        told(&["--to", "ann", "--as", "Nobody", "Hello"]),
        "guise: there is no profile Nobody; `guise profile list` shows those there are\n"
    );
    let nobody = "guise: there is no account nobody on this server\n";
    assert_eq!(told(&["--to", "nobody", "Hello"]), nobody);
    let long = told(&["--to", "ann", &"x".repeat(10_001)]);
    assert!(long.contains("(code 354)"), "{long}");
    assert_eq!(served.run(&["dm", "send", "--to", "ann"]).status.code(), Some(2));
    assert!(served.box_of("ann").is_empty());
    assert_eq!(text(&served.run(&["dm", "list"])), "There are no messages.\n");
}

#[test]
fn a_box_is_followed_with_the_names_of_those_who_write() {
    let served = served();
    served.profile("Zoë");
    let watch = ["--profile", "ann", "dm", "watch"];
    let following = Following::start(&served.data, &[served.url()], &watch);
    assert_eq!(following.note(), "Watching; Ctrl-C ends it.");
    text(&served.run(&["dm", "send", "--to", "ann", "--as", "Zoë", "Hello\u{1b}[2J"]));
    let heading = following.line();
    assert!(heading.starts_with("Zoë via @shop  → @ann  20"), "{heading}");
    assert_eq!(following.line(), "Hello [2J", "nobody writes to another's terminal");
    text(&served.run(&["dm", "send", "--to", "ann", "as myself"]));
    assert!(following.line().starts_with("@shop  → @ann  20"));
    assert_eq!(following.line(), "as myself");
}

#[test]
fn credentials_that_are_refused_end_the_following() {
    let served = served();
    let tokens = json(&guise(&served.data, &["--json", "token", "list", "--account", "ann"]));
    text(&guise(&served.data, &["token", "revoke", tokens[0]["token"].as_str().unwrap()]));
    let told = refusal(&served.run(&["--profile", "ann", "dm", "watch"]));
    assert!(told.contains("(code 89): Invalid or expired token."), "{told}");
}

#[test]
fn following_goes_on_after_the_server_was_away() {
    let mut served = served();
    let address = served.server.urls[0].strip_prefix("http://").unwrap().to_owned();
    let watch = ["--profile", "ann", "dm", "watch"];
    let following = Following::start(&served.data, &[served.url()], &watch);
    assert_eq!(following.note(), "Watching; Ctrl-C ends it.");
    served.server.kill();
    assert!(following.note().starts_with("The connection ended; trying again in"));
    served.server = Process::start(&served.data, &[("GUISE_HTTP", &address)], 1);
    text(&served.run(&["dm", "send", "--to", "ann", "first"]));
    text(&served.run(&["dm", "send", "--to", "ann", "second"]));
    for text in ["first", "second"] {
        assert!(following.line().starts_with("@shop  → @ann  20"));
        assert_eq!(following.line(), text, "once, and in order");
    }
}

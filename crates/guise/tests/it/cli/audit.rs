//! `guise audit`, and the operators it names.

use serde_json::Value;
use tempfile::tempdir;

use super::{json, refusal, settle, text};
use crate::support::{Process, guise, guise_with};

const JON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");

#[test]
fn the_log_is_listed_and_exported_with_who_did_what() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    let app = json(&guise(&data, &["--json", "app", "list"]));
    let app = app[0]["id"].as_str().unwrap();
    let token = ["token", "add", "--account", "shop", "--app", app, "--operator", "night desk"];
    text(&guise(&data, &[&token[..], &["--save", "night"]].concat()));
    let tokens = json(&guise(&data, &["--json", "token", "list"]));
    assert_eq!(
        (&tokens[0]["operator"], &tokens[1]["operator"]),
        (&Value::Null, &"night desk".into())
    );
    let server = Process::start(&data, &[], 1);
    let url = server.urls[0].clone();
    let run = |arguments: &[&str]| guise_with(&data, &[("GUISE_URL", &url)], arguments);
    let add = ["profile", "add", "--avatar", JON, "--name"];
    for number in 0..60 {
        text(&run(&[&["--profile", "night"], &add[..], &[&format!("n{number}")]].concat()));
    }
    text(&run(&[&add[..], &["Day"]].concat()));
    let listed = text(&run(&["audit", "list", "--operator", "night desk", "--count", "55"]));
    assert_eq!(listed.lines().count(), 56);
    let row: Vec<_> = listed.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(
        (row[1], row[3], row[4], &row[5..]),
        ("profile.created", "1", app, &["night", "desk"][..])
    );

    let file = folder.path().join("log.jsonl");
    let file = file.to_str().unwrap();
    let told = text(&run(&["audit", "export", file]));
    assert_eq!(told, format!("Wrote 65 lines to {file}.\n"));
    let exported = std::fs::read_to_string(file).unwrap();
    let lines: Vec<Value> =
        exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines.len(), &lines[0]["operator"]), (65, &Value::Null));
    let oldest: Vec<_> = lines[61..].iter().map(|line| &line["action"]).collect();
    assert_eq!(oldest, ["token.created", "token.created", "app.created", "account.created"]);
    assert!(lines.iter().all(|line| line["app_id"].is_null() == oldest.contains(&&line["action"])));
    assert_eq!(
        refusal(&run(&["audit", "export", file])),
        format!("guise: {file} is there already\n")
    );
}

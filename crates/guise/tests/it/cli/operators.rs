//! Who is at work: `--by`, apps that are trusted to say so, and the log of what the command line does.

use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{json, refusal, settle, text};
use crate::support::{Process, guise, guise_with};

/// What the command line did, the oldest first: whose log it is in, what, and who is said to have done it.
fn done(data: &Path) -> Vec<(String, String, Option<String>)> {
    let db = Connection::open(data.join("guise.db")).unwrap();
    let sql = "SELECT name, action, operator FROM log JOIN accounts ON accounts.id = account
        WHERE app IS NULL ORDER BY log.id";
    let mut lines = db.prepare(sql).unwrap();
    let lines = lines.query_map((), |row| row.try_into()).unwrap();
    lines.map(Result::unwrap).collect()
}

#[test]
fn every_change_by_the_command_line_is_one_line_and_says_who_did_it() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |line: &str| guise(&data, &line.split(' ').collect::<Vec<_>>());
    text(&run("--by boss account add shop"));
    text(&run("account add ann"));
    let app = json(&run("--json app add Desk --account shop --by boss"));
    let app = app["id"].as_str().unwrap();
    let grant = format!("--json token add --account ann --app {app} --operator night --by boss");
    let token = json(&run(&grant));
    let token = token["token"].as_str().unwrap();
    for line in [
        "--by boss account deny shop",
        "--by boss account allow shop",
        &format!("--by boss app trust {app}"),
        &format!("--by boss app distrust {app}"),
        &format!("--by boss token change {token} --access read"),
        &format!("--by boss token revoke {token}"),
        &format!("--by boss app revoke {app}"),
        "--by boss account close ann",
    ] {
        text(&run(line));
        text(&run(line));
    }
    for line in
        ["account add SHOP", "app add Desk --account ann", "account close bob", "app trust 1"]
    {
        refusal(&run(line));
    }
    refusal(&run("token revoke 1-a"));
    refusal(&run("token change 1-a --access dm"));
    refusal(&run(&format!("token add --account shop --app {app}")));
    let by = |account: &str, action: &str, operator: Option<&str>| {
        (account.to_owned(), action.to_owned(), operator.map(str::to_owned))
    };
    let expected = [
        by("shop", "account.created", Some("boss")),
        by("ann", "account.created", None),
        by("shop", "app.created", Some("boss")),
        by("ann", "token.created", Some("boss")),
        by("shop", "profiles.denied", Some("boss")),
        by("shop", "profiles.allowed", Some("boss")),
        by("shop", "app.trusted", Some("boss")),
        by("shop", "app.distrusted", Some("boss")),
        by("ann", "token.changed", Some("boss")),
        by("ann", "token.revoked", Some("boss")),
        by("shop", "app.revoked", Some("boss")),
        by("ann", "account.closed", Some("boss")),
    ];
    assert_eq!(done(&data), expected);
    let tokens = json(&run("--json token list"));
    assert_eq!(tokens[0]["operator"], "night", "who works with it, not who made it");
    assert_eq!(tokens[0]["access"], "read");
}

#[test]
fn a_trusted_app_tells_the_server_who_is_at_work() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    let app = json(&guise(&data, &["--json", "app", "list"]))[0]["id"].as_str().unwrap().to_owned();
    let server = Process::start(&data, &[], 1);
    let url = server.urls[0].clone();
    let with = |operator: &str, arguments: &[&str]| {
        guise_with(&data, &[("GUISE_URL", &url), ("GUISE_OPERATOR", operator)], arguments)
    };
    let close = ["call", "/1.1/account/settings.json", "-d", "allow_dms_from=following"];
    let open = ["call", "/1.1/account/settings.json", "-d", "allow_dms_from=all"];
    let by = |label, arguments: &[&str]| with("", &[&["--by", label], arguments].concat());
    let told = refusal(&by("night desk", &["profile", "list"]));
    let message = "the server answered 403 Forbidden (code 87): This app is not trusted to name \
                   operators (oauth_operator).";
    assert_eq!(told, format!("guise: {message}\n"));
    let told = text(&guise(&data, &["app", "trust", &app]));
    assert_eq!(told, format!("App {app} may name the operator of each request.\n"));
    let apps = json(&guise(&data, &["--json", "app", "list"]));
    assert_eq!(apps[0]["names_operators"], true);
    assert!(text(&guise(&data, &["app", "list"])).contains("  trusted  "));
    text(&by("Zoë & co", &close));
    text(&with("night desk", &open));
    text(&with("night desk", &[&["--by", "day desk"], &close[..]].concat()));
    text(&with("", &open));
    let list = ["--json", "audit", "list", "--count", "4"];
    let listed = json(&with("", &list));
    let operators: Vec<_> =
        listed.as_array().unwrap().iter().map(|line| line["operator"].clone()).collect();
    assert_eq!(json!(operators), json!([null, "day desk", "night desk", "Zoë & co"]));
    assert_eq!(listed[0]["app_id"], *app);
    let listed = json(&with("", &["--json", "audit", "list", "--action", "app.trusted"]));
    assert_eq!((&listed[0]["app_id"], &listed[0]["subject_id"]), (&Value::Null, &json!(app)));
    let rule = "must be 1 to 64 visible characters on one line";
    let told = refusal(&with("a\nb", &list));
    assert_eq!(told, format!("guise: GUISE_OPERATOR {rule}\n"));
    let wrong = by("", &list);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8(wrong.stderr).unwrap().contains(rule));
    let told = text(&guise(&data, &["app", "distrust", &app]));
    assert_eq!(told, format!("App {app} may not name operators any more.\n"));
    assert!(refusal(&by("night desk", &["profile", "list"])).contains("not trusted"));
}

//! Where apps may have accounts led back to: `guise app callback`.

use serde_json::json;
use tempfile::tempdir;

use super::{json, refusal, text};
use crate::support::guise;

#[test]
fn an_apps_callbacks_are_added_listed_and_removed() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |line: &str| guise(&data, &line.split(' ').collect::<Vec<_>>());
    text(&run("account add shop"));
    let app = json(&run("--json app add Desk --account shop"));
    let app = app["id"].as_str().unwrap();
    let callback = |what: &str| run(&format!("app callback {what}"));
    let none = text(&callback(&format!("list {app}")));
    assert_eq!(none, "None: the app can only have a PIN shown.\n");
    let added = text(&callback(&format!("add {app} HTTPS://Desk.example:443/done")));
    let expected = format!("App {app} may have accounts led back to https://desk.example/done\n");
    assert_eq!(added, expected);
    let added = json(&run(&format!("--json app callback add {app} deskapp://done")));
    assert_eq!(added, json!({"app": app, "callback": "deskapp://done"}));
    assert_eq!(
        text(&callback(&format!("list {app}"))),
        "deskapp://done\nhttps://desk.example/done\n"
    );
    let told = refusal(&callback(&format!("add {app} https://desk.example/done?a=b")));
    assert!(told.contains("has a query: leave it out"), "{told}");
    let wrong = callback(&format!("add {app} javascript:alert(1)"));
    assert_eq!(wrong.status.code(), Some(2));
    let told = String::from_utf8(wrong.stderr).unwrap();
    assert!(told.contains("must be an absolute URL"), "{told}");
    let told = refusal(&callback("add 1 https://desk.example/done"));
    assert_eq!(told, "guise: there is no app 1; `guise app list` shows those there are\n");
    let removed = text(&callback(&format!("remove {app} https://desk.example/done")));
    let expected = format!(
        "App {app} may not have accounts led back to https://desk.example/done any more.\n"
    );
    assert_eq!(removed, expected);
    let told = refusal(&callback(&format!("remove {app} https://desk.example/done")));
    assert!(told.contains("has no callback https://desk.example/done"), "{told}");
    for number in 1..10 {
        text(&callback(&format!("add {app} https://desk.example/{number}")));
    }
    let told = refusal(&callback(&format!("add {app} https://desk.example/more")));
    assert_eq!(told, "guise: the app has as many callbacks as an app may have\n");
    assert_eq!(
        json(&run(&format!("--json app callback list {app}"))).as_array().unwrap().len(),
        10
    );
}

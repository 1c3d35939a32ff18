//! Everything but pictures in a database elsewhere.

mod tls;

use std::path::{Path, PathBuf};

use guise_domain::node_of;
use tempfile::tempdir;

use super::{json, refusal, settle_with, text};
use crate::support::{Database, Following, Process, guise_with};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_server_made_in_a_database_another_one_shows() {
    let database = Database::empty().await;
    let address = database.address("");
    let store = ("GUISE_STORE", address.as_str());
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle_with(&data, &[store]);
    assert!(!data.join("guise.db").exists());
    let server = Process::start(&data, &[store], 1);
    let add = ["--json", "profile", "add", "--name", "Zoë"];
    json(&guise_with(&data, &[store, ("GUISE_URL", &server.urls[0])], &add));

    let other = with_the_key_of(&data);
    let second = Process::start(&other, &[store, ("GUISE_NODE", "1")], 1);
    let url = ("GUISE_URL", second.urls[0].as_str());
    let listed = text(&guise_with(&data, &[store, url], &["profile", "list"]));
    assert!(listed.contains("Zoë"), "{listed}");

    // What nobody keeps goes from one to the other all the same.
    let ann = json(&guise_with(&data, &[store], &["--json", "account", "add", "ann"]));
    let apps = json(&guise_with(&data, &[store], &["--json", "app", "list"]));
    let app = apps[0]["id"].as_str().unwrap();
    let token = ["token", "add", "--account", "ann", "--app", app, "--save", "ann"];
    text(&guise_with(&data, &[store], &token));
    let watch = Following::start(&data, &[store, url], &["--profile", "ann", "dm", "watch"]);
    watch.note();
    let typing = format!("recipient_id={}", ann["id"].as_str().unwrap());
    let call = ["call", "-X", "POST", "/1.1/direct_messages/indicate_typing.json", "-d", &typing];
    let first = ("GUISE_URL", server.urls[0].as_str());
    // The second server may be about to begin to listen.
    let heard = (0..10).find_map(|_| {
        text(&guise_with(&data, &[store, first], &call));
        watch.line_soon()
    });
    assert_eq!(heard.as_deref(), Some("shop is typing …"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_goes_on_with_another_number() {
    let database = Database::empty().await;
    let address = database.address("");
    let store = ("GUISE_STORE", address.as_str());
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle_with(&data, &[store]);
    let first = Process::start(&data, &[store], 1);
    let before = made(&data, store, &first, 0).unwrap();
    first.signal("-STOP");
    // Its time is over, and no other number is to be had.
    let client = database.client().await;
    let over = format!(
        "UPDATE nodes SET until = CASE number WHEN {} THEN '-infinity'::timestamptz ELSE 'infinity' END",
        node_of(before)
    );
    client.batch_execute(&over).await.unwrap();
    let other = with_the_key_of(&data);
    let second = Process::start(&other, &[store], 1);
    let meanwhile = made(&data, store, &second, 1).unwrap();
    assert_eq!(node_of(meanwhile), node_of(before));
    let others =
        format!("UPDATE nodes SET until = '-infinity' WHERE number <> {}", node_of(before));
    client.batch_execute(&others).await.unwrap();
    first.signal("-CONT");
    // What it makes before it notices is refused.
    let after = (2..1000).find_map(|number| made(&data, store, &first, number)).unwrap();
    assert_ne!(node_of(after), node_of(before));
    assert!(after > before && meanwhile > before);
    assert_eq!(node_of(made(&data, store, &second, 1000).unwrap()), node_of(before));
}

/// A folder beside this one, which has only the key in common with it.
fn with_the_key_of(data: &Path) -> PathBuf {
    let other = data.with_file_name("other");
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(data.join("key"), other.join("key")).unwrap();
    other
}

/// The id of a profile made through a server, unless it was refused.
fn made(data: &Path, store: (&str, &str), server: &Process, number: u32) -> Option<i64> {
    let name = format!("Number {number}");
    let add = ["--json", "profile", "add", "--name", &name];
    let output = guise_with(data, &[store, ("GUISE_URL", &server.urls[0])], &add);
    if !output.status.success() {
        let says = refusal(&output);
        assert!(says.contains("503"), "{says}");
        return None;
    }
    json(&output)["id"].as_str().unwrap().parse().ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_used_is_refused_without_its_password() {
    let database = Database::new().await;
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    for (store, told) in [
        ("mysql://me:hush@localhost/guise", "must begin with postgres://"),
        ("postgres://me:hush@127.0.0.1:1/guise", "could not be opened"),
        ("postgres://me:hush@localhost/guise?sslmode=odd", "sslmode must be"),
    ] {
        let says = refusal(&guise_with(&data, &[("GUISE_STORE", store)], &["account", "add", "a"]));
        assert!(says.starts_with("guise: ") && says.contains(told), "{says}");
        assert!(!says.contains("hush"), "{says}");
    }
    let address = database.address("");
    let store = [("GUISE_STORE", address.as_str())];
    text(&guise_with(&data, &store, &["account", "add", "shop"]));
    let says = refusal(&guise_with(&folder.path().join("b"), &store, &["account", "add", "b"]));
    assert!(says.contains("the key is not the one that the database was made with"), "{says}");
}

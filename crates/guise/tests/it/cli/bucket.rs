//! Pictures in a bucket: served from there after a restart, and a bucket that cannot be used.

use tempfile::tempdir;

use super::{json, refusal, settle, text};
use crate::support::{Process, guise_with, http_client};

/// The bucket that tests are given, below a prefix.
pub(super) fn bucket(prefix: &str) -> String {
    let given = std::env::var("TEST_BUCKET");
    let given = given
        .expect("a bucket in TEST_BUCKET: run ./check tests, or tests/backends/run cargo test");
    given.replacen('?', &format!("/{prefix}?"), 1)
}

#[tokio::test]
async fn pictures_in_a_bucket_are_served_after_a_restart() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    let bucket = bucket("restart");
    let variables = [("GUISE_BLOBS", bucket.as_str())];
    let avatar = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");
    let mut pictures = Vec::new();
    let mut last = String::new();
    for name in ["Zoë", "Bo"] {
        let server = Process::start(&data, &variables, 1);
        let url = ("GUISE_URL", server.urls[0].as_str());
        let add = ["--json", "profile", "add", "--name", name, "--avatar", avatar, "--chunked"];
        let added = json(&guise_with(&data, &[url], &add));
        last = added["id"].as_str().unwrap().to_owned();
        let address = added["avatar"]["url"].as_str().unwrap();
        pictures.push(address.split_once("/media/").unwrap().1.to_owned());
        for picture in &pictures {
            let answer = http_client().get(format!("{}/media/{picture}", url.1)).send().await;
            assert_eq!(answer.unwrap().status(), 200, "{picture}");
        }
    }
    assert!(!data.join("blobs").exists(), "nothing is beside the database");
    let server = Process::start(&data, &variables, 1);
    let url = ("GUISE_URL", server.urls[0].as_str());
    text(&guise_with(&data, &[url], &["profile", "erase", &last, "--confirm", "Bo"]));
    let gone = http_client().get(format!("{}/media/{}", url.1, pictures[1])).send().await;
    assert_ne!(gone.unwrap().status(), 200, "what is erased is erased in the bucket too");
}

#[test]
fn a_bucket_that_cannot_be_used_keeps_the_server_from_starting() {
    let folder = tempdir().unwrap();
    let data = folder.path().join("data");
    settle(&data);
    let bucket = bucket("refused");
    for (variables, told) in [
        ([("GUISE_BLOBS", "s3://"), ("X", "")], "blobs"),
        ([("GUISE_BLOBS", &bucket), ("AWS_SECRET_ACCESS_KEY", "wrong")], "cannot be used"),
        ([("GUISE_BLOBS", "s3://a?endpoint=http://127.0.0.1:1"), ("X", "")], "cannot be used"),
    ] {
        let says = refusal(&guise_with(&data, &variables, &["serve"]));
        assert!(says.starts_with("guise: ") && says.contains(told), "{says}");
        assert!(!says.contains("wrong") && says.matches("cannot be used").count() < 2, "{says}");
    }
}

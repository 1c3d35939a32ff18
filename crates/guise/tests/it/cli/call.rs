//! `guise call`: what it sends, what it prints, and how it ends.

use std::process::Output;

use serde_json::{Value, json};

use super::{Served, refusal, text};

const JON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/jon.jpg");
const NEW: &str = "/1.1/custom_profiles/new.json";
const UPLOAD: &str = "/1.1/media/upload.json";

impl Served {
    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    fn call(&self, arguments: &[&str]) -> Output {
        self.run(&[&["call"], arguments].concat())
    }

    /// The status and body of a call that succeeds.
    fn json(&self, arguments: &[&str]) -> (u64, Value) {
        let told = text(&self.call(&[&["--json"], arguments].concat()));
        let told: Value = serde_json::from_str(&told).unwrap();
        (told["status"].as_u64().unwrap(), told["body"].clone())
    }

    fn upload(&self) -> String {
        let (status, media) = self.json(&[UPLOAD, "-F", &format!("media=@{JON}")]);
        assert_eq!(status, 200);
        media["media_id_string"].as_str().unwrap().to_owned()
    }
}

fn profile(media: &str) -> String {
    json!({"custom_profile": {"name": "A", "avatar": {"media": {"id": media}}}}).to_string()
}

#[test]
fn a_body_is_sent_as_json_or_as_a_form_typed_or_from_a_file() {
    let served = Served::new();
    let media = served.upload();
    let (status, created) = served.json(&[NEW, "-d", &profile(&media)]);
    assert_eq!((status, &created["custom_profile"]["name"]), (200, &json!("A")));
    let file = served.path("body.json");
    std::fs::write(&file, profile(&media)).unwrap();
    assert_eq!(served.json(&[NEW, "-d", &format!("@{file}")]).0, 200);
    let (status, begun) =
        served.json(&[UPLOAD, "-d", "command=INIT&total_bytes=1", "-d", "media_type=image%2Fpng"]);
    assert_eq!((status, begun["media_id"].is_number()), (202, true));
    std::fs::write(&file, "command=INIT&total_bytes=1&media_type=image%2Fpng").unwrap();
    assert_eq!(served.json(&[UPLOAD, "-d", &format!("@{file}")]).0, 202);
}

#[test]
fn parts_are_texts_or_files() {
    let served = Served::new();
    let media = format!("media=@{JON}");
    let (_, plain) = served.json(&[UPLOAD, "-F", &media]);
    let (_, with_category) = served.json(&[UPLOAD, "-F", "media_category=dm_image", "-F", &media]);
    assert_eq!(
        (plain["media_key"].is_string(), with_category["media_key"].is_string()),
        (false, true)
    );
    let told = refusal(&served.call(&[UPLOAD, "-F", "media=@/absent.jpg"]));
    let reason = "No such file or directory (os error 2)";
    assert_eq!(told, format!("guise: /absent.jpg cannot be read: {reason}\n"));
    let told = refusal(&served.call(&[UPLOAD, "-F", "media"]));
    assert_eq!(told, "guise: a part is written name=value or name=@FILE\n");
}

#[test]
fn the_method_is_what_is_asked_for_or_what_the_body_makes_likely() {
    let served = Served::new();
    let media = served.upload();
    let (_, created) = served.json(&[NEW, "-d", &profile(&media)]);
    let id = created["custom_profile"]["id"].as_str().unwrap();
    let destroy = format!("/1.1/custom_profiles/destroy.json?id={id}");
    assert_eq!(served.json(&["-X", "delete", &destroy]), (204, Value::Null));
    let (_, list) = served.json(&["/1.1/custom_profiles/list.json"]);
    assert_eq!(list, json!({"custom_profiles": []}));
    assert_eq!(served.json(&["-X", "GET", "1.1/custom_profiles/list.json", "-d", "{}"]).0, 200);
    let told = refusal(&served.call(&["-X", "a b", "/"]));
    assert!(told.starts_with("guise: a b is not a method"), "{told}");
}

#[test]
fn a_header_is_added() {
    let served = Served::new();
    let (_, created) = served.json(&[NEW, "-d", &profile(&served.upload())]);
    let url = created["custom_profile"]["avatar"]["media"]["url"].as_str().unwrap();
    assert_eq!(served.json(&[url]).0, 200);
    assert_eq!(served.json(&[url, "-H", "if-none-match: *"]), (304, Value::Null));
    let told = refusal(&served.call(&[url, "-H", "if-none-match"]));
    assert_eq!(told, "guise: a header is written \"name: value\"\n");
}

#[test]
fn the_answer_is_shown_with_what_is_left_of_the_limit() {
    let served = Served::new();
    let told = text(&served.call(&["/1.1/custom_profiles/list.json"]));
    let (first, rest) = told.split_once('\n').unwrap();
    let (left, body) = rest.split_once('\n').unwrap();
    assert_eq!(first, "200 OK");
    assert!(left.starts_with("179 of 180 calls left; all again in "), "{left}");
    assert_eq!(body, "{\n  \"custom_profiles\": []\n}\n");
    let (_, created) = served.json(&[NEW, "-d", &profile(&served.upload())]);
    let url = created["custom_profile"]["avatar"]["media"]["url"].as_str().unwrap();
    let told = text(&served.call(&[url]));
    assert!(told.starts_with("200 OK\n(") && told.ends_with(" bytes of image/jpeg)\n"), "{told}");
}

#[test]
fn a_refusal_is_shown_and_makes_the_call_fail() {
    let served = Served::new();
    let told = served.call(&["/1.1/nothing.json"]);
    assert_eq!(told.status.code(), Some(1));
    assert_eq!(told.stderr, b"");
    let shown = String::from_utf8(told.stdout).unwrap();
    let (status, body) = shown.split_once('\n').unwrap();
    assert_eq!(status, "404 Not Found");
    let body: Value = serde_json::from_str(body).unwrap();
    let message = "Sorry, that page does not exist.";
    assert_eq!(body, json!({"errors": [{"code": 34, "message": message}]}));
    let told = served.call(&["--json", NEW, "-d", "{}"]);
    assert_eq!(told.status.code(), Some(1));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(told["status"], 400);
    assert_eq!(told["body"]["errors"][0]["message"], "custom_profile.name: is required");
}

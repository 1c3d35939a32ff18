//! `guise requests` and `guise explain`: what became of a request, and why its signature does not hold.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use guise_oauth1::Credentials;
use serde_json::{Value, json};
use tempfile::{TempDir, tempdir};

use super::{Served, json, refusal, text};
use crate::support::{Following, guise};

const URL: &str = "http://127.0.0.1:8080/1.1/custom_profiles/new.json";
const NOW: u64 = 1_800_000_000;
const AT: &str = "2027-01-15T08:00:00Z";
const KEYS: [&str; 4] = ["ck", "consumer-secret", "1-tk", "token-secret"];

/// A profile that the requests are signed for.
fn keys() -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let data = folder.path().to_owned();
    let [consumer_key, consumer_secret, token, token_secret] = KEYS;
    let profile = format!(
        "[default]\nurl = \"http://127.0.0.1:8080\"\nconsumer_key = \"{consumer_key}\"\n\
         consumer_secret = \"{consumer_secret}\"\ntoken = \"{token}\"\ntoken_secret = \"{token_secret}\"\n"
    );
    let path = data.join("profiles.toml");
    std::fs::write(&path, profile).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    (folder, data)
}

fn signed(method: &str, url: &str, form: Option<&str>, token_secret: &str, now: u64) -> String {
    let credentials = Credentials {
        consumer_key: KEYS[0],
        consumer_secret: KEYS[1],
        token: Some(KEYS[2]),
        token_secret,
    };
    guise_oauth1::sign(&credentials, method, url, form.map(str::as_bytes), now, "n", &[])
}

/// Explains a request that is pasted.
fn pasted(data: &Path, arguments: &[&str], text: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_guise"))
        .env("GUISE_PROFILES", data.join("profiles.toml"))
        .args(["explain", "--at", AT])
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn request(authorization: &str, query: &str, body: &str) -> String {
    format!(
        "POST /1.1/custom_profiles/new.json{query} HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\
         Content-Type: application/json\r\nAuthorization: {authorization}\r\n\r\n{body}\n"
    )
}

fn mistakes(output: &Output) -> Vec<String> {
    let told: Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = told["mistakes"].as_array().unwrap().iter();
    found.map(|mistake| mistake["mistake"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_of_the_five_usual_mistakes_is_explained_in_a_pasted_request() {
    let (_folder, data) = keys();
    let secret = KEYS[3];
    let body = r#"{"a":"b"}"#;
    let https = URL.replace("http:", "https:");
    let cases = [
        (signed("POST", URL, None, secret, NOW), "", 0, vec![]),
        (signed("POST", &https, None, secret, NOW), "", 1, vec!["url"]),
        (signed("POST", URL, Some(body), secret, NOW), "", 1, vec!["body-signed"]),
        (
            signed("POST", &format!("{URL}?q=a%2520b"), None, secret, NOW),
            "?q=a%20b",
            1,
            vec!["encoded-twice"],
        ),
        (signed("POST", URL, None, "x", NOW), "", 1, vec!["wrong-secret"]),
        (signed("POST", URL, None, secret, NOW - 3600), "", 0, vec!["clock"]),
    ];
    for (authorization, query, code, expected) in cases {
        let output = pasted(&data, &["--json"], &request(&authorization, query, body));
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(mistakes(&output), expected, "{told}");
        assert_eq!(output.status.code(), Some(code), "{expected:?}");
    }
}

#[test]
fn a_curl_line_is_explained_with_the_base_string_in_lines() {
    let (_folder, data) = keys();
    let url = "http://localhost:8080/1.1/custom_profiles/destroy.json";
    let sent = "http://127.0.0.1:8080/1.1/custom_profiles/destroy.json";
    let authorization = signed("POST", url, Some("id=7&name=Zo%C3%AB%20B"), KEYS[3], NOW);
    let line = format!(
        "curl -sS -X POST {sent} -H 'authorization: {authorization}' \\\n  -d id=7 --data-urlencode 'name=Zoë B'"
    );
    let output = guise(&data, &["explain", "--at", AT, "--curl", &line]);
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8(output.stdout).unwrap();
    let mut lines = told.lines();
    assert_eq!(lines.next(), Some(format!("POST {sent}").as_str()));
    assert_eq!(lines.next(), Some("The signature does not hold."));
    assert!(
        told.contains(&format!("The signature is for {url}, but the request came to {sent}.")),
        "{told}"
    );
    for line in ["  POST", &format!("+ {sent}"), "  id = 7", "  name = Zoë B", &format!("- {url}")]
    {
        assert!(told.lines().any(|told| told == line), "{line} in {told}");
    }
    assert!(!told.contains(KEYS[1]) && !told.contains(KEYS[3]), "{told}");
    // The same from standard input, and as flags.
    assert_eq!(mistakes(&pasted(&data, &["--json"], &line)), ["url"]);
    let header = format!("authorization: {authorization}");
    let flags = ["--json", "--url", sent, "-H", &header, "-d", "id=7&name=Zo%C3%AB+B"];
    assert_eq!(mistakes(&pasted(&data, &flags, "")), ["url"]);
    let right = signed("POST", sent, None, KEYS[3], NOW);
    let multipart =
        format!("curl -F command=APPEND -F media=@x.png -H 'authorization: {right}' {sent}");
    let held = text(&pasted(&data, &[], &multipart));
    assert!(held.contains("The signature holds."), "{held}");
    let fields = signed("POST", sent, Some("command=APPEND"), KEYS[3], NOW);
    let multipart = multipart.replace(&right, &fields);
    assert_eq!(mistakes(&pasted(&data, &["--json"], &multipart)), ["body-signed"]);
}

#[test]
fn secrets_come_from_a_profile_or_from_files() {
    let (folder, data) = keys();
    let authorization = signed("POST", URL, None, KEYS[3], NOW);
    let request = request(&authorization, "", "");
    let (consumer, token) = (folder.path().join("consumer"), folder.path().join("token"));
    std::fs::write(&consumer, "consumer-secret\n").unwrap();
    std::fs::write(&token, "token-secret\n").unwrap();
    std::fs::remove_file(data.join("profiles.toml")).unwrap();
    let files = [
        "--consumer-secret-file",
        consumer.to_str().unwrap(),
        "--token-secret-file",
        token.to_str().unwrap(),
    ];
    text(&pasted(&data, &files, &request));
    let told = refusal(&pasted(&data, &[], &request));
    assert!(told.contains("GUISE_CONSUMER_KEY is not set"), "{told}");
    let (_folder, data) = keys();
    let other = request.replace("oauth_consumer_key=\"ck\"", "oauth_consumer_key=\"other\"");
    let told = pasted(&data, &[], &other);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("The request names the consumer key other"), "{told}");
    let told = refusal(&pasted(&data, &[], "\n"));
    assert!(told.starts_with("guise: nothing to explain: "), "{told}");
}

#[test]
fn requests_are_listed_followed_and_shown_with_what_is_wrong() {
    let served = Served::new();
    let watch = Following::start(
        &served.data,
        &[served.url()],
        &["requests", "--watch", "--status", "4xx"],
    );
    assert_eq!(watch.note(), "Watching; Ctrl-C ends it.");
    text(&served.run(&["call", "/1.1/custom_profiles/list.json?count=3"]));
    let wrong = [("GUISE_TOKEN_SECRET", "x")];
    served.with(&wrong, &["call", "/1.1/custom_profiles/list.json?count=4"]);
    let heading: Vec<String> = watch.line().split_whitespace().map(str::to_owned).collect();
    assert_eq!(heading, ["WHEN", "STATUS", "CODE", "METHOD", "MS", "ID", "PATH"]);
    let line = watch.line();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells[1..4], ["401", "32", "GET"]);
    assert_eq!(cells[6], "/1.1/custom_profiles/list.json?count=4");
    let listed = text(&served.run(&["requests"]));
    assert_eq!(listed.lines().count(), 3);
    assert_eq!(
        listed.lines().nth(1),
        Some(line.as_str()),
        "the newest first, and as it was followed"
    );
    let found = json(&served.run(&["--json", "requests", "--code", "32"]));
    assert_eq!(found.as_array().unwrap().len(), 1);
    let shown = text(&served.run(&["requests", cells[5]]));
    assert!(shown.starts_with("GET /1.1/custom_profiles/list.json?count=4\n"), "{shown}");
    for part in [
        "401",
        "32 not-authenticated",
        "oauth_nonce",
        "user-agent",
        "most likely a secret is wrong",
        "  count = 4",
    ] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    let told = refusal(&served.run(&["requests", "0123456789abcdef"]));
    assert!(told.contains("(code 34)"), "{told}");
    assert_eq!(served.run(&["requests", "x", "--watch"]).status.code(), Some(2));
    assert_eq!(json!(found[0]["path"]), cells[6]);
}

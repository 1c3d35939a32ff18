//! Signed requests, before a server that looks at each signature and, now and then, answers what nobody asked for.

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it calls"
)]

use std::collections::HashSet;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Json, Router};
use guise_oauth1::{Presented, Request, SigningKey};
use serde_json::{Value, json};

const PAGE: u64 = 20;

/// What the server saw and did.
#[derive(Default)]
struct Seen {
    host: String,
    nonces: HashSet<String>,
    tokens: HashSet<String>,
    requests: u64,
    /// Requests whose signature does not hold, or whose nonce was used before.
    refused: u64,
    /// Paths of answers that were not what was asked for.
    spoilt: Vec<String>,
}

#[derive(Clone, Default)]
struct Server(Arc<Mutex<Seen>>);

impl Server {
    fn start() -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let server = Self::default();
        server.seen().host = listener.local_addr().unwrap().to_string();
        let router = Router::new().fallback(answer).with_state(server.clone());
        thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            runtime.block_on(async {
                axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await
            })
        });
        server
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap()
    }

    /// The figures of a scenario, measured with two accounts, and what of it was answered wrongly.
    fn measure(&self, scenario: &str) -> (Value, u64) {
        let path = std::env::temp_dir().join(format!("guise-load-{}", self.seen().host));
        let keys = ["1", "2"].map(|account| {
            json!({"consumer_key": "app", "consumer_secret": "s&1", "token": account, "token_secret": "s%2"})
        });
        std::fs::write(&path, json!(keys).to_string()).unwrap();
        let url = format!("http://{}", self.seen().host);
        let done = Command::new(env!("CARGO_BIN_EXE_guise-load"))
            .args(["run", scenario, "--seconds", "1", "--warmup", "0", "--json", "-"])
            .args(["--connections", "4", "--url", &url, "--keys"])
            .arg(&path)
            .output()
            .unwrap();
        std::fs::remove_file(path).unwrap();
        let errors = String::from_utf8_lossy(&done.stderr);
        let mut json: Value = serde_json::from_slice(&done.stdout).expect(&errors);
        let seen = self.seen();
        assert_eq!(seen.refused, 0);
        assert_eq!(seen.nonces.len() as u64, seen.requests);
        assert_eq!(seen.tokens.len(), 2);
        (json["scenarios"][0].take(), seen.spoilt.len() as u64)
    }
}

async fn answer(
    State(server): State<Server>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, StatusCode> {
    let mut seen = server.seen();
    seen.requests += 1;
    let authorization = headers.get("authorization").and_then(|value| value.to_str().ok());
    let query = uri.query().unwrap_or_default();
    let request = Request { method: method.as_str(), query, form: None, authorization };
    let presented = Presented::parse(&request).unwrap();
    let url = format!("http://{}{}", seen.host, uri.path());
    let holds = presented.verify(&SigningKey::new("s&1", "s%2"), &url);
    if !holds || !seen.nonces.insert(presented.nonce().to_owned()) {
        seen.refused += 1;
        return Err(StatusCode::UNAUTHORIZED);
    }
    let token = presented.token().unwrap().to_owned();
    seen.tokens.insert(token.clone());
    let is_spoilt = seen.requests.is_multiple_of(10) && method != Method::POST
        || seen.requests.is_multiple_of(7) && uri.path().ends_with("/new.json");
    if is_spoilt {
        seen.spoilt.push(uri.path().to_owned());
    }
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(Json(answered(uri.path(), &token, seen.requests, &body, is_spoilt)))
}

/// What Guise answers, as far as it is looked at; a spoilt answer is another's.
fn answered(path: &str, account: &str, number: u64, body: &Value, is_spoilt: bool) -> Value {
    let entries = || 0..if is_spoilt { PAGE - 1 } else { PAGE };
    let profile = |id: &str, name: &Value| json!({"id": id, "name": name, "avatar": {"media": {"url": "http://x/media/y.jpg"}}});
    match path {
        "/1.1/account/verify_credentials.json" => {
            json!({"id_str": if is_spoilt { "3" } else { account }})
        }
        "/1.1/media/upload.json" => json!({"media_id_string": "5"}),
        "/1.1/custom_profiles/new.json" => {
            let name = &body["custom_profile"]["name"];
            assert_eq!(body["custom_profile"]["avatar"]["media"]["id"], "5");
            let other = json!("Jon C, ########");
            let name = if is_spoilt { &other } else { name };
            json!({"custom_profile": profile(&format!("{account}{number}"), name)})
        }
        "/1.1/custom_profiles/list.json" => {
            let profiles: Vec<_> = entries().map(|_| profile("1", &json!("Jon"))).collect();
            json!({"custom_profiles": profiles})
        }
        "/1.1/direct_messages/events/new.json" => {
            let mut event = body["event"].clone();
            let created = &mut event["message_create"];
            assert_ne!(created["target"]["recipient_id"], account);
            assert!(created["custom_profile_id"].as_str().unwrap().starts_with(account));
            if is_spoilt {
                created["custom_profile_id"] = json!("3");
            }
            json!({"event": event})
        }
        "/1.1/direct_messages/events/list.json" => {
            let events: Vec<_> = entries().map(|_| json!({"message_create": {"a": 1}})).collect();
            json!({"events": events})
        }
        _ => {
            let id = path.rsplit('/').next().unwrap().trim_end_matches(".json");
            json!({"custom_profile": profile(if is_spoilt { "3" } else { id }, &json!("Jon"))})
        }
    }
}

/// What the preparation of these asks for is never spoilt, or not what is counted.
#[test]
fn an_answer_to_something_else_is_wrong() {
    for scenario in ["show", "list", "inbox"] {
        let server = Server::start();
        let (figures, _) = server.measure(scenario);
        let spoilt =
            server.seen().spoilt.iter().filter(|path| !path.ends_with("/new.json")).count();
        assert!(spoilt > 0, "{scenario}");
        assert_eq!(figures["errors"], json!({"wrong body": spoilt}), "{scenario}");
    }
}

#[test]
fn what_is_written_is_what_was_asked_for() {
    let server = Server::start();
    let (figures, spoilt) = server.measure("create");
    assert!(spoilt > 0);
    assert_eq!(figures["errors"], json!({"wrong body": spoilt}));

    let server = Server::start();
    let (figures, _) = server.measure("send");
    let path = "/1.1/direct_messages/events/new.json";
    let spoilt = server.seen().spoilt.iter().filter(|spoilt| *spoilt == path).count();
    assert!(spoilt > 0);
    assert_eq!(figures["errors"], json!({"wrong body": spoilt}));
}

//! The log: one line for each request, and nothing in it that is nobody's business.

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::tempdir;

use crate::support::{Process, Reply, Signer};

const LIST: &str = "/1.1/custom_profiles/list.json";
const NEW: &str = "/1.1/custom_profiles/new.json";

async fn send(
    signer: &Signer,
    method: Method,
    url: &str,
    authorization: &str,
    body: &str,
) -> Reply {
    let request = signer.http.request(method, url).header("authorization", authorization);
    Reply::read(request.body(body.to_owned()).send().await.unwrap()).await
}

#[tokio::test]
async fn each_request_is_one_line_without_secret_signature_or_body() {
    let folder = tempdir().unwrap();
    let signer = Signer::new(folder.path(), "shop");
    let variables = [("GUISE_LOG", "info"), ("GUISE_LOG_FORMAT", "json")];
    let server = Process::logged(folder.path(), &variables, 1);
    let url = |path: &str| format!("{}{path}", server.urls[0]);
    let body = r#"{"custom_profile":{"name":"Unmistakable","avatar":{"media":{"id":"1"}}}}"#;
    let (list, new) = (url(&format!("{LIST}?count=7")), url(NEW));
    let nothing = url("/1.1/nothing.json?q=Unmistakable");
    let signatures =
        [signer.sign("GET", &list), signer.sign("POST", &new), signer.sign("POST", &list)];
    let replies = [
        send(&signer, Method::GET, &list, &signatures[0], "").await,
        send(&signer, Method::POST, &new, &signatures[1], body).await,
        send(&signer, Method::GET, &list, &signatures[2], "").await,
        send(&signer, Method::GET, &nothing, "", "").await,
    ];
    let account: i64 = signer.keys[2].split_once('-').unwrap().0.parse().unwrap();
    let app: i64 = signer.app.parse().unwrap();
    let (list, new) = ("/1.1/custom_profiles/list", "/1.1/custom_profiles/new");
    let expected = [
        json!({"account": account, "app": app, "method": "GET", "route": list, "status": 200}),
        json!({"account": account, "app": app, "method": "POST", "route": new, "status": 400}),
        json!({"method": "GET", "route": list, "status": 401}),
        json!({"method": "GET", "route": "-", "status": 404}),
    ];

    let log = server.log();
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let answered: Vec<Value> = lines.filter(|line| line["message"] == "answered").collect();
    assert_eq!(answered.len(), replies.len(), "{log}");
    for ((mut line, reply), mut expected) in answered.into_iter().zip(&replies).zip(expected) {
        assert!(line["ms"].is_u64(), "{line}");
        expected["request"] = reply.header("x-transaction-id").into();
        let line = line.as_object_mut().unwrap();
        for name in ["timestamp", "level", "target", "message", "ms"] {
            assert!(line.remove(name).is_some(), "{name}");
        }
        assert_eq!(json!(line), expected);
    }
    let [consumer_key, consumer_secret, token, token_secret] = &*signer.keys;
    let secrets = [consumer_key, consumer_secret, token, token_secret].map(String::as_str);
    for secret in secrets.into_iter().chain(["oauth", "Unmistakable", "count=7"]) {
        assert!(!log.contains(secret), "{secret}");
    }
}

//! Somebody who calls the real program.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guise_oauth1::Credentials;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::{JON, guise, http_client};

/// An account of its own on the real program, with an app and a token, and requests signed by the machine's clock.
#[derive(Clone)]
pub(crate) struct Signer {
    pub(crate) http: reqwest::Client,
    /// Consumer key and secret, token and secret.
    pub(crate) keys: Arc<[String; 4]>,
    /// The account's id.
    pub(crate) account: String,
    /// The app's id.
    pub(crate) app: String,
    nonces: Arc<AtomicUsize>,
    /// No server takes any number of pictures at once.
    uploads: Arc<Semaphore>,
}

impl Signer {
    /// A new account called `name`.
    pub(crate) fn new(data: &Path, name: &str) -> Self {
        let run = |arguments: &[&str]| -> Value {
            let output = guise(data, arguments);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            serde_json::from_slice(&output.stdout).unwrap()
        };
        let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
        let account = run(&["--json", "account", "add", name]);
        let app = run(&["--json", "app", "add", "Desk", "--account", name]);
        let token = run(&["--json", "token", "add", "--account", name, "--app", &text(&app, "id")]);
        let keys = [
            text(&app, "consumer_key"),
            text(&app, "consumer_secret"),
            text(&token, "token"),
            text(&token, "token_secret"),
        ];
        Self {
            http: http_client(),
            account: text(&account, "id"),
            app: text(&app, "id"),
            keys: Arc::new(keys),
            nonces: Arc::default(),
            uploads: Arc::new(Semaphore::new(32)),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "the program under test has the machine's clock")]
    pub(crate) fn sign(&self, method: &str, url: &str) -> String {
        let [consumer_key, consumer_secret, token, token_secret] = &*self.keys;
        let credentials =
            Credentials { consumer_key, consumer_secret, token: Some(token), token_secret };
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let nonce = format!("n{}", self.nonces.fetch_add(1, Ordering::SeqCst));
        guise_oauth1::sign(&credentials, method, url, None, now.as_secs(), &nonce, &[])
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Option<Value> {
        let response = request.send().await.ok()?;
        let status = response.status();
        let body = response.bytes().await.ok()?;
        assert!(status.is_success(), "{status} {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).ok()
    }

    /// Uploads and creates; the profile, if it was acknowledged.
    pub(crate) async fn create(&self, base: &str, name: &str) -> Option<Value> {
        let url = format!("{base}/1.1/media/upload.json");
        let form = Form::new().part("media", Part::bytes(JON).file_name("jon.jpg"));
        let request = self.http.post(&url).header("authorization", self.sign("POST", &url));
        let place = self.uploads.acquire().await.unwrap();
        let media = self.answer(request.multipart(form)).await?;
        drop(place);
        let media = &media["media_id_string"];
        let url = format!("{base}/1.1/custom_profiles/new.json");
        let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media}}}});
        let request = self.http.post(&url).header("authorization", self.sign("POST", &url));
        Some(self.answer(request.body(body.to_string())).await?["custom_profile"].clone())
    }

    pub(crate) async fn show(&self, base: &str, id: &str) -> Value {
        let url = format!("{base}/1.1/custom_profiles/{id}.json");
        let request = self.http.get(&url).header("authorization", self.sign("GET", &url));
        self.answer(request).await.unwrap()["custom_profile"].clone()
    }

    /// Sends a text; the event, if it was acknowledged.
    pub(crate) async fn write(&self, base: &str, to: &str, text: &str) -> Option<Value> {
        self.write_under(base, to, text, None).await
    }

    /// The same, under a key for trying it again.
    pub(crate) async fn write_under(
        &self,
        base: &str,
        to: &str,
        text: &str,
        key: Option<&str>,
    ) -> Option<Value> {
        let url = format!("{base}/1.1/direct_messages/events/new.json");
        let message = json!({"target": {"recipient_id": to}, "message_data": {"text": text}});
        let body = json!({"event": {"type": "message_create", "message_create": message}});
        let request = self.http.post(&url).header("authorization", self.sign("POST", &url));
        let request = match key {
            Some(key) => request.header("idempotency-key", key),
            None => request,
        };
        Some(self.answer(request.body(body.to_string())).await?["event"].clone())
    }

    pub(crate) async fn message(&self, base: &str, id: &str) -> Value {
        let url = format!("{base}/1.1/direct_messages/events/show.json?id={id}");
        let request = self.http.get(&url).header("authorization", self.sign("GET", &url));
        self.answer(request).await.unwrap()["event"].clone()
    }
}

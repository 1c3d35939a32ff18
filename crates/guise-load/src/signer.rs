//! Signed requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use guise_oauth1::Credentials;
use reqwest::header::AUTHORIZATION;
use reqwest::multipart::{Form, Part};
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// A client of one connection.
pub(crate) fn client() -> anyhow::Result<Client> {
    // Only the first call in a process installs it, which is all that is wanted.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    Ok(Client::builder().tls_certs_only([]).no_proxy().pool_max_idle_per_host(1).build()?)
}

/// Signs for one token. Clones share the count of nonces.
#[derive(Clone)]
pub(crate) struct Signer {
    url: String,
    keys: Arc<[String; 4]>,
    began: u64,
    nonces: Arc<AtomicU64>,
}

impl Signer {
    pub(crate) fn from_environment(url: &str) -> anyhow::Result<Self> {
        let read = |name: &str| std::env::var(name).with_context(|| format!("{name} is not set"));
        let keys = [
            read("GUISE_CONSUMER_KEY")?,
            read("GUISE_CONSUMER_SECRET")?,
            read("GUISE_TOKEN")?,
            read("GUISE_TOKEN_SECRET")?,
        ];
        let nonces = Arc::default();
        Ok(Self { url: url.to_owned(), keys: Arc::new(keys), began: now(), nonces })
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Uploads the picture; its media id.
    pub(crate) async fn upload(&self, picture: Vec<u8>) -> anyhow::Result<String> {
        let form = Form::new().part("media", Part::bytes(picture).file_name("avatar"));
        let request = self.post(&client()?, "/1.1/media/upload.json").multipart(form);
        let answer = request.send().await.context("is the server running?")?;
        let status = answer.status();
        let answer = answer.text().await?;
        let json: Value = serde_json::from_str(&answer).unwrap_or_default();
        let id = json.get("media_id_string").and_then(Value::as_str);
        id.map(str::to_owned).with_context(|| format!("the upload answered {status}: {answer}"))
    }

    /// The founding page's request.
    pub(crate) fn create(&self, client: &Client, media: &str) -> RequestBuilder {
        let body = json!({"custom_profile": {"name": "Load", "avatar": {"media": {"id": media}}}});
        self.post(client, "/1.1/custom_profiles/new.json").body(body.to_string())
    }

    fn post(&self, client: &Client, path: &str) -> RequestBuilder {
        let url = self.url(path);
        let [consumer_key, consumer_secret, token, token_secret] = &*self.keys;
        let credentials =
            Credentials { consumer_key, consumer_secret, token: Some(token), token_secret };
        let nonce = format!("{}-{}", self.began, self.nonces.fetch_add(1, Ordering::Relaxed));
        let signed =
            guise_oauth1::sign(&credentials, "POST", &url, None, now() / 1_000_000, &nonce, &[]);
        client.post(url).header(AUTHORIZATION, signed)
    }
}

/// Microseconds since the epoch.
#[expect(clippy::disallowed_methods, reason = "the server's clock is the machine's too")]
fn now() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    u64::try_from(elapsed.unwrap_or_default().as_micros()).unwrap_or(u64::MAX)
}

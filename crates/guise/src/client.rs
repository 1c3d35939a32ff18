//! A client of a running server: signs each request and keeps what matters of the answer.

mod audit;
mod call;
mod dm;
mod draft;
mod erase;
mod follow;
mod identity;
mod pages;
mod patience;
mod profile;
mod requests;
mod stream;
mod team;
mod upload;

use std::time::Duration;

use anyhow::{Context, anyhow};
use guise_domain::{Clock, Operator, secrets};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::multipart::Form;
use reqwest::{Certificate, Method, RequestBuilder, Response, StatusCode};
use secrecy::ExposeSecret;
use serde_json::Value;

use crate::clock::{OsRandomness, SystemClock};
use crate::credentials::Profile;

pub(crate) use audit::run as audit;
pub(crate) use call::{left, run as call};
pub(crate) use dm::{Names, post_message, run as dm, say};
pub(crate) use profile::{all as profiles_of, create as post_profile, run as profile};
pub(crate) use requests::run as requests;
pub(crate) use stream::Streamed;
pub(crate) use team::{export, import};
pub(crate) use upload::{media_id, upload};

/// How long connecting may take.
const CONNECT_SECONDS: u64 = 10;
/// How long a whole request may take, a large upload on a slow line included.
const REQUEST_SECONDS: u64 = 120;

/// A request's body.
pub(crate) enum Body {
    None,
    Json(String),
    /// A urlencoded form: part of the signature.
    Form(String),
    Multipart(Form),
}

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

/// The server refused, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("the server answered {told}")]
pub(crate) struct Refused {
    status: StatusCode,
    told: String,
}

impl Answer {
    /// An answer with all of its body.
    async fn whole(response: Response) -> anyhow::Result<Self> {
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.bytes().await.map_err(reqwest::Error::without_url)?.to_vec();
        Ok(Self { status, headers, body })
    }

    /// The body, if it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// A header's text; empty when it is absent.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON of a success, or the server's own words for what was wrong.
    pub(crate) fn success(self) -> anyhow::Result<Value> {
        if self.status.is_success() {
            return Ok(self.json().unwrap_or(Value::Null));
        }
        let json = self.json().unwrap_or_default();
        let first = json.pointer("/errors/0");
        let code = first.and_then(|error| error.get("code")).map(|code| format!(" (code {code})"));
        let message = first.and_then(|error| error.get("message")).or(json.get("error"));
        let told = match message.and_then(Value::as_str) {
            Some(message) => format!("{}{}: {message}", self.status, code.unwrap_or_default()),
            None => self.status.to_string(),
        };
        Err(Refused { status: self.status, told }.into())
    }
}

/// Sends signed requests to one server for one token.
pub(crate) struct Client {
    http: reqwest::Client,
    profile: Profile,
    operator: Option<Operator>,
}

impl Client {
    /// A client that signs with `profile`, and says that `operator` is at work.
    pub(crate) fn new(profile: Profile, operator: Option<Operator>) -> anyhow::Result<Self> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(CONNECT_SECONDS))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .user_agent(concat!("guise/", env!("CARGO_PKG_VERSION")));
        if let Some(path) = &profile.ca_file {
            let pem = std::fs::read(path);
            let pem = pem.with_context(|| format!("{} cannot be read", path.display()))?;
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(&pem)?);
        } else if profile.url.starts_with("http:") {
            // A machine without any trusted certificates can still be talked to in the clear.
            builder = builder.tls_certs_only([]);
        }
        let http = builder.build().context("the HTTP client cannot start")?;
        Ok(Self { http, profile, operator })
    }

    /// Where the server is and what its requests are signed with.
    pub(crate) fn profile(&self) -> &Profile {
        &self.profile
    }

    /// Sends a signed request. `target` is a path with its query.
    pub(crate) async fn send(
        &self,
        method: Method,
        target: &str,
        body: Body,
        headers: HeaderMap,
    ) -> anyhow::Result<Answer> {
        let within = Some(Duration::from_secs(REQUEST_SECONDS));
        Answer::whole(self.open(method, target, body, headers, within).await?).await
    }

    /// Sends a signed request whose answer may take for ever, or ends `within` a time.
    async fn open(
        &self,
        method: Method,
        target: &str,
        body: Body,
        headers: HeaderMap,
        within: Option<Duration>,
    ) -> anyhow::Result<Response> {
        let url = format!("{}{target}", self.profile.url);
        // What is sent is what is signed: the URL as the library writes it.
        let url = reqwest::Url::parse(&url).with_context(|| format!("{url} is not a URL"))?;
        let form = match &body {
            Body::Form(form) => Some(form.as_bytes()),
            _ => None,
        };
        let authorization = self.authorization(&method, url.as_str(), form);
        let request = self.http.request(method, url).header(AUTHORIZATION, authorization);
        let request = match body {
            Body::None => request,
            Body::Json(json) => request.header(CONTENT_TYPE, "application/json").body(json),
            Body::Form(form) => {
                request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
            }
            Body::Multipart(form) => request.multipart(form),
        };
        self.begin(request.headers(headers), within).await
    }

    /// Gets a URL without a signature, as whoever looks at a picture does.
    pub(crate) async fn fetch(&self, url: &str) -> anyhow::Result<Answer> {
        let within = Some(Duration::from_secs(REQUEST_SECONDS));
        Answer::whole(self.begin(self.http.get(url), within).await?).await
    }

    async fn begin(
        &self,
        request: RequestBuilder,
        within: Option<Duration>,
    ) -> anyhow::Result<Response> {
        let request = within.into_iter().fold(request, RequestBuilder::timeout);
        let url = &self.profile.url;
        let failed = |error: reqwest::Error| {
            let hint = if error.is_connect() { "; is the server running?" } else { "" };
            anyhow!(error.without_url()).context(format!("{url} did not answer{hint}"))
        };
        request.send().await.map_err(failed)
    }

    fn authorization(&self, method: &Method, url: &str, form: Option<&[u8]>) -> String {
        let credentials = guise_oauth1::Credentials {
            consumer_key: &self.profile.consumer_key,
            consumer_secret: self.profile.consumer_secret.expose_secret(),
            token: Some(&self.profile.token),
            token_secret: self.profile.token_secret.expose_secret(),
        };
        let timestamp = u64::try_from(SystemClock.now().seconds()).unwrap_or_default();
        let nonce = secrets::nonce(&OsRandomness);
        let operator = self.operator.as_ref().map(|label| ("oauth_operator", label.as_str()));
        let extra = operator.as_slice();
        guise_oauth1::sign(&credentials, method.as_str(), url, form, timestamp, &nonce, extra)
    }

    /// Gets JSON.
    pub(crate) async fn get(&self, target: &str) -> anyhow::Result<Answer> {
        self.send(Method::GET, target, Body::None, HeaderMap::new()).await
    }

    /// Posts a body.
    pub(crate) async fn post(&self, target: &str, body: Body) -> anyhow::Result<Answer> {
        self.send(Method::POST, target, body, HeaderMap::new()).await
    }
}

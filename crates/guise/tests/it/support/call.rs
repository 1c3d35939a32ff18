//! One request and its answer.

use std::fmt::Write as _;

use guise_domain::Clock;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode, Version};
use serde_json::{Value, json};

use super::{Person, World};

/// Where the `oauth_*` parameters go.
#[derive(Clone, Copy)]
enum Place {
    Header,
    Query,
    Form,
}

/// A request that is signed when it is sent.
pub(crate) struct Call<'w> {
    world: &'w World,
    method: Method,
    target: String,
    body: Vec<u8>,
    content_type: Option<String>,
    signer: Option<Person>,
    timestamp: i64,
    nonce: String,
    signed_base: String,
    headers: Vec<(String, String)>,
    extra: Vec<(String, String)>,
    place: Place,
    unsigned: String,
}

impl<'w> Call<'w> {
    pub(super) fn new(world: &'w World, method: Method, target: &str) -> Self {
        Self {
            world,
            method,
            target: target.to_owned(),
            body: Vec::new(),
            content_type: None,
            signer: None,
            timestamp: world.clock.now().seconds(),
            nonce: world.nonce(),
            signed_base: world.url(),
            headers: Vec::new(),
            extra: Vec::new(),
            place: Place::Header,
            unsigned: String::new(),
        }
    }

    pub(crate) fn by(mut self, person: &Person) -> Self {
        self.signer = Some(person.clone());
        self
    }

    pub(crate) fn json(self, body: &str) -> Self {
        self.raw("application/json", body.as_bytes())
    }

    pub(crate) fn form(self, body: &str) -> Self {
        self.raw("application/x-www-form-urlencoded", body.as_bytes())
    }

    /// A multipart body; a part called `media` is a file.
    pub(crate) fn parts(self, parts: &[(&str, &[u8])]) -> Self {
        let mut body = Vec::new();
        for (name, bytes) in parts {
            let file = if *name == "media" { "; filename=\"jon.jpg\"" } else { "" };
            let head =
                format!("--edge\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n");
            body.extend_from_slice(head.as_bytes());
            body.extend_from_slice(bytes);
            body.extend_from_slice(b"\r\n");
        }
        body.extend_from_slice(b"--edge--\r\n");
        self.raw("multipart/form-data; boundary=edge", &body)
    }

    pub(crate) fn raw(mut self, content_type: &str, body: &[u8]) -> Self {
        self.content_type = Some(content_type.to_owned());
        self.body = body.to_vec();
        self
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Another `oauth_*` parameter, which is signed too.
    pub(crate) fn parameter(mut self, name: &str, value: &str) -> Self {
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Signed so many seconds off the server's clock.
    pub(crate) fn off(mut self, seconds: i64) -> Self {
        self.timestamp += seconds;
        self
    }

    pub(crate) fn nonce(mut self, nonce: &str) -> Self {
        nonce.clone_into(&mut self.nonce);
        self
    }

    /// Signed for another base URL than it is sent to.
    pub(crate) fn signed_for(mut self, base: &str) -> Self {
        base.clone_into(&mut self.signed_base);
        self
    }

    fn authorization(&self, person: &Person) -> String {
        let credentials = guise_oauth1::Credentials {
            consumer_key: &person.consumer_key,
            consumer_secret: &person.consumer_secret,
            token: Some(&*person.token).filter(|token| !token.is_empty()),
            token_secret: &person.token_secret,
        };
        let form = self.content_type.as_deref() == Some("application/x-www-form-urlencoded");
        let form = form.then_some(self.body.as_slice());
        let url = format!("{}{}", self.signed_base, self.target);
        let timestamp = u64::try_from(self.timestamp).unwrap();
        let extra: Vec<_> =
            self.extra.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let method = self.method.as_str();
        guise_oauth1::sign(&credentials, method, &url, form, timestamp, &self.nonce, &extra)
    }

    /// With the `oauth_*` parameters in the query.
    pub(crate) fn in_query(mut self) -> Self {
        self.place = Place::Query;
        self
    }

    /// With the `oauth_*` parameters in the form that is the body.
    pub(crate) fn in_form(mut self) -> Self {
        self.place = Place::Form;
        self
    }

    /// Appends to the form what its signature does not cover.
    pub(crate) fn unsigned(mut self, pairs: &str) -> Self {
        pairs.clone_into(&mut self.unsigned);
        self
    }

    /// Signs: the target, all headers, and the body, as they are sent.
    fn signed(mut self) -> (String, Vec<(String, String)>, Vec<u8>) {
        let authorization = self.signer.clone().map(|person| self.authorization(&person));
        let (mut target, mut body, mut headers) = (self.target, self.body, self.headers);
        if let Some(authorization) = authorization {
            let parameters = authorization.strip_prefix("OAuth ").unwrap();
            let pairs = parameters.replace(", ", "&").replace('"', "");
            match self.place {
                Place::Header => headers.push(("authorization".to_owned(), authorization)),
                Place::Query => {
                    target.push(if target.contains('?') { '&' } else { '?' });
                    target.push_str(&pairs);
                }
                Place::Form => body.extend_from_slice(format!("&{pairs}").as_bytes()),
            }
        }
        body.extend_from_slice(self.unsigned.as_bytes());
        if let Some(content_type) = self.content_type.take() {
            headers.push(("content-type".to_owned(), content_type));
        }
        (target, headers, body)
    }

    /// The request as HTTP/1.1 has it, head and body, for those who send it themselves.
    pub(crate) fn bytes(self) -> (String, Vec<u8>) {
        let (method, address) = (self.method.clone(), self.world.address);
        let (target, headers, body) = self.signed();
        let mut head = format!("{method} {target} HTTP/1.1\r\nhost: {address}\r\n");
        for (name, value) in headers {
            write!(head, "{name}: {value}\r\n").unwrap();
        }
        (format!("{head}content-length: {}\r\n\r\n", body.len()), body)
    }

    pub(crate) async fn send(self) -> Reply {
        let http = self.world.http.clone();
        self.send_with(&http).await
    }

    /// Sends it with another client than the world's own.
    pub(crate) async fn send_with(self, http: &reqwest::Client) -> Reply {
        Reply::read(self.open_with(http).await).await
    }

    /// The answer as it begins: its body may go on.
    pub(crate) async fn open(self) -> reqwest::Response {
        let http = self.world.http.clone();
        self.open_with(&http).await
    }

    async fn open_with(self, http: &reqwest::Client) -> reqwest::Response {
        let (method, base) = (self.method.clone(), self.world.url());
        let (target, headers, body) = self.signed();
        let mut request = http.request(method, format!("{base}{target}"));
        for (name, value) in headers {
            request = request.header(name, value);
        }
        request.body(body).send().await.unwrap()
    }
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) version: Version,
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (version, status) = (response.version(), response.status());
        let headers = response.headers().clone();
        Self { version, status, headers, body: response.bytes().await.unwrap().to_vec() }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// A value of a success that is written as a form; none of ours needs escaping.
    #[track_caller]
    pub(crate) fn form(&self, name: &str) -> String {
        assert!(self.status.is_success(), "{} {}", self.status, self.json());
        assert_eq!(self.header("content-type"), "text/html;charset=utf-8");
        let body = std::str::from_utf8(&self.body).unwrap();
        let mut pairs = body.split('&').map(|pair| pair.split_once('=').unwrap());
        pairs.find(|(key, _)| *key == name).unwrap_or_else(|| panic!("{name}")).1.to_owned()
    }

    /// The JSON of a success.
    #[track_caller]
    pub(crate) fn success(&self) -> Value {
        assert!(self.status.is_success(), "{} {}", self.status, self.json());
        self.json()
    }

    /// Holds status and whole body.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &Value) {
        assert_eq!((self.status.as_u16(), self.json()), (status, body.clone()));
    }

    /// Holds status and whole body of the API's errors.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: u16, message: &str) {
        self.is(status, &json!({"errors": [{"code": code, "message": message}]}));
        assert_eq!(self.header("content-type"), "application/json;charset=utf-8");
    }

    /// Holds status and whole body of the errors beside the original's API.
    #[track_caller]
    pub(crate) fn refused_as(&self, status: u16, code: u16, slug: &str, message: &str) {
        self.is(status, &json!({"errors": [{"code": code, "slug": slug, "message": message}]}));
        assert_eq!(self.header("content-type"), "application/json;charset=utf-8");
    }

    /// Holds status and whole body of the upload's own errors.
    #[track_caller]
    pub(crate) fn upload_refused(&self, message: &str) {
        self.is(400, &json!({"request": "/1.1/media/upload.json", "error": message}));
    }

    /// Holds that the answer is empty, labelled as the original's.
    #[track_caller]
    pub(crate) fn empty(&self, status: u16) {
        assert_eq!((self.status.as_u16(), self.body.len()), (status, 0));
        assert_eq!(self.header("content-type"), "text/html;charset=utf-8");
    }
}

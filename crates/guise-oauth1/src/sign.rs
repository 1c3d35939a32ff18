//! Signing: what a client does.

use std::array;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

use crate::base_string::{self, Source};
use crate::encode::{percent_encode, push};
use crate::key::{self, SigningKey};

/// What a client signs with.
#[derive(Clone, Copy)]
pub struct Credentials<'a> {
    /// The app's public half.
    pub consumer_key: &'a str,
    /// The app's secret half.
    pub consumer_secret: &'a str,
    /// The token's public half; none before there is a token.
    pub token: Option<&'a str>,
    /// The token's secret half; empty without a token.
    pub token_secret: &'a str,
}

/// The `Authorization` header of a request to `url` (whole, with its query). `form` is the body if it is a form.
/// `timestamp` is in seconds since the epoch; `extra` are further `oauth_*` parameters.
#[must_use]
pub fn sign(
    credentials: &Credentials<'_>,
    method: &str,
    url: &str,
    form: Option<&[u8]>,
    timestamp: u64,
    nonce: &str,
    extra: &[(&str, &str)],
) -> String {
    let mut header = String::new();
    Signer::new(credentials, method, url, form, extra).sign(timestamp, nonce, &mut header);
    header
}

/// Stands where a nonce, a timestamp or a signature is still missing: what is encoded never holds it.
const MISSING: &str = "\n";

/// Signs one request again and again, each time with another nonce: everything else is done ahead.
#[derive(Clone)]
pub struct Signer {
    /// Fed with the base string up to the nonce.
    begun: Hmac<Sha1>,
    /// The base string between nonce and timestamp, and after it.
    base: [String; 2],
    /// The header around nonce, signature and timestamp.
    header: [String; 4],
}

impl Signer {
    /// A signer of requests to `url`; the parameters are those of [`sign`].
    #[must_use]
    pub fn new(
        credentials: &Credentials<'_>,
        method: &str,
        url: &str,
        form: Option<&[u8]>,
        extra: &[(&str, &str)],
    ) -> Self {
        let url = url.split('#').next().unwrap_or_default();
        let (base_url, query) = url.split_once('?').unwrap_or((url, ""));
        let mut header: Vec<(String, String)> = [
            ("oauth_consumer_key", credentials.consumer_key),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_version", "1.0"),
        ]
        .into_iter()
        .chain(credentials.token.map(|token| ("oauth_token", token)))
        .chain(extra.iter().copied())
        .map(|(name, value)| (percent_encode(name), percent_encode(value)))
        .collect();
        let missing = |name: &str| (name.to_owned(), MISSING.to_owned());
        header.extend(["oauth_nonce", "oauth_timestamp"].map(missing));

        let own = header.iter().map(|(name, value)| base_string::Parameter {
            name: name.into(),
            value: value.into(),
            source: Source::Header,
        });
        let mut parameters: Vec<_> = own
            .chain(base_string::split(query.as_bytes(), Source::Query))
            .chain(base_string::split(form.unwrap_or_default(), Source::Form))
            .collect();
        base_string::sort(&mut parameters);
        let mut base = String::new();
        base_string::write(
            &mut |piece| base.push_str(&String::from_utf8_lossy(piece)),
            method,
            base_url,
            parameters.iter(),
        );
        let [before, between, after] = pieces(&base);
        let key = SigningKey::new(credentials.consumer_secret, credentials.token_secret);
        let begun = key.begin().chain_update(before.as_bytes());
        header.push(missing("oauth_signature"));
        header.sort_unstable();
        let list: Vec<_> =
            header.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
        Self {
            begun,
            base: [between, after],
            header: pieces(&format!("OAuth {}", list.join(", "))),
        }
    }

    /// Appends the value of the `Authorization` header. `timestamp` is in seconds since the epoch.
    pub fn sign(&self, timestamp: u64, nonce: &str, to: &mut String) {
        let [begin, signature, end @ ..] = &self.header;
        let timestamp = timestamp.to_string();
        let mut mac = self.begun.clone();
        to.push_str(begin);
        let at = to.len();
        nonce.bytes().for_each(|byte| push(to, byte));
        let nonce = to.get(at..).unwrap_or_default();
        base_string::encode_again(&mut |piece| mac.update(piece), nonce);
        for piece in [&self.base[0], &timestamp, &self.base[1]] {
            mac.update(piece.as_bytes());
        }
        let mut encoded = [0; 28];
        let length = STANDARD.encode_slice(key::finish(mac), &mut encoded).unwrap_or_default();
        to.push_str(signature);
        encoded.into_iter().take(length).for_each(|byte| push(to, byte));
        for piece in [&end[0], &timestamp, &end[1]] {
            to.push_str(piece);
        }
    }
}

/// What lies around what is [`MISSING`].
fn pieces<const COUNT: usize>(text: &str) -> [String; COUNT] {
    let mut pieces = text.split(MISSING);
    array::from_fn(|_| pieces.next().unwrap_or_default().to_owned())
}

//! Signing: what a client does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::base_string::{self, Source};
use crate::encode::percent_encode;
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
    let url = url.split('#').next().unwrap_or_default();
    let (base_url, query) = url.split_once('?').unwrap_or((url, ""));
    let timestamp = timestamp.to_string();
    let mut header: Vec<(String, String)> = [
        ("oauth_consumer_key", credentials.consumer_key),
        ("oauth_nonce", nonce),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", &timestamp),
        ("oauth_version", "1.0"),
    ]
    .into_iter()
    .chain(credentials.token.map(|token| ("oauth_token", token)))
    .chain(extra.iter().copied())
    .map(|(name, value)| (percent_encode(name), percent_encode(value)))
    .collect();

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
    let mut mac = SigningKey::new(credentials.consumer_secret, credentials.token_secret).begin();
    base_string::write(
        &mut |piece| hmac::Mac::update(&mut mac, piece),
        method,
        base_url,
        parameters.iter(),
    );
    let signature = STANDARD.encode(key::finish(mac));
    header.push(("oauth_signature".to_owned(), percent_encode(&signature)));
    header.sort_unstable();
    let list: Vec<_> = header.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("OAuth {}", list.join(", "))
}

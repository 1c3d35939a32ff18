//! Each mistake, made on purpose by a signer of our own, is found, and nothing else is.

#![expect(clippy::unwrap_used, reason = "a test may panic, and so may what it calls")]

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use guise_oauth1::{
    ATTEMPTS_MAX, Diagnosis, Evidence, Mistake, ParseError, Request, diagnose, percent_encode,
};
use hmac::{Hmac, KeyInit, Mac};
use proptest::prelude::*;
use sha1::Sha1;
use sha2::Sha256;

const URL: &str = "http://127.0.0.1:8080/1.1/custom_profiles/list.json";
const SECRETS: (&str, &str) = ("consumer/secret", "token+secret");
const NOW: i64 = 1_800_000_000;

/// A client that signs as it likes and sends what is right.
#[derive(Clone)]
struct Client {
    method: String,
    url: String,
    /// Sent in the query.
    query: Vec<(String, String)>,
    form: Option<Vec<(String, String)>>,
    /// What else is signed, already encoded.
    also: Vec<(String, String)>,
    unsigned: Vec<&'static str>,
    inner: fn(&str) -> String,
    /// Parameters it is used for; all when empty.
    inner_for: Vec<&'static str>,
    outer: fn(&str) -> String,
    sorted: bool,
    key: String,
    mac: fn(&[u8], &[u8]) -> Vec<u8>,
    written: fn(&[u8]) -> String,
    timestamp: String,
    body: Option<Vec<Vec<u8>>>,
}

fn right_key() -> String {
    format!("{}&{}", percent_encode(SECRETS.0), percent_encode(SECRETS.1))
}

fn sha1(key: &[u8], message: &[u8]) -> Vec<u8> {
    Hmac::<Sha1>::new_from_slice(key)
        .unwrap()
        .chain_update(message)
        .finalize()
        .into_bytes()
        .to_vec()
}

fn sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.chain_update(message).finalize().into_bytes().to_vec()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn written(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", percent_encode(name), percent_encode(value))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

impl Client {
    fn new() -> Self {
        Self {
            method: "POST".to_owned(),
            url: URL.to_owned(),
            query: pairs(&[("b", "x y~(!),é/"), ("a", "1")]),
            form: Some(pairs(&[("text", "Hello, World + 100%"), ("z", "~*")])),
            also: Vec::new(),
            unsigned: Vec::new(),
            inner: percent_encode,
            inner_for: Vec::new(),
            outer: percent_encode,
            sorted: true,
            key: right_key(),
            mac: sha1,
            written: |mac| percent_encode(&STANDARD.encode(mac)),
            timestamp: NOW.to_string(),
            body: Some(Vec::new()),
        }
    }

    fn get() -> Self {
        Self { method: "GET".to_owned(), form: None, ..Self::new() }
    }

    fn header(&self) -> String {
        let own = pairs(&[
            ("oauth_consumer_key", "ck"),
            ("oauth_token", "1-tk"),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_timestamp", &self.timestamp),
            ("oauth_nonce", "n+1/="),
            ("oauth_version", "1.0"),
        ]);
        let mut signed: Vec<(String, String)> = own
            .iter()
            .chain(&self.query)
            .chain(self.form.iter().flatten())
            .filter(|(name, _)| !self.unsigned.contains(&name.as_str()))
            .map(|(name, value)| {
                let wrong = self.inner_for.is_empty() || self.inner_for.contains(&name.as_str());
                let encode = if wrong { self.inner } else { percent_encode };
                (encode(name), encode(value))
            })
            .chain(self.also.iter().cloned())
            .collect();
        if self.sorted {
            signed.sort();
        }
        let joined: Vec<_> = signed.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let (url, joined) = ((self.outer)(&self.url), (self.outer)(&joined.join("&")));
        let message = format!("{}&{url}&{joined}", self.method);
        let signature = (self.written)(&(self.mac)(self.key.as_bytes(), message.as_bytes()));
        let list: Vec<_> = own
            .iter()
            .map(|(name, value)| format!("{name}=\"{}\"", percent_encode(value)))
            .collect();
        format!("OAuth {}, oauth_signature=\"{signature}\"", list.join(", "))
    }

    fn sent_as(&self, method: &str, base_urls: &[&str]) -> Diagnosis {
        let (header, query) = (self.header(), written(&self.query));
        let form = self.form.as_ref().map(|form| written(form).replace("%20", "+"));
        let base_urls: Vec<String> = base_urls.iter().map(|url| (*url).to_owned()).collect();
        diagnose(&Evidence {
            request: Request {
                method,
                query: &query,
                form: form.as_ref().map(String::as_bytes),
                authorization: Some(&header),
            },
            unsigned: self.body.as_deref(),
            base_urls: &base_urls,
            consumer_secret: SECRETS.0,
            token_secret: SECRETS.1,
            needs_token: true,
            now: NOW,
            skew_seconds_max: 900,
        })
    }

    /// What is found when it is sent as it should be.
    fn mistakes(&self) -> Vec<Mistake> {
        let method =
            if self.form.is_some() || self.body != Some(Vec::new()) { "POST" } else { "GET" };
        let diagnosis =
            self.sent_as(method, &[URL, "https://api.example.com/1.1/custom_profiles/list.json"]);
        assert!(diagnosis.attempts <= ATTEMPTS_MAX);
        for mistake in &diagnosis.mistakes {
            let says = mistake.to_string();
            assert!(says.ends_with('.') && says.len() > 20 && !mistake.slug().is_empty(), "{says}");
            assert!(!says.contains("consumer/secret") && !says.contains("token+secret"), "{says}");
        }
        diagnosis.mistakes
    }
}

fn url(signed: &str) -> Mistake {
    Mistake::Url { signed: signed.to_owned(), expected: URL.to_owned() }
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_right_request_has_no_mistake() {
    for client in [Client::new(), Client::get()] {
        assert_eq!(client.mistakes(), []);
    }
    let elsewhere = "https://api.example.com/1.1/custom_profiles/list.json".to_owned();
    assert_eq!(Client { url: elsewhere, ..Client::new() }.mistakes(), []);
}

#[test]
fn another_url_is_named() {
    for signed in [
        "https://127.0.0.1:8080/1.1/custom_profiles/list.json",
        "http://localhost/1.1/custom_profiles/list.json",
        "http://localhost:8080/1.1/custom_profiles/list.json",
        "http://127.0.0.1:80/1.1/custom_profiles/list.json",
        "https://127.0.0.1:8443/1.1/custom_profiles/list.json",
        "http://127.0.0.1:8080/1.1/custom_profiles/list",
        "http://127.0.0.1:8080/1.1/custom_profiles/list.json/",
        "http://127.0.0.1:8080/custom_profiles/list.json",
        "https://localhost/1.1/custom_profiles/list",
    ] {
        let client = Client { url: signed.to_owned(), ..Client::new() };
        assert_eq!(client.mistakes(), [url(signed)], "{signed}");
        let diagnosis = client.sent_as("POST", &[URL]);
        assert!(
            diagnosis.base_string.unwrap().starts_with("POST&http%3A%2F%2F127.0.0.1%3A8080%2F1.1")
        );
        assert!(
            diagnosis.signed.unwrap().starts_with(&format!("POST&{}&a", percent_encode(signed)))
        );
    }
    let query = format!("{URL}?{}", written(&Client::new().query));
    assert_eq!(Client { url: query.clone(), ..Client::new() }.mistakes(), [Mistake::QueryInUrl]);
    let cut = Client { url: query, unsigned: vec!["a", "b"], ..Client::new() };
    assert_eq!(cut.mistakes(), [Mistake::QueryInUrl, Mistake::QueryUnsigned]);
    let ported = Client {
        url: "https://api.example.com:443/1.1/custom_profiles/list.json".into(),
        ..Client::new()
    };
    let expected = "https://api.example.com/1.1/custom_profiles/list.json".to_owned();
    assert_eq!(ported.mistakes(), [Mistake::Url { signed: ported.url, expected }]);
}

#[test]
fn what_should_not_be_signed_or_should_be_is_named() {
    let body = br#"{"custom_profile":{"name":"A & B = C"}}"#.to_vec();
    let as_form = pairs(&[("{\"custom_profile\":{\"name\":\"A ", ""), (" B ", " C\"}}")]);
    let also: Vec<_> =
        as_form.iter().map(|(name, value)| (percent_encode(name), percent_encode(value))).collect();
    let json = Client { body: Some(vec![body]), also, form: None, ..Client::new() };
    assert_eq!(json.mistakes(), [Mistake::BodySigned]);
    let unkept = Client { body: None, ..json.clone() };
    assert_eq!(unkept.mistakes(), [Mistake::NothingFits { body_untried: true }]);
    let fields = vec![b"never=1".to_vec(), b"media_category=dm_image".to_vec()];
    let also = pairs(&[("media_category", "dm_image")]);
    let multipart = Client { body: Some(fields), also, form: None, ..Client::new() };
    assert_eq!(multipart.mistakes(), [Mistake::BodySigned]);
    let elsewhere = Client { url: "http://localhost/1.1/custom_profiles/list.json".into(), ..json };
    assert_eq!(elsewhere.mistakes(), [url(&elsewhere.url), Mistake::BodySigned]);
    for (unsigned, mistake) in [
        (vec!["a", "b"], Mistake::QueryUnsigned),
        (vec!["text", "z"], Mistake::FormUnsigned),
        (vec!["a", "b", "text", "z"], Mistake::OnlyProtocolSigned),
        (vec!["oauth_token"], Mistake::ParameterUnsigned("oauth_token".into())),
        (vec!["oauth_version"], Mistake::ParameterUnsigned("oauth_version".into())),
    ] {
        assert_eq!(Client { unsigned, ..Client::new() }.mistakes(), [mistake]);
    }
    assert_eq!(Client { sorted: false, ..Client::new() }.mistakes(), [Mistake::Unsorted]);
}

fn twice(text: &str) -> String {
    percent_encode(&percent_encode(text))
}

fn raw(text: &str) -> String {
    text.to_owned()
}

fn plus(text: &str) -> String {
    percent_encode(text).replace("%20", "+")
}

fn java(text: &str) -> String {
    plus(text).replace('~', "%7E").replace("%2A", "*")
}

fn javascript(text: &str) -> String {
    let mut text = percent_encode(text);
    for (escape, char) in [("%21", "!"), ("%2A", "*"), ("%27", "'"), ("%28", "("), ("%29", ")")] {
        text = text.replace(escape, char);
    }
    text
}

fn old_php(text: &str) -> String {
    percent_encode(text).replace('~', "%7E")
}

fn lower(text: &str) -> String {
    let encoded = percent_encode(text);
    let mut pieces = encoded.split('%');
    let first = pieces.next().unwrap().to_owned();
    pieces.fold(first, |text, piece| {
        format!("{text}%{}{}", piece[..2].to_ascii_lowercase(), &piece[2..])
    })
}

#[test]
fn encoders_of_all_kinds_are_named_with_the_parameters_they_spoil() {
    use Mistake as M;
    let with = |inner, outer| Client { inner, outer, ..Client::new() }.mistakes();
    let all = || names(&["oauth_nonce", "b", "text", "z"]);
    assert_eq!(with(twice, percent_encode), [M::EncodedTwice(all())]);
    assert_eq!(with(raw, percent_encode), [M::NotEncoded(all())]);
    assert_eq!(with(plus, percent_encode), [M::SpaceAsPlus(names(&["b", "text"]))]);
    for (inner, outer) in
        [(java as fn(&str) -> String, percent_encode as fn(&str) -> String), (java, java)]
    {
        let found = with(inner, outer);
        assert!(matches!(&found[..], [M::SpaceAsPlus(_)]), "{found:?}");
    }
    let parameters = names(&["b", "z"]);
    let left = || vec![M::LeftAlone { characters: "!*'()", parameters: parameters.clone() }];
    assert_eq!(with(javascript, percent_encode), left());
    assert_eq!(with(javascript, javascript), left());
    assert_eq!(with(old_php, percent_encode), [M::TildeEncoded(names(&["b", "z"]))]);
    assert_eq!(with(lower, lower), [M::LowerCaseEscapes]);
    assert_eq!(with(percent_encode, raw), [M::PartsNotEncoded]);
    for name in ["text", "b"] {
        let one = |inner| Client { inner, inner_for: vec![name], ..Client::new() }.mistakes();
        assert_eq!(one(twice), [M::EncodedTwice(names(&[name]))]);
        assert_eq!(one(raw), [M::NotEncoded(names(&[name]))]);
    }
    let sent = Client { inner: twice, inner_for: vec!["text", "b", "z"], ..Client::new() };
    assert_eq!(sent.mistakes(), [M::EncodedTwice(names(&["b", "text", "z"]))]);
    let scheme = "https://127.0.0.1:8080/1.1/custom_profiles/list.json".to_owned();
    let both = Client { url: scheme.clone(), inner: twice, ..Client::new() };
    assert_eq!(both.mistakes(), [url(&scheme), M::EncodedTwice(all())]);
}

fn hex(mac: &[u8]) -> String {
    mac.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

#[test]
fn a_signature_whose_plus_became_a_space_is_named() {
    // The nonce is drawn until the signature has a plus sign in it.
    let found = (0..100).find_map(|at| {
        let timestamp = (NOW + at).to_string();
        let header = Client { timestamp, ..Client::get() }.header();
        let signature = header.split("oauth_signature=\"").nth(1)?.strip_suffix('"')?;
        signature.contains("%2B").then(|| header.clone())
    });
    let header = found.unwrap();
    let pairs = header.trim_start_matches("OAuth ").replace(", ", "&").replace('"', "");
    let query = format!("{}&{}", written(&Client::get().query), pairs.replace("%2B", "+"));
    let query = query.replace("oauth_nonce=n+1", "oauth_nonce=n%2B1");
    let request = Request { method: "GET", query: &query, form: None, authorization: None };
    let diagnosis = diagnose(&Evidence {
        request,
        unsigned: Some(&[]),
        base_urls: &[URL.to_owned()],
        consumer_secret: SECRETS.0,
        token_secret: SECRETS.1,
        needs_token: true,
        now: NOW,
        skew_seconds_max: 900,
    });
    assert_eq!(diagnosis.mistakes, [Mistake::SignatureNotEncoded]);
}

#[test]
fn wrong_keys_hashes_and_signatures_are_named() {
    use Mistake as M;
    let (consumer, token) = (percent_encode(SECRETS.0), percent_encode(SECRETS.1));
    for (key, mistake) in [
        (format!("{consumer}{token}"), M::KeyWithoutAmpersand),
        (format!("{token}&{consumer}"), M::SecretsSwapped),
        (format!("{consumer}&"), M::TokenSecretMissing),
        (consumer.clone(), M::TokenSecretMissing),
        (format!("&{token}"), M::ConsumerSecretMissing),
        (format!("{}&{}", SECRETS.0, SECRETS.1), M::SecretsNotEncoded),
        (
            format!("{}&{}", percent_encode(&consumer), percent_encode(&token)),
            M::SecretsEncodedTwice,
        ),
        (format!("{consumer}&{token}%0A"), M::SecretWithLineBreak),
        (format!("ck&{token}"), M::PublicHalfAsSecret),
        (format!("{consumer}&other"), M::NothingFits { body_untried: false }),
    ] {
        assert_eq!(Client { key, ..Client::new() }.mistakes(), [mistake]);
    }
    let written = |written| Client { written, ..Client::new() }.mistakes();
    assert_eq!(written(|mac| twice(&STANDARD.encode(mac))), [M::SignatureEncodedTwice]);
    assert_eq!(written(|mac| URL_SAFE_NO_PAD.encode(mac)), [M::SignatureAlphabet]);
    assert_eq!(written(hex), [M::SignatureInHex]);
    let php = written(|mac| percent_encode(&STANDARD.encode(hex(mac))));
    assert_eq!(php, [M::SignatureInHex]);
    assert_eq!(Client { mac: sha256, ..Client::new() }.mistakes(), [M::Sha256]);
    let key = format!("{consumer}{token}");
    let both = Client { key, unsigned: vec!["a", "b"], ..Client::new() };
    assert_eq!(both.mistakes(), [M::QueryUnsigned, M::KeyWithoutAmpersand]);
}

#[test]
fn a_method_in_lower_case_or_another_is_named() {
    for (signed, sent) in [("post", "POST"), ("GET", "POST"), ("Post", "POST")] {
        let client = Client { method: signed.to_owned(), ..Client::new() };
        let expected = sent.to_owned();
        let mistake = Mistake::Method { signed: signed.to_owned(), expected };
        assert_eq!(client.sent_as(sent, &[URL]).mistakes, [mistake]);
    }
}

#[test]
fn a_clock_that_is_off_is_told_beside_whatever_else_is_wrong() {
    let late = Client { timestamp: (NOW - 901).to_string(), ..Client::new() };
    assert_eq!(late.mistakes(), [Mistake::Clock { skew_seconds: -901 }]);
    let just = Client { timestamp: (NOW - 900).to_string(), ..Client::new() };
    assert_eq!(just.mistakes(), []);
    let millis = Client { timestamp: format!("{NOW}000"), ..Client::new() };
    assert_eq!(millis.mistakes(), [Mistake::Milliseconds]);
    let both = Client { unsigned: vec!["a", "b"], ..late };
    assert_eq!(both.mistakes(), [Mistake::QueryUnsigned, Mistake::Clock { skew_seconds: -901 }]);
    assert_eq!(both.sent_as("POST", &[URL]).skew_seconds, Some(-901));
}

#[test]
fn credentials_that_cannot_be_read_are_told_so() {
    let told = |authorization: &str| {
        let authorization = Some(authorization);
        let request = Request { method: "GET", query: "", form: None, authorization };
        diagnose(&Evidence {
            request,
            unsigned: Some(&[]),
            base_urls: &[URL.to_owned()],
            consumer_secret: "a",
            token_secret: "b",
            needs_token: true,
            now: NOW,
            skew_seconds_max: 900,
        })
        .mistakes
    };
    assert_eq!(told("Basic x"), [Mistake::Unreadable(ParseError::Missing)]);
    let header = Client::get().header();
    let sha = header.replace("HMAC-SHA1", "HMAC-SHA256");
    assert_eq!(told(&sha), [Mistake::Unreadable(ParseError::UnsupportedMethod)]);
    let without = header.replace("oauth_token=\"1-tk\", ", "");
    assert_eq!(told(&without)[0], Mistake::TokenMissing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn whatever_the_parameters_a_mistake_is_found_and_no_other(
        query in proptest::collection::vec(("[a-z]{1,6}", "\\PC{0,12}"), 1..4),
        form in proptest::collection::vec(("[a-z]{1,6}", "\\PC{0,12}"), 1..4),
        which in 0..8_usize,
    ) {
        use Mistake as M;
        let right = Client { query: query.clone(), form: Some(form.clone()), ..Client::new() };
        prop_assert_eq!(right.mistakes(), []);
        let text: String = query.iter().chain(&form).map(|(_, value)| value.as_str()).collect();
        let has = |chars: &str| text.contains(|char| chars.contains(char));
        let strict = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        let (client, found): (Client, fn(&[Mistake]) -> bool) = match which {
            0 => (Client { inner: twice, ..right }, |found| matches!(found, [M::EncodedTwice(_)])),
            1 => (Client { inner: raw, ..right }, |found| matches!(found, [M::NotEncoded(_)])),
            2 if has(" ") => (Client { inner: plus, ..right }, |found| matches!(found, [M::SpaceAsPlus(_)])),
            3 if has("!*'()") => {
                (Client { inner: javascript, ..right }, |found| matches!(found, [M::LeftAlone { .. }]))
            }
            4 if has("~") => (Client { inner: old_php, ..right }, |found| matches!(found, [M::TildeEncoded(_)])),
            5 if !strict => (Client { inner: lower, ..right }, |found| matches!(found, [M::LowerCaseEscapes])),
            6 => (
                Client { url: URL.replace("http:", "https:"), ..right },
                |found| matches!(found, [M::Url { .. }]),
            ),
            7 => (
                Client { key: "x&y".to_owned(), ..right },
                |found| matches!(found, [M::NothingFits { body_untried: false }]),
            ),
            _ => return Ok(()),
        };
        let mistakes = client.mistakes();
        prop_assert!(found(&mistakes), "{mistakes:?}");
    }

    #[test]
    fn garbage_never_panics(
        method in "\\PC{0,6}", query in "\\PC{0,60}", header in "(OAuth )?\\PC{0,80}",
        form in proptest::collection::vec(any::<u8>(), 0..80), url in "(http://)?\\PC{0,30}",
        body in proptest::collection::vec(any::<u8>(), 0..80), now in any::<i64>(), skew in any::<i64>(),
        signature in "\\PC{0,30}", timestamp in any::<u64>(), whole in any::<bool>(),
    ) {
        let rest = format!(
            "OAuth oauth_consumer_key=k, oauth_token=t, oauth_signature_method=HMAC-SHA1, oauth_nonce=n, \
             oauth_timestamp={timestamp}, oauth_signature=\"{}\"",
            percent_encode(&signature)
        );
        let authorization = Some(if whole { rest.as_str() } else { header.as_str() });
        let request = Request { method: &method, query: &query, form: Some(&form), authorization };
        let diagnosis = diagnose(&Evidence {
            request,
            unsigned: Some(&[body]),
            base_urls: &[url],
            consumer_secret: "a",
            token_secret: "b",
            needs_token: true,
            now,
            skew_seconds_max: skew,
        });
        prop_assert!(diagnosis.attempts <= ATTEMPTS_MAX);
        prop_assert!(!diagnosis.mistakes.is_empty());
    }
}

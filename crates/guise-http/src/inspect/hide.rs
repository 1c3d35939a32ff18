//! What nobody sees: secrets in headers, queries and texts.

use std::borrow::Cow;

use bytes::Bytes;
use guise_domain::limits::INSPECTED_TEXT_BYTES_MAX;
use guise_oauth1::{percent_decode, percent_encode};
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::entry::Pairs;
use crate::wire;

const HIDDEN: &str = "(hidden)";
/// More protocol parameters than there are.
const OAUTH_PARAMETERS_MAX: usize = 32;

/// What the names of secrets have in them.
const SECRETS: [&str; 9] = [
    "secret",
    "password",
    "cookie",
    "verifier",
    "csrf",
    "api-key",
    "apikey",
    "token",
    "authorization",
];

/// Whether what has this name is a secret, or opens something.
fn is_secret(name: &str) -> bool {
    let has = |word: &str| {
        name.as_bytes().windows(word.len()).any(|part| part.eq_ignore_ascii_case(word.as_bytes()))
    };
    SECRETS.into_iter().any(has)
}

/// A token's public half as it is shown: whose it is, and its first letters.
pub(super) fn shortened(token: &str) -> String {
    let start = token.find('-').map_or(0, |at| at + 1);
    let shown: String = token.chars().take(start + 4).collect();
    if shown.len() < token.len() { format!("{shown}…") } else { shown }
}

/// A value as it is shown.
fn shown<'a>(name: &str, value: Cow<'a, str>) -> Cow<'a, str> {
    match name {
        "oauth_token" => shortened(&value).into(),
        _ if is_secret(name) => HIDDEN.into(),
        _ => value,
    }
}

/// The headers, up to a length. The authorization is shown as its parameters, elsewhere.
pub(super) fn headers(headers: &HeaderMap) -> Pairs {
    let mut room = INSPECTED_TEXT_BYTES_MAX;
    let mut kept = Pairs::with_capacity(headers.len());
    for (name, value) in headers {
        let text = value_of(name.as_str(), value);
        let Some(left) = room.checked_sub(name.as_str().len() + text.len()) else { break };
        room = left;
        kept.push(name.as_str(), &text);
    }
    kept
}

fn value_of<'a>(name: &str, value: &'a HeaderValue) -> Cow<'a, str> {
    let text = String::from_utf8_lossy(value.as_bytes());
    if name == AUTHORIZATION.as_str() {
        let scheme = text.split_ascii_whitespace().next().unwrap_or_default();
        let known = ["OAuth", "Bearer", "Basic"].iter().find(|it| it.eq_ignore_ascii_case(scheme));
        return known.map_or(HIDDEN.into(), |scheme| format!("{scheme} {HIDDEN}").into());
    }
    shown(name, text)
}

/// Path and query, up to a length.
pub(super) fn path(path: &str, query: Option<&str>) -> String {
    let mut text = path.to_owned();
    if let Some(query) = query {
        let pairs = query.split('&').map(|pair| {
            let Some((name, value)) = pair.split_once('=') else { return pair.to_owned() };
            format!("{name}={}", shown(&decoded(name), value.into()))
        });
        text = format!("{text}?{}", pairs.collect::<Vec<_>>().join("&"));
    }
    truncated(&text, INSPECTED_TEXT_BYTES_MAX).to_owned()
}

fn decoded(name: &str) -> String {
    let pairs = wire::Pairs::parse(name.as_bytes());
    pairs.iter().next().map_or(String::new(), |(name, _)| name.to_owned())
}

/// The protocol parameters among these. A signature that is no hash may be the very key.
pub(super) fn oauth(parameters: Vec<(Cow<'_, str>, Cow<'_, str>)>) -> Pairs {
    let hash = parameters
        .iter()
        .any(|(name, value)| name == "oauth_signature_method" && value.starts_with("HMAC-"));
    let mut kept = Pairs::with_capacity(parameters.len().min(OAUTH_PARAMETERS_MAX));
    for (name, value) in parameters.into_iter().take(OAUTH_PARAMETERS_MAX) {
        let value =
            if name == "oauth_signature" && !hash { HIDDEN.into() } else { shown(&name, value) };
        kept.push(&name, truncated(&value, INSPECTED_TEXT_BYTES_MAX / 8));
    }
    kept
}

/// A form's text without its secrets; any other text as it is.
pub(super) fn form(text: &str) -> String {
    path("", Some(text)).split_off(1)
}

/// A JSON text without its secrets; whatever else it is, and JSON that has none, as it is.
pub(super) fn json(text: &Bytes) -> Bytes {
    let mut value = serde_json::from_slice(text).unwrap_or(Value::Null);
    if !members(&mut value) {
        return text.clone();
    }
    serde_json::to_vec(&value).map_or_else(|_| Bytes::new(), Bytes::from)
}

/// Hides the members that are secrets; whether there were any.
fn members(value: &mut Value) -> bool {
    let hide = |(name, member): (&String, &mut Value)| {
        if is_secret(name) {
            *member = HIDDEN.into();
            return true;
        }
        members(member)
    };
    // Each of them, not up to the first.
    match value {
        Value::Array(items) => items.iter_mut().map(members).fold(false, |any, one| any | one),
        Value::Object(named) => named.iter_mut().map(hide).fold(false, |any, one| any | one),
        _ => false,
    }
}

/// A base string without the secrets among its parameters. Clients that encode wrongly are explained too, so what keeps
/// parameters apart may be encoded or not. A token's public half stays: without it nobody sees a wrong one.
pub(super) fn base_string(text: &str) -> String {
    let parameters = text.match_indices('&').nth(1).map_or(text.len(), |(at, _)| at + 1);
    let (start, parameters) = text.split_at(parameters);
    let pieces = parameters.split('&').map(|piece| {
        let parameters: Vec<String> = piece.split("%26").map(parameter).collect();
        parameters.join("%26")
    });
    format!("{start}{}", pieces.collect::<Vec<_>>().join("&"))
}

/// A parameter as it stands in a base string.
fn parameter(text: &str) -> String {
    let ends = ["%3D", "="].map(|equals| text.find(equals).map(|at| (at, at + equals.len())));
    let Some((end, value)) = ends.into_iter().flatten().min() else { return text.to_owned() };
    let [name, start] = [end, value].map(|at| text.get(..at).unwrap_or_default());
    let plain = percent_decode(&percent_decode(name));
    if is_secret(&plain) && plain != "oauth_token" {
        format!("{start}{}", percent_encode(HIDDEN))
    } else {
        text.to_owned()
    }
}

/// The first bytes of a text that make whole characters.
pub(super) fn truncated(text: &str, bytes_max: usize) -> &str {
    text.get(..text.floor_char_boundary(bytes_max)).unwrap_or_default()
}

/// Takes these very secrets out of everything, wherever a client put them.
pub(super) fn known(shown: &mut Value, secrets: &[String]) {
    match shown {
        Value::String(text) => {
            for secret in secrets {
                if text.contains(secret.as_str()) {
                    *text = text.replace(secret.as_str(), HIDDEN);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| known(item, secrets)),
        Value::Object(members) => members.values_mut().for_each(|member| known(member, secrets)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_hidden_and_signatures_stay() {
        assert_eq!(
            path(
                "/a",
                Some("x=%20&oauth_token=12-abcdefgh&oauth_signature=s%3D&my%5Fsecret=s&flag")
            ),
            "/a?x=%20&oauth_token=12-abcd…&oauth_signature=s%3D&my%5Fsecret=(hidden)&flag"
        );
        let pairs = |method: &str| {
            let pairs = [("oauth_signature_method", method), ("oauth_signature", "a&b")];
            oauth(pairs.map(|(name, value)| (name.into(), value.into())).to_vec())
        };
        let values =
            |pairs: Pairs| pairs.iter().map(|(_, value)| value.to_owned()).collect::<Vec<_>>();
        assert_eq!(values(pairs("HMAC-SHA1")), ["HMAC-SHA1", "a&b"]);
        assert_eq!(values(pairs("PLAINTEXT")), ["PLAINTEXT", "(hidden)"]);
        let mut map = HeaderMap::new();
        for (name, value) in
            [("authorization", "OAuth a=\"b\""), ("cookie", "a=b"), ("x-a", "b"), ("x-token", "t")]
        {
            map.insert(name, value.parse().unwrap());
        }
        assert_eq!(values(headers(&map)), ["OAuth (hidden)", "(hidden)", "b", "(hidden)"]);
        let bytes = |text: &str| Bytes::copy_from_slice(text.as_bytes());
        for same in ["", "no json", "{ \"a\": [1] }", "{\"password\": "] {
            assert_eq!(json(&bytes(same)), same);
        }
        assert_eq!(
            json(&bytes("{ \"a\": [{\"Password\": {\"b\": 1}}, {\"my_token\": 2}] }")),
            "{\"a\":[{\"Password\":\"(hidden)\"},{\"my_token\":\"(hidden)\"}]}"
        );
        for (whole, without) in [
            ("GET", "GET"),
            ("GET&http%3A%2F%2Fa", "GET&http%3A%2F%2Fa"),
            (
                "GET&u&a%3D1%26my%255Fsecret%3D2%26oauth_token%3D3%26password%3D%26b%3D4",
                "GET&u&a%3D1%26my%255Fsecret%3D%28hidden%29%26oauth_token%3D3\
                 %26password%3D%28hidden%29%26b%3D4",
            ),
            ("GET&u&a=1&password=2&b=3", "GET&u&a=1&password=%28hidden%29&b=3"),
            ("GET&u&a%3D%253Dpassword%253D1", "GET&u&a%3D%253Dpassword%253D1"),
        ] {
            assert_eq!(base_string(whole), without);
        }
        let mut value = serde_json::json!({"a": ["x s3cret y"]});
        known(&mut value, &["s3cret".to_owned()]);
        assert_eq!(value, serde_json::json!({"a": ["x (hidden) y"]}));
    }
}

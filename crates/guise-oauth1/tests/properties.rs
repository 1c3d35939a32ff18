//! What holds for every request: what was signed verifies, what was changed does not, and nothing panics.

use guise_oauth1::{Credentials, ParseError, Presented, Request, SigningKey, percent_encode, sign};
use proptest::prelude::*;

const URL: &str = "https://api.example.com:8443/1.1/custom_profiles/new.json";

fn pairs() -> impl Strategy<Value = Vec<(String, String)>> {
    proptest::collection::vec(("[a-z\u{e9} ]{1,8}", "\\PC{0,20}"), 0..6)
}

fn written(pairs: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| {
        format!("{}={}", percent_encode(name), percent_encode(value))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

proptest! {
    #[test]
    fn what_was_signed_verifies_and_what_was_changed_does_not(
        query in pairs(), form in pairs(), consumer_secret in "\\PC{1,30}", token_secret in "\\PC{1,30}",
        nonce in "[ -~]{1,40}", timestamp in any::<u64>(), plus in any::<bool>(),
    ) {
        let (query, mut form) = (written(&query), written(&form));
        let credentials = Credentials {
            consumer_key: "key&=,\"",
            consumer_secret: &consumer_secret,
            token: Some("1-token"),
            token_secret: &token_secret,
        };
        let url = format!("{URL}?{query}");
        let header = sign(&credentials, "post", &url, Some(form.as_bytes()), timestamp, &nonce, &[]);
        // Another spelling of the same form.
        if plus {
            form = form.replace("%20", "+");
        }
        let request = Request {
            method: "POST", query: &query, form: Some(form.as_bytes()), authorization: Some(&header),
        };
        let presented = Presented::parse(&request).unwrap();
        prop_assert_eq!(presented.consumer_key(), "key&=,\"");
        prop_assert_eq!(presented.nonce(), &nonce);
        let key = SigningKey::new(&consumer_secret, &token_secret);
        prop_assert!(presented.verify(&key, URL));
        prop_assert!(presented.verify(&key, "HTTPS://API.example.com:8443/1.1/custom_profiles/new.json"));
        prop_assert!(!presented.verify(&key, "https://api.example.com/1.1/custom_profiles/new.json"));
        let other = SigningKey::new(&consumer_secret, &format!("{token_secret}x"));
        prop_assert!(!presented.verify(&other, URL));
        let more = format!("{form}&a=b");
        let changed = Request { form: Some(more.as_bytes()), ..request };
        prop_assert!(!Presented::parse(&changed).unwrap().verify(&key, URL));
        let changed = Request { method: "GET", ..request };
        prop_assert!(!Presented::parse(&changed).unwrap().verify(&key, URL));
        let late = header.replace("oauth_timestamp=\"", "oauth_timestamp=\"1");
        let changed = Request { authorization: Some(&late), ..request };
        prop_assert!(!Presented::parse(&changed).is_ok_and(|presented| presented.verify(&key, URL)));
    }

    #[test]
    fn nothing_panics(
        method in "\\PC{0,8}", query in "\\PC{0,60}", header in "(OAuth )?\\PC{0,80}",
        form in proptest::collection::vec(any::<u8>(), 0..80), url in "\\PC{0,30}",
    ) {
        let request = Request {
            method: &method, query: &query, form: Some(&form), authorization: Some(&header),
        };
        if let Ok(presented) = Presented::parse(&request) {
            prop_assert!(!presented.verify(&SigningKey::new("a", "b"), &url));
        }
    }
}

fn parsed(header: &str, query: &str, form: &str) -> Result<(), ParseError> {
    let form = Some(form.as_bytes());
    Presented::parse(&Request { method: "POST", query, form, authorization: Some(header) })
        .map(|_| ())
}

const REST: &str = "oauth_consumer_key=k&oauth_signature_method=HMAC-SHA1&oauth_signature=s&oauth_timestamp=1&oauth_nonce=n";

#[test]
fn credentials_come_in_the_query_or_the_form_too() {
    assert_eq!(parsed("", REST, "a=b"), Ok(()));
    assert_eq!(parsed("", "", REST), Ok(()));
    assert_eq!(parsed("OAuth oauth_nonce=n", REST, ""), Ok(()));
}

#[test]
fn what_cannot_be_checked_is_refused_with_its_reason() {
    assert_eq!(parsed("", "a=b", "c=d"), Err(ParseError::Missing));
    assert_eq!(parsed("Basic abc", "", ""), Err(ParseError::Missing));
    assert_eq!(
        parsed("OAuth oauth_nonce", "", ""),
        Err(ParseError::Garbled("a parameter has no value"))
    );
    assert_eq!(parsed("OAuth oauth_nonce=m", REST, ""), Err(ParseError::Repeated("oauth_nonce")));
    assert_eq!(
        parsed("", &format!("{REST}&oauth_nonce=n"), ""),
        Err(ParseError::Repeated("oauth_nonce"))
    );
    let without = |name: &str| REST.replace(name, "x");
    assert_eq!(
        parsed("", &without("oauth_nonce"), ""),
        Err(ParseError::MissingParameter("oauth_nonce"))
    );
    assert_eq!(parsed("", &without("HMAC-SHA1"), ""), Err(ParseError::UnsupportedMethod));
    assert_eq!(
        parsed("", &format!("{REST}&oauth_version=2.0"), ""),
        Err(ParseError::UnsupportedVersion)
    );
    let many = "a=b&".repeat(1001);
    assert_eq!(parsed("", REST, &many), Err(ParseError::Garbled("too many parameters")));
    let long = format!("OAuth realm=\"{}\"", "x".repeat(9000));
    assert_eq!(
        parsed(&long, "", ""),
        Err(ParseError::Garbled("the authorization header is too long"))
    );
}

#[test]
fn any_other_parameter_is_told_unless_it_comes_twice() {
    let told = |header: &str, query: &str| {
        let authorization = Some(header);
        let request = Request { method: "GET", query, form: None, authorization };
        let presented = Presented::parse(&request).unwrap();
        presented.parameter("oauth_callback").map(|value| value.map(String::from))
    };
    assert_eq!(told("", REST), Ok(None));
    assert_eq!(told("OAuth oauth_callback=\"a%20b+\"", REST), Ok(Some("a b+".to_owned())));
    let twice = |value| format!("{REST}&oauth_callback={value}");
    assert_eq!(told("OAuth oauth_callback=\"a%20b\"", &twice("a+b")), Ok(Some("a b".to_owned())));
    for (header, query) in [
        ("OAuth oauth_callback=b", twice("a")),
        ("", twice("a&oauth_callback=a")),
        ("OAuth oauth_callback=a, oauth_callback=a", REST.to_owned()),
    ] {
        assert_eq!(told(header, &query), Err(ParseError::Repeated("oauth_callback")));
    }
}

#[test]
fn of_an_unsigned_form_the_protocol_parameters_are_signed_all_the_same() {
    let credentials = Credentials {
        consumer_key: "k",
        consumer_secret: "a",
        token: Some("t"),
        token_secret: "b",
    };
    let header = sign(&credentials, "DELETE", URL, None, 1, "n", &[]);
    let holds = |form: &str| {
        let (form, authorization) = (Some(form.as_bytes()), Some(&*header));
        let request = Request { method: "DELETE", query: "", form, authorization };
        Presented::parse(&request).unwrap().verify(&SigningKey::new("a", "b"), URL)
    };
    assert!(holds("id=1"));
    assert!(holds("id=1&oauth_token=t"));
    assert!(!holds("id=1&oauth_callback=c"));
}

#[test]
fn a_body_hash_is_checked_if_sent() {
    let sent = format!("{REST}&oauth_body_hash=2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D");
    let request = Request { method: "POST", query: &sent, form: None, authorization: None };
    let presented = Presented::parse(&request).unwrap();
    assert!(presented.body_hash_matches(b""));
    assert!(!presented.body_hash_matches(b"{}"));
    let twice = format!("{sent}&oauth_body_hash=2jmj7l5rSw0yVb%2FvlWAYkK%2FYBwk%3D");
    let request = Request { query: &twice, ..request };
    assert!(!Presented::parse(&request).unwrap().body_hash_matches(b""));
    let request = Request { query: REST, ..request };
    assert!(Presented::parse(&request).unwrap().body_hash_matches(b"{}"));
}

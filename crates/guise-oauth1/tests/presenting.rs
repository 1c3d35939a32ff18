//! Where a request may present its credentials, and what of them is signed. The signatures were computed by another
//! implementation, for the documented request for a list of profiles.

use guise_oauth1::{Presented, Request, SigningKey};

const BASE_URL: &str = "https://api.twitter.com/1.1/custom_profiles/list.json";
const QUERY: &str = "count=2&cursor=MTIzNDU2Nzg";
const CREDENTIALS: [(&str, &str); 5] = [
    ("oauth_consumer_key", "xvz1evFS4wEEPTGEFPHBog"),
    ("oauth_token", "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb"),
    ("oauth_signature_method", "HMAC-SHA1"),
    ("oauth_timestamp", "1318622958"),
    ("oauth_nonce", "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg"),
];
/// Each version, with the signature over it, percent-encoded.
const VERSIONS: [(&str, &str); 3] = [
    ("1.0", "G%2BgmBQi%2FLUrcB%2BMyQtFqkW6dr3w%3D"),
    ("1.0A", "NPzqaz65JVRhJblfNubJJLL6Ido%3D"),
    ("", "PPAzItWtXkoNzoB2T7AWWxAxNew%3D"),
];

/// The credentials with a version, unless that is empty, and a signature.
fn credentials(version: &str, signature: &str) -> Vec<(String, String)> {
    let version = Some(("oauth_version", version)).filter(|(_, version)| !version.is_empty());
    let all = CREDENTIALS.into_iter().chain(version).chain([("oauth_signature", signature)]);
    all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn header(scheme: &str, credentials: &[(String, String)]) -> String {
    let pairs: Vec<_> =
        credentials.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    format!("{scheme} {}", pairs.join(", "))
}

fn pairs(credentials: &[(String, String)]) -> String {
    let pairs: Vec<_> = credentials.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

fn holds(authorization: Option<&str>, query: &str, form: Option<&str>) -> bool {
    let form = form.map(str::as_bytes);
    let request = Request { method: "GET", query, form, authorization };
    let key = SigningKey::new(
        "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
        "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
    );
    Presented::parse(&request).is_ok_and(|presented| presented.verify(&key, BASE_URL))
}

#[test]
fn a_signature_holds_in_the_header_the_query_or_the_form() {
    for (version, signature) in VERSIONS {
        let credentials = credentials(version, signature);
        let (header, pairs) = (header("OAuth", &credentials), pairs(&credentials));
        assert!(holds(Some(&header), QUERY, None));
        assert!(holds(None, &format!("{QUERY}&{pairs}"), None));
        assert!(holds(None, QUERY, Some(&pairs)));
        assert!(!holds(Some(&header), "count=3&cursor=MTIzNDU2Nzg", None));
        assert!(!holds(None, &format!("{QUERY}&{pairs}&more=1"), None));
        assert!(!holds(None, QUERY, Some(&format!("{pairs}&more=1"))));
    }
}

#[test]
fn the_version_may_be_1_0_or_1_0a_or_missing_and_is_signed_as_it_is_sent() {
    for (version, _) in VERSIONS {
        for (signed, signature) in VERSIONS {
            let header = header("OAuth", &credentials(version, signature));
            assert_eq!(holds(Some(&header), QUERY, None), version == signed, "{version} {signed}");
        }
    }
    let header = header("OAuth", &credentials("2.0", VERSIONS[0].1));
    assert!(!holds(Some(&header), QUERY, None));
}

#[test]
fn the_realm_and_what_is_not_oauths_in_the_header_are_not_signed() {
    let (version, signature) = VERSIONS[0];
    let credentials = credentials(version, signature);
    for scheme in [
        "OAuth realm=\"\",",
        "OAuth realm=\"https://api.twitter.com/\",",
        "oauth realm=\"a b\", x_auth=\"1\",",
    ] {
        assert!(holds(Some(&header(scheme, &credentials)), QUERY, None), "{scheme}");
    }
    let changed = "OAuth oauth_callback=\"oob\",";
    assert!(!holds(Some(&header(changed, &credentials)), QUERY, None), "OAuth's own are signed");
}

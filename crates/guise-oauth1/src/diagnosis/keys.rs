//! Keys and signatures as clients make them.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;

use super::Mistake;
use crate::encode::{self, percent_encode};

/// A key, and what is wrong with it.
pub(super) type Key = (String, Option<Mistake>);

/// The right key first, then the wrong ones that differ from it.
pub(super) fn keys(secrets: (&str, &str), public: (&str, &str)) -> Vec<Key> {
    use Mistake as M;
    let (consumer, token) = (percent_encode(secrets.0), percent_encode(secrets.1));
    let join = |first: &str, second: &str| format!("{first}&{second}");
    let twice = |text: &str| percent_encode(text);
    let right = join(&consumer, &token);
    let wrong = [
        (format!("{consumer}{token}"), M::KeyWithoutAmpersand),
        (format!("{}{}", secrets.0, secrets.1), M::KeyWithoutAmpersand),
        (join(&consumer, ""), M::TokenSecretMissing),
        (consumer.clone(), M::TokenSecretMissing),
        (join("", &token), M::ConsumerSecretMissing),
        (token.clone(), M::ConsumerSecretMissing),
        (join(&token, &consumer), M::SecretsSwapped),
        (join(secrets.0, secrets.1), M::SecretsNotEncoded),
        (join(&twice(&consumer), &twice(&token)), M::SecretsEncodedTwice),
        (join(&format!("{consumer}%0A"), &token), M::SecretWithLineBreak),
        (join(&consumer, &format!("{token}%0A")), M::SecretWithLineBreak),
        (join(&format!("{consumer}%0A"), &format!("{token}%0A")), M::SecretWithLineBreak),
        (join(&percent_encode(public.0), &token), M::PublicHalfAsSecret),
        (join(&consumer, &percent_encode(public.1)), M::PublicHalfAsSecret),
        (join(&percent_encode(public.0), &percent_encode(public.1)), M::PublicHalfAsSecret),
    ];
    let wrong = wrong.into_iter().filter(|(key, _)| *key != right);
    let wrong: Vec<Key> = wrong.map(|(key, mistake)| (key, Some(mistake))).collect();
    std::iter::once((right, None)).chain(wrong).collect()
}

/// What a signature may say, read in every way.
pub(super) struct Signature(Vec<(Vec<u8>, Vec<Mistake>)>);

impl Signature {
    pub(super) fn read(text: &str) -> Self {
        use Mistake as M;
        let text = text.trim_ascii();
        let mut readings = Vec::new();
        let mut add = |bytes: Option<Vec<u8>>, mistake: Option<Mistake>| {
            readings.extend(bytes.map(|bytes| (bytes, mistake.into_iter().collect())));
        };
        let standard = |text: &str| STANDARD.decode(text).ok();
        add(standard(text), None);
        add(standard(&encode::decode(text)), Some(M::SignatureEncodedTwice));
        add(standard(&text.replace(' ', "+")), Some(M::SignatureNotEncoded));
        for engine in [STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
            add(engine.decode(text).ok(), Some(M::SignatureAlphabet));
        }
        add(hex(text.as_bytes()), Some(M::SignatureInHex));
        add(standard(text).and_then(|bytes| hex(&bytes)), Some(M::SignatureInHex));
        Self(readings)
    }

    /// Whether this is what it says, and what is wrong with the way. What is compared was sent by somebody who has no part in
    /// reading the result, so the time it takes tells them nothing.
    fn says(&self, mac: &[u8]) -> Option<Vec<Mistake>> {
        let found = self.0.iter().find(|(bytes, _)| bytes == mac);
        found.map(|(_, mistakes)| mistakes.clone())
    }

    /// Whether a key signs a message so; what is wrong with the signature then.
    pub(super) fn is_of(&self, message: &[u8], key: &str) -> Option<Vec<Mistake>> {
        let mut mac = Hmac::<Sha1>::new_from_slice(key.as_bytes()).ok()?;
        mac.update(message);
        self.says(&mac.finalize().into_bytes())
    }

    /// The same, with the other hash.
    pub(super) fn is_of_sha256(&self, message: &[u8], key: &str) -> Option<Vec<Mistake>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).ok()?;
        mac.update(message);
        self.says(&mac.finalize().into_bytes())
    }
}

fn hex(digits: &[u8]) -> Option<Vec<u8>> {
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok());
    let (pairs, rest) = digits.as_chunks::<2>();
    let byte = |[high, low]: &[u8; 2]| Some(value(*high)? << 4 | value(*low)?);
    (rest.is_empty() && !pairs.is_empty()).then(|| pairs.iter().map(byte).collect())?
}

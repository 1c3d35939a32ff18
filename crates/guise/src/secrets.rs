//! Fresh keys and secrets, of letters and digits, as long as the original's.

use guise_domain::{AccountId, Randomness};

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A consumer key: 25 characters.
pub(crate) fn consumer_key(randomness: &dyn Randomness) -> String {
    letters(25, randomness)
}

/// A consumer secret: 50 characters.
pub(crate) fn consumer_secret(randomness: &dyn Randomness) -> String {
    letters(50, randomness)
}

/// An access token: the account's id, a hyphen, and 40 characters.
pub(crate) fn token(account: AccountId, randomness: &dyn Randomness) -> String {
    format!("{account}-{}", letters(40, randomness))
}

/// A token secret: 45 characters.
pub(crate) fn token_secret(randomness: &dyn Randomness) -> String {
    letters(45, randomness)
}

/// A nonce for one request: 32 characters.
pub(crate) fn nonce(randomness: &dyn Randomness) -> String {
    letters(32, randomness)
}

/// `count` characters, each as likely as any other: bytes beyond a multiple of 62 are thrown away.
fn letters(count: usize, randomness: &dyn Randomness) -> String {
    let mut text = String::with_capacity(count);
    let mut bytes = [0; 64];
    while text.len() < count {
        randomness.fill(&mut bytes);
        let fitting = bytes.iter().filter(|byte| **byte < 248);
        let drawn = fitting.filter_map(|byte| DIGITS.get(usize::from(byte % 62)));
        text.extend(drawn.take(count - text.len()).map(|digit| char::from(*digit)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::OsRandomness;

    #[test]
    fn secrets_have_their_length_and_alphabet_and_differ() {
        let secret = consumer_secret(&OsRandomness);
        assert_eq!(secret.len(), 50);
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(secret, consumer_secret(&OsRandomness));
        assert!(token(AccountId::new(12), &OsRandomness).starts_with("12-"));
    }

    #[test]
    fn every_character_is_about_as_likely() {
        let text = letters(62_000, &OsRandomness);
        for digit in DIGITS {
            let count = text.bytes().filter(|byte| byte == digit).count();
            assert!((800..1200).contains(&count), "{count} of {}", char::from(*digit));
        }
    }
}

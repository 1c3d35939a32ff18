//! Fresh keys and secrets, of letters and digits, as long as the original's.

use crate::{AccountId, Randomness};

const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A consumer key: 25 characters.
#[must_use]
pub fn consumer_key(randomness: &dyn Randomness) -> String {
    letters(25, randomness)
}

/// A consumer secret: 50 characters.
#[must_use]
pub fn consumer_secret(randomness: &dyn Randomness) -> String {
    letters(50, randomness)
}

/// An access token: the account's id, a hyphen, and 40 characters.
#[must_use]
pub fn token(account: AccountId, randomness: &dyn Randomness) -> String {
    format!("{account}-{}", letters(40, randomness))
}

/// A token secret: 45 characters.
#[must_use]
pub fn token_secret(randomness: &dyn Randomness) -> String {
    letters(45, randomness)
}

/// A nonce for one request: 32 characters.
#[must_use]
pub fn nonce(randomness: &dyn Randomness) -> String {
    letters(32, randomness)
}

/// Either half of a request token: 32 characters, without the hyphen of an access token.
#[must_use]
pub fn request_token(randomness: &dyn Randomness) -> String {
    letters(32, randomness)
}

/// What proves to an app that an account allowed it: 32 characters, which a browser carries.
#[must_use]
pub fn verifier(randomness: &dyn Randomness) -> String {
    letters(32, randomness)
}

/// The same for people to type: seven digits.
#[must_use]
pub fn pin(randomness: &dyn Randomness) -> String {
    drawn(7, b"0123456789", randomness)
}

/// The secret half of an app's bearer token: 60 characters.
#[must_use]
pub fn bearer(randomness: &dyn Randomness) -> String {
    letters(60, randomness)
}

fn letters(count: usize, randomness: &dyn Randomness) -> String {
    drawn(count, LETTERS, randomness)
}

/// `count` of these characters, each as likely as any other: bytes beyond a multiple of their number are thrown away.
fn drawn(count: usize, alphabet: &[u8], randomness: &dyn Randomness) -> String {
    let mut text = String::with_capacity(count);
    let mut bytes = [0; 64];
    let fair = 256 - 256 % alphabet.len();
    while text.len() < count {
        randomness.fill(&mut bytes);
        let fitting = bytes.iter().map(|byte| usize::from(*byte)).filter(|byte| *byte < fair);
        let drawn = fitting.filter_map(|byte| alphabet.get(byte % alphabet.len()));
        text.extend(drawn.take(count - text.len()).map(|digit| char::from(*digit)));
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    /// Steps of a generator that is good enough to be counted.
    struct Steps(AtomicU64);

    impl Randomness for Steps {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let state = self.0.load(Ordering::Relaxed);
                let next = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                self.0.store(next, Ordering::Relaxed);
                *byte = next.to_be_bytes()[0];
            }
        }
    }

    #[test]
    fn secrets_have_their_length_and_alphabet_and_differ() {
        let randomness = Steps(AtomicU64::new(1));
        let secret = consumer_secret(&randomness);
        assert_eq!(secret.len(), 50);
        assert!(secret.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(secret, consumer_secret(&randomness));
        assert!(token(AccountId::new(12), &randomness).starts_with("12-"));
        let pin = pin(&randomness);
        assert!(pin.len() == 7 && pin.bytes().all(|byte| byte.is_ascii_digit()), "{pin}");
    }

    #[test]
    fn every_character_is_about_as_likely() {
        let randomness = Steps(AtomicU64::new(1));
        for alphabet in [&LETTERS[..], b"0123456789"] {
            let text = drawn(1000 * alphabet.len(), alphabet, &randomness);
            for digit in alphabet {
                let count = text.bytes().filter(|byte| byte == digit).count();
                assert!((800..1200).contains(&count), "{count} of {}", char::from(*digit));
            }
        }
    }
}

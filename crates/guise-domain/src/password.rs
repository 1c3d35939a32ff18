//! Passwords: what they may be, and the argon2id hash that is all a store keeps of one.

use std::fmt;

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use unicode_normalization::UnicodeNormalization;

use crate::Randomness;
use crate::limits::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

/// What OWASP recommends: 19 MiB, two passes, one lane. Hashes made with other parameters are made anew when their
/// password is next given.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// A password somebody chose: 10 to 256 characters, normalised (NFC), so that it is the same from every keyboard.
/// Spaces count and nothing is trimmed; control characters are refused, since a line break that slipped in would lock
/// its owner out.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Why a text is no password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters, without tabs or line breaks"
)]
pub struct PasswordError;

impl Password {
    /// Checks and normalises `text`.
    ///
    /// # Errors
    /// When it is too short, too long, or has a control character.
    pub fn parse(text: &str) -> Result<Self, PasswordError> {
        // One character more than there may be is enough to know, however long a hostile text is.
        let chars: Vec<char> = text.nfc().take(PASSWORD_CHARS_MAX + 1).collect();
        let fits = (PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&chars.len());
        if fits && !chars.iter().any(|char| char.is_control()) {
            Ok(Self(chars.into_iter().collect()))
        } else {
            Err(PasswordError)
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A password's argon2id hash as a PHC string, with its salt and parameters.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Hashing failed: there is no memory for it, or a stored hash is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a password could not be hashed: {0}")]
pub struct HashingError(String);

impl PasswordHash {
    /// Hashes `password` under a fresh salt. Takes 19 MiB and tens of milliseconds: not for an async thread.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub fn of(password: &Password, randomness: &dyn Randomness) -> Result<Self, HashingError> {
        let mut salt = [0; SALT_BYTES];
        randomness.fill(&mut salt);
        let hash: phc::PasswordHash =
            hasher()?.hash_password_with_salt(password.0.as_bytes(), &salt).map_err(failed)?;
        Ok(Self(hash.to_string()))
    }

    /// Takes what a store kept.
    #[must_use]
    pub fn from_stored(hash: String) -> Self {
        Self(hash)
    }

    /// What a store keeps.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the hash of `password`. Costs what hashing costs.
    ///
    /// # Errors
    /// When there is no memory for it, or this is no hash.
    pub fn matches(&self, password: &Password) -> Result<bool, HashingError> {
        let hash = phc::PasswordHash::new(&self.0).map_err(failed)?;
        match hasher()?.verify_password(password.0.as_bytes(), &hash) {
            Ok(()) => Ok(true),
            Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(failed(error)),
        }
    }

    /// Whether it was made with the parameters that new ones are made with.
    #[must_use]
    pub fn is_current(&self) -> bool {
        self.0.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn hasher() -> Result<Argon2<'static>, HashingError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(failed)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn failed(error: impl fmt::Display) -> HashingError {
    HashingError(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Sevens;

    #[test]
    fn a_password_is_10_to_256_characters_as_they_are_after_nfc() {
        let parse = |text: &str| Password::parse(text).map(|Password(text)| text);
        assert_eq!(parse(" 12345678 ").unwrap(), " 12345678 ", "nothing is trimmed");
        assert_eq!(parse(&"e\u{301}".repeat(10)).unwrap(), "é".repeat(10));
        assert!(parse(&"😀".repeat(256)).is_ok());
        let long = "x".repeat(100_000);
        for bad in ["", "123456789", "12345\n67890", "12345\t67890", &"x".repeat(257), &long] {
            assert_eq!(parse(bad), Err(PasswordError), "{bad:?}");
        }
        let rule = "must be 10 to 256 characters, without tabs or line breaks";
        assert_eq!(PasswordError.to_string(), rule);
    }

    #[test]
    fn a_hash_fits_its_password_alone_and_says_how_it_was_made() {
        let password = Password::parse("correct horse é").unwrap();
        let hash = PasswordHash::of(&password, &Sevens).unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.as_str());
        assert!(hash.is_current());
        assert!(hash.matches(&Password::parse("correct horse e\u{301}").unwrap()).unwrap());
        assert!(!hash.matches(&Password::parse("correct horse e").unwrap()).unwrap());
        assert!(PasswordHash::from_stored("x".to_owned()).matches(&password).is_err());
    }

    #[test]
    fn an_older_hash_still_fits_and_is_known_as_older() {
        let password = Password::parse("correct horse").unwrap();
        let older = Params::new(8 * 1024, 1, 1, None).unwrap();
        let older = Argon2::new(Algorithm::Argon2id, Version::V0x13, older);
        let hash: phc::PasswordHash =
            older.hash_password_with_salt(b"correct horse", &[1; 16]).unwrap();
        let hash = PasswordHash::from_stored(hash.to_string());
        assert!(hash.matches(&password).unwrap() && !hash.is_current());
    }
}

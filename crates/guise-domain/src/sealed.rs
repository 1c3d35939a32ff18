//! Secrets at rest: HMAC needs them in the clear, a stolen database must not have them so.
//!
//! XChaCha20-Poly1305 under one key per installation. Each secret is bound to the public name it belongs to (the
//! associated data), so that rows cannot be swapped.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

use crate::Randomness;

const NONCE_BYTES: usize = 24;

/// An encrypted secret: 24 bytes of nonce, then the ciphertext with its 16-byte tag.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(Vec<u8>);

impl Sealed {
    /// Takes what a store kept.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// What a store keeps.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(..)")
    }
}

/// Why a secret did not open: the key is another one, or the bytes were changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a stored secret does not open with this key")]
pub struct UnsealError;

/// The installation's key.
#[derive(Clone)]
pub struct SealingKey(XChaCha20Poly1305);

impl SealingKey {
    /// The key made of these bytes.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(*key)))
    }

    /// Encrypts `secret` for the thing called `name` (a consumer key, a token).
    ///
    /// # Errors
    /// Only for secrets beyond the cipher's limit of 256 GiB.
    pub fn seal(
        &self,
        secret: &[u8],
        name: &str,
        randomness: &dyn Randomness,
    ) -> Result<Sealed, UnsealError> {
        let mut nonce = [0; NONCE_BYTES];
        randomness.fill(&mut nonce);
        let payload = Payload { msg: secret, aad: name.as_bytes() };
        let ciphertext = self.0.encrypt(&XNonce::from(nonce), payload).map_err(|_| UnsealError)?;
        Ok(Sealed([nonce.as_slice(), &ciphertext].concat()))
    }

    /// Decrypts what was sealed for `name`.
    ///
    /// # Errors
    /// When the key, the name or the bytes are not those of the sealing.
    pub fn open(&self, sealed: &Sealed, name: &str) -> Result<Vec<u8>, UnsealError> {
        let (nonce, ciphertext) = sealed.0.split_first_chunk::<NONCE_BYTES>().ok_or(UnsealError)?;
        let payload = Payload { msg: ciphertext, aad: name.as_bytes() };
        self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| UnsealError)
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Sevens;

    #[test]
    fn a_secret_opens_only_with_its_key_and_name() {
        let key = SealingKey::new(&[1; 32]);
        let sealed = key.seal(b"secret", "token-1", &Sevens).unwrap();
        assert_eq!(key.open(&sealed, "token-1").unwrap(), b"secret");
        assert_eq!(key.open(&sealed, "token-2"), Err(UnsealError));
        assert_eq!(SealingKey::new(&[2; 32]).open(&sealed, "token-1"), Err(UnsealError));
        assert_eq!(key.open(&Sealed::from_bytes(vec![0; 23]), "token-1"), Err(UnsealError));
        assert!(!sealed.as_bytes().windows(6).any(|window| window == b"secret"));
    }
}

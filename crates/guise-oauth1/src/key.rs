//! The key of a signature, with the part of HMAC that depends on nothing else done ahead.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

use crate::encode;

/// Consumer secret and token secret, as HMAC state: signing with it costs no key setup. Cheap to clone.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha1>);

impl SigningKey {
    /// The key made of both secrets; `token_secret` is empty while there is no token (RFC 5849 §3.4.2).
    ///
    /// # Panics
    /// Never: HMAC takes keys of every length.
    #[must_use]
    pub fn new(consumer_secret: &str, token_secret: &str) -> Self {
        let mut key = encode::percent_encode(consumer_secret);
        key.push('&');
        key.push_str(&encode::percent_encode(token_secret));
        #[expect(clippy::expect_used, reason = "the error type exists for other MACs")]
        Self(Hmac::new_from_slice(key.as_bytes()).expect("HMAC takes keys of every length"))
    }

    /// A fresh copy of the state, to be fed a base string.
    pub(crate) fn begin(&self) -> Hmac<Sha1> {
        self.0.clone()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(..)")
    }
}

/// The signature of everything that was fed.
pub(crate) fn finish(mac: Hmac<Sha1>) -> [u8; 20] {
    mac.finalize().into_bytes().into()
}

//! Requests that may safely be sent again: a key that their sender chose, and the answer that is kept with what was done.

use std::fmt;
use std::str::FromStr;

use crate::Admitted;
use crate::Timestamp;
use crate::limits::IDEMPOTENCY_KEY_CHARS_MAX;
use crate::rate::Quota;

/// What a caller names a request by, in the header `Idempotency-Key`: 1 to 255 visible ASCII characters, compared
/// exactly. Each app of each account has keys of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

/// Why a text is no key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII characters")]
pub struct IdempotencyKeyError;

impl IdempotencyKey {
    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, IdempotencyKeyError> {
        let fits = (1..=IDEMPOTENCY_KEY_CHARS_MAX).contains(&text.len());
        let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits && visible { Ok(Self(text.to_owned())) } else { Err(IdempotencyKeyError) }
    }
}

/// A request that may be sent again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// What it is named by.
    pub key: IdempotencyKey,
    /// A hash of everything it asks for.
    pub content: [u8; 32],
}

/// What was answered. The store does not look into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status of HTTP.
    pub status: u16,
    /// Headers that belong to it, beside those that every answer has.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The wish to keep the answer to a request in the very step that does what it asks for.
pub struct Keep<T> {
    /// The request.
    pub retry: Retry,
    /// Until when the answer is kept.
    pub until: Timestamp,
    /// The id of what is made, which the answer tells of.
    pub subject: i64,
    /// Writes the answer. A step that has to be begun again may call it again.
    pub write: Box<dyn Fn(&T) -> Answer + Send + Sync>,
}

impl<T> fmt::Debug for Keep<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keep").field("retry", &self.retry).finish_non_exhaustive()
    }
}

/// What became of a write that is done once, however often it is asked for under the same key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Once<T> {
    /// It was not done before, or named no key.
    First(Admitted<T>),
    /// It was done before and was answered so; nothing was counted. Without an answer, what it tells of was erased.
    Again(Quota, Option<Answer>),
    /// The key was used for something else. It was counted, and nothing was done.
    KeyTaken(Quota),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_plain() {
        assert!("8e03978e-40d5-43dd-bc93-6894a57f9324".parse::<IdempotencyKey>().is_ok());
        assert!("\"quoted\"".parse::<IdempotencyKey>().is_ok());
        for bad in ["", "a b", "é", "a\n", &"x".repeat(256)] {
            assert_eq!(bad.parse::<IdempotencyKey>(), Err(IdempotencyKeyError), "{bad:?}");
        }
    }
}

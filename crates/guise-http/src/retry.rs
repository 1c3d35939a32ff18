//! Requests that may safely be sent again: the header `Idempotency-Key`.
//!
//! The answer to what was done is kept in the step that does it, so whoever asks again under the same key is told the
//! same, and nothing is done twice. What was refused left nothing behind, and its key is free.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::response::Response;
use guise_domain::limits::ANSWER_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Answer, AppId, IdempotencyKey, Keep, Once, Retry};
use http::HeaderMap;
use sha2::{Digest, Sha256};

use crate::answer;
use crate::auth::Caller;
use crate::error::Refusal;
use crate::state::Guise;
use crate::wire::Pairs;

const HEADER: &str = "idempotency-key";

type Named = (AccountId, AppId, IdempotencyKey);

/// The keys of the requests that are running.
#[derive(Clone, Debug, Default)]
pub(crate) struct Running(Arc<Mutex<HashSet<Named>>>);

/// A request that named a key, which no other has while this is held.
#[derive(Debug)]
pub(crate) struct Attempt {
    retry: Retry,
    named: Named,
    running: Running,
}

impl Running {
    fn begin(&self, named: Named, content: [u8; 32]) -> Option<Attempt> {
        let begun = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(named.clone());
        let retry = Retry { key: named.2.clone(), content };
        begun.then(|| Attempt { retry, named, running: self.clone() })
    }
}

impl Drop for Attempt {
    fn drop(&mut self) {
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.named);
    }
}

/// A hash of everything a request asks for: its path, its parameters in any order, and `body`. How it is signed is not
/// part of it.
pub(crate) fn content(path: &str, pairs: &Pairs, body: &[u8]) -> [u8; 32] {
    let mut pairs: Vec<_> = pairs.iter().filter(|(name, _)| !name.starts_with("oauth_")).collect();
    pairs.sort_unstable();
    let pairs = pairs.iter().flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()]);
    let mut hash = Sha256::new();
    for piece in std::iter::once(path.as_bytes()).chain(pairs).chain([body]) {
        // Their lengths keep the pieces apart.
        hash.update((piece.len() as u64).to_le_bytes());
        hash.update(piece);
    }
    hash.finalize().into()
}

impl Caller {
    /// Takes the key that the request names, if it does, for as long as it runs.
    ///
    /// # Errors
    /// When the key is none, which counts, or another request with it is still running, which does not.
    pub(crate) async fn take_key(
        mut self,
        guise: &Guise,
        endpoint: Endpoint,
        headers: &HeaderMap,
        content: impl FnOnce() -> [u8; 32],
    ) -> Result<Self, Refusal> {
        let key = match named(headers) {
            Ok(None) => return Ok(self),
            Ok(Some(key)) => key,
            Err(refusal) => return Err(self.refuse(guise, endpoint, refusal).await),
        };
        let named = (self.account().id, self.app(), key);
        match guise.running().begin(named, content()) {
            Some(attempt) => self.attempt = Some(Arc::new(attempt)),
            None => return Err(self.uncounted(guise, endpoint, Refusal::KeyInUse).await),
        }
        Ok(self)
    }

    /// What keeps the answer that `tell` makes, with the thing of this id.
    pub(crate) fn keep<T, F>(&self, subject: i64, tell: &F) -> Option<Keep<T>>
    where
        F: Fn(&T) -> Answer + Clone + Send + Sync + 'static,
    {
        let attempt = self.attempt.as_ref()?;
        let until = self.now.plus_seconds(ANSWER_SECONDS);
        let write = Box::new(tell.clone());
        Some(Keep { retry: attempt.retry.clone(), until, subject, write })
    }

    /// The answer to a request that was answered before, found before costly work is begun.
    ///
    /// # Errors
    /// When its key was used for something else.
    pub(crate) async fn answered_before(
        &self,
        guise: &Guise,
        endpoint: Endpoint,
    ) -> Result<Option<Response>, Refusal> {
        let Some(attempt) = &self.attempt else { return Ok(None) };
        let admission = self.admission(guise, endpoint);
        match guise.store().answered_before(&admission, &attempt.retry).await? {
            Some(before) => self.told(before, |never| match *never {}).map(Some),
            None => Ok(None),
        }
    }

    /// Takes what the store made of a write that is done once, and answers as `tell` says, or as was said before.
    ///
    /// # Errors
    /// When the write was refused.
    pub(crate) fn told<T, E: Into<Refusal>>(
        &self,
        once: Once<Result<T, E>>,
        tell: impl FnOnce(&T) -> Answer,
    ) -> Result<Response, Refusal> {
        match once {
            Once::First(admitted) => {
                let value = self.admitted(admitted)?.map_err(Into::into)?;
                Ok(answer::written(tell(&value)))
            }
            Once::Again(quota, kept) => {
                self.tell_quota(quota);
                kept.map(answer::again).ok_or(Refusal::NotFound)
            }
            Once::KeyTaken(quota) => {
                self.tell_quota(quota);
                Err(Refusal::KeyTaken)
            }
        }
    }
}

fn named(headers: &HeaderMap) -> Result<Option<IdempotencyKey>, Refusal> {
    let mut values = headers.get_all(HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(Refusal::Invalid("Idempotency-Key: must be given once".into()));
    }
    let text = String::from_utf8_lossy(value.as_bytes());
    let key = text.parse::<IdempotencyKey>();
    key.map(Some).map_err(|rule| Refusal::Invalid(format!("Idempotency-Key: {rule}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_is_told_apart_from_how() {
        let of = |query: &str, body| content("/x", &Pairs::parse(query.as_bytes()), body);
        assert_eq!(of("a=1&b=2&oauth_nonce=1", b"c"), of("b=2&a=1&oauth_nonce=2", b"c"));
        assert_ne!(of("a=1", b""), of("a=", b"1"));
        assert_ne!(of("a=1", b""), of("a=1", b"2"));
        assert_ne!(of("a=1", b""), content("/y", &Pairs::parse(b"a=1"), b""));
    }
}

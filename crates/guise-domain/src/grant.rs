//! How an account lets an app act for it, in three steps (the app asks, the account decides, the app fetches its token),
//! and what an app may do for itself.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::rate::{Endpoint, Rule};
use crate::{Access, AccountId, AppId, Callback, EntryId, Operator, ReplayKey, Sealed, Timestamp};

/// What an app's own write, for no account yet, must pass before it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AppAdmission {
    /// Which app; the window counted is its own.
    pub app: AppId,
    /// A fresh id for what the log says of it, if it is done.
    pub entry: EntryId,
    /// What must not have been seen before, and until when it is kept; nothing for a request that is not signed.
    pub replay: Option<(ReplayKey, Timestamp)>,
    /// What is counted.
    pub endpoint: Endpoint,
    /// Against which rule.
    pub rule: Rule,
    /// Now.
    pub now: Timestamp,
}

/// What an app asks for an account's decision with, and what it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestToken {
    /// The public half, which is part of the page's address.
    pub token: String,
    /// The app that asks.
    pub app: AppId,
    /// The secret half, sealed for the public half.
    pub secret: Sealed,
    /// Where to go on after the decision.
    pub callback: Callback,
    /// What the app asks to be allowed; once allowed, what it is.
    pub access: Access,
    /// Until when it can be decided on and exchanged.
    pub until: Timestamp,
    /// How far it has come.
    pub state: RequestState,
}

/// How far a request token has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Nobody decided yet.
    Asked,
    /// An account allowed it, and the app may fetch its token.
    Allowed(AccountId),
    /// It was refused, or exchanged, or guessed at too often.
    Over,
}

/// A request token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRequestToken {
    /// The public half: fresh random characters.
    pub token: String,
    /// The secret half, sealed for the public half.
    pub secret: Sealed,
    /// Where to go on.
    pub callback: Callback,
    /// What the app asks for.
    pub access: Access,
    /// Until when.
    pub until: Timestamp,
}

/// Why a request token was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestTokenError {
    /// The app has no callbacks, so it has to ask for a PIN.
    #[error("the app may only ask for a PIN")]
    PinOnly,
    /// The app has others.
    #[error("the callback is none of the app's")]
    NotApproved,
}

/// What a verifier or PIN is kept as.
#[derive(Clone, Copy, Debug, Eq)]
pub struct VerifierHash([u8; 32]);

impl VerifierHash {
    /// The hash of what an account was given for one request token.
    #[must_use]
    pub fn of(token: &str, verifier: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(token.as_bytes());
        hash.update([0]);
        hash.update(verifier.as_bytes());
        Self(hash.finalize().into())
    }

    /// Takes what a store kept.
    #[must_use]
    pub const fn from_bytes(hash: [u8; 32]) -> Self {
        Self(hash)
    }

    /// What a store keeps.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In constant time.
impl PartialEq for VerifierHash {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// An account's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// The account.
    pub account: AccountId,
    /// Who said it, if they told.
    pub operator: Option<Operator>,
    /// What the app is allowed.
    pub access: Access,
    /// What the app has to bring to fetch its token.
    pub verifier: VerifierHash,
    /// Now.
    pub now: Timestamp,
}

/// Why a request token was not exchanged: it is unknown or another app's, too old, not allowed or used already, or the
/// verifier is wrong. Nobody is told which.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request token or its verifier is not valid")]
pub struct ExchangeError;

/// Why a callback was not added to an app's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddCallbackError {
    /// The owner has no such app.
    #[error("there is no such app")]
    NoApp,
    /// It has as many as an app may have.
    #[error("the app has as many callbacks as an app may have")]
    TooMany,
}

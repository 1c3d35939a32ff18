//! What a write on behalf of a caller must pass in the store before it happens.

use crate::rate::{Endpoint, Quota, Rule};
use crate::{AccountId, AppId, EntryId, Operator, Timestamp};

/// What tells a repeated request: a hash of consumer, token, timestamp and nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ReplayKey(pub [u8; 16]);

/// What a write must pass before it happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Admission {
    /// Who writes; the window counted is this account's.
    pub account: AccountId,
    /// The app it writes by.
    pub app: AppId,
    /// Who it is that writes, if the app or the token says so.
    pub operator: Option<Operator>,
    /// A fresh id for what the log says of it, if it is done.
    pub entry: EntryId,
    /// What must not have been seen before.
    pub replay: ReplayKey,
    /// Until when a repetition would still pass the clock check; the key is kept until then.
    pub replay_until: Timestamp,
    /// What is counted.
    pub endpoint: Endpoint,
    /// Against which rule.
    pub rule: Rule,
    /// What the app's calls are counted against besides.
    pub by_app: Option<AppRule>,
    /// Now.
    pub now: Timestamp,
}

/// A limit that all accounts share which use an app.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppRule {
    /// What is counted.
    pub endpoint: Endpoint,
    /// Against which rule.
    pub rule: Rule,
}

/// What became of a write that carried an [`Admission`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted<T> {
    /// This very request came before. Nothing was counted or done.
    Replayed,
    /// The window is used up. Nothing was done.
    Limited(Quota),
    /// Counted, and done or refused as the value says.
    Done(Quota, T),
}

//! When programs last called: kept so that people see which keys nobody needs any more.

use std::sync::Arc;

use crate::{AccountId, AppId, Timestamp};

/// What a request proved itself with.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Used {
    /// An app, which is reached through its owner.
    App(AppId),
    /// A token's public half; it is reached through the account that it acts for.
    Token(Arc<str>),
}

/// The last time that an app or a token was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastUse {
    /// Whose it is.
    pub account: AccountId,
    /// What was used.
    pub used: Used,
    /// When.
    pub at: Timestamp,
}

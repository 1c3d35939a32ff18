//! Apps: programs that act for accounts.

use crate::limits::APP_NAME_CHARS_MAX;
use crate::name::{check_all, trimmed};
use crate::{AccountId, AppId, Sealed, Timestamp};

/// An app as it is kept. Only its owner sees it; any account may hold a token for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct App {
    /// Its id.
    pub id: AppId,
    /// The account that registered it.
    pub owner: AccountId,
    /// What people call it.
    pub name: String,
    /// Where people read about it; empty when nobody said.
    pub url: String,
    /// Its public half: sent with every request (`oauth_consumer_key`).
    pub consumer_key: String,
    /// Its secret half, sealed for the consumer key.
    pub consumer_secret: Sealed,
    /// Whether it was revoked: its requests are refused.
    pub revoked: bool,
    /// Whether it is trusted to name the operator of each request.
    pub names_operators: bool,
    /// When it was last used, as far as that was kept.
    pub last_used_at: Option<Timestamp>,
}

/// Why a text is no app's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {APP_NAME_CHARS_MAX} visible characters on one line")]
pub struct AppNameError;

impl App {
    /// What a new app may be called: trimmed, in NFC, and of what a profile's name may have. Whoever decides whether it
    /// may act for them has to see who asks.
    ///
    /// # Errors
    /// The rule.
    pub fn parse_name(text: &str) -> Result<String, AppNameError> {
        let chars = trimmed(text, APP_NAME_CHARS_MAX);
        let fits = (1..=APP_NAME_CHARS_MAX).contains(&chars.len());
        if fits && check_all(&chars).is_ok() {
            Ok(chars.into_iter().collect())
        } else {
            Err(AppNameError)
        }
    }
}

/// An app to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewApp {
    /// A fresh id.
    pub id: AppId,
    /// What people call it.
    pub name: String,
    /// Where people read about it; may be empty.
    pub url: String,
    /// A fresh random key.
    pub consumer_key: String,
    /// A fresh random secret, sealed for the consumer key.
    pub consumer_secret: Sealed,
}

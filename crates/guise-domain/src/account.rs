//! Accounts: who owns profiles, uploads and tokens.

use std::fmt;
use std::str::FromStr;

use crate::AccountId;
use crate::limits::SCREEN_NAME_CHARS_MAX;

/// An account's unique name: 1 to 15 ASCII letters, digits and underscores, compared without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenName(String);

/// Why a text is not a screen name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {SCREEN_NAME_CHARS_MAX} letters, digits or underscores (a-z, A-Z, 0-9, _)")]
pub struct ScreenNameError;

impl ScreenName {
    /// The name as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is compared: in lower case.
    #[must_use]
    pub fn folded(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl FromStr for ScreenName {
    type Err = ScreenNameError;

    fn from_str(text: &str) -> Result<Self, ScreenNameError> {
        let text = text.strip_prefix('@').unwrap_or(text);
        let fits = (1..=SCREEN_NAME_CHARS_MAX).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if fits && plain { Ok(Self(text.to_owned())) } else { Err(ScreenNameError) }
    }
}

impl fmt::Display for ScreenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its id, which also tells when it was made.
    pub id: AccountId,
    /// Its unique name.
    pub name: ScreenName,
    /// Whether it may use custom profiles; on unless switched off.
    pub custom_profiles: bool,
    /// Whose messages it takes.
    pub messages_from: MessagesFrom,
    /// Whether it was closed: its tokens open nothing any more.
    pub closed: bool,
}

/// Whose messages an account takes. Whom it blocked is refused either way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MessagesFrom {
    /// Everybody's.
    #[default]
    Everyone,
    /// Only those of accounts that it has written to.
    Known,
}

impl MessagesFrom {
    /// The word it is kept by, and set with.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Everyone => "all",
            Self::Known => "following",
        }
    }

    /// What `word` stands for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        [Self::Everyone, Self::Known].into_iter().find(|from| from.as_str() == word)
    }
}

/// An account to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// A fresh id.
    pub id: AccountId,
    /// The name it asks for.
    pub name: ScreenName,
    /// Whether it may use custom profiles.
    pub custom_profiles: bool,
}

/// Why an account was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CreateAccountError {
    /// Another account has this name, in some case. Names of closed accounts stay taken.
    #[error("this name is taken")]
    NameTaken,
}

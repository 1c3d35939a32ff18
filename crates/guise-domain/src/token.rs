//! Access tokens: what lets an app act for an account.

use crate::{AccountId, AppId, Operator, Sealed, Timestamp};

/// What a token's holder may do. Each level includes the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read only.
    Read,
    /// Read and write, but no direct messages.
    Write,
    /// Read, write, and direct messages.
    DirectMessages,
}

impl Access {
    /// The level as `x-access-level` names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "read-write",
            Self::DirectMessages => "read-write-directmessages",
        }
    }

    /// The level with this name, long as in `x-access-level` or short (`read`, `write`, `dm`).
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        match name {
            "read" => Some(Self::Read),
            "write" | "read-write" => Some(Self::Write),
            "dm" | "read-write-directmessages" => Some(Self::DirectMessages),
            _ => None,
        }
    }
}

/// An access token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// The public half, `<account id>-<random>`, sent with every request (`oauth_token`).
    pub token: String,
    /// The account it acts for.
    pub account: AccountId,
    /// The app it was given to.
    pub app: AppId,
    /// The secret half, sealed for the public half.
    pub secret: Sealed,
    /// What it allows.
    pub access: Access,
    /// Who works with it, if its maker said so.
    pub operator: Option<Operator>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether it was revoked.
    pub revoked: bool,
    /// When it was last used, as far as that was kept.
    pub last_used_at: Option<Timestamp>,
}

impl Token {
    /// The account that a token's public half names, if it has the form of one.
    #[must_use]
    pub fn account_of(token: &str) -> Option<AccountId> {
        token.split_once('-')?.0.parse().ok()
    }
}

/// An access token to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    /// The public half: the account's id, a hyphen, and fresh random characters.
    pub token: String,
    /// The app it is given to.
    pub app: AppId,
    /// The secret half, sealed for the public half.
    pub secret: Sealed,
    /// What it allows.
    pub access: Access,
    /// Who works with it.
    pub operator: Option<Operator>,
    /// Now.
    pub created_at: Timestamp,
}

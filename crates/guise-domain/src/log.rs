//! The log: who did what, by ids. It holds no names of profiles, no texts, and nothing is ever taken out of it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::OPERATOR_CHARS_MAX;
use crate::name::{check_all, trimmed};
use crate::{AppId, EntryId, Timestamp};

/// The person or shift behind a change: 1 to 64 characters on one line, trimmed and in NFC, all of which a name may
/// have: two labels that read the same are one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator(Arc<str>);

/// Why a text names no operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {OPERATOR_CHARS_MAX} visible characters on one line")]
pub struct OperatorError;

impl Operator {
    /// Takes what a store kept.
    #[must_use]
    pub fn from_stored(label: String) -> Self {
        Self(label.into())
    }

    /// The label.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Operator {
    type Err = OperatorError;

    fn from_str(text: &str) -> Result<Self, OperatorError> {
        let chars = trimmed(text, OPERATOR_CHARS_MAX);
        let fits = (1..=OPERATOR_CHARS_MAX).contains(&chars.len());
        if fits && check_all(&chars).is_ok() {
            Ok(Self(chars.into_iter().collect::<String>().into()))
        } else {
            Err(OperatorError)
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// What was done. The word is kept, and stays.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Action {
            $($(#[$doc])* $name,)*
        }

        impl Action {
            /// Every action.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The word it is kept by.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// What `word` stands for.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

actions! {
    /// A profile was made; the subject is the profile.
    ProfileCreated = "profile.created";
    /// A profile has a new revision, or other tags.
    ProfileEdited = "profile.edited";
    /// A profile was destroyed.
    ProfileDestroyed = "profile.destroyed";
    /// A profile was erased.
    ProfileErased = "profile.erased";
    /// A message was sent; the subject is the message, the revision that of the profile it was written under.
    MessageSent = "message.sent";
    /// A copy of a message was destroyed.
    MessageDestroyed = "message.destroyed";
    /// The account takes everybody's messages, or only those of accounts it wrote to; the subject is the account.
    MessagesOpened = "messages.opened";
    /// The opposite.
    MessagesClosed = "messages.closed";
    /// Another account's messages are refused; the subject is that account.
    AccountBlocked = "account.blocked";
    /// They are taken again.
    AccountUnblocked = "account.unblocked";
    /// The account was made; the subject is the account, as in all down to its links.
    AccountCreated = "account.created";
    /// The account was closed.
    AccountClosed = "account.closed";
    /// The account may use custom profiles again.
    ProfilesAllowed = "profiles.allowed";
    /// The account may not use custom profiles any more.
    ProfilesDenied = "profiles.denied";
    /// The account demands something else of its profiles; the subject is the account, as in the next two.
    NamingChanged = "naming.changed";
    /// The account reserved words.
    WordsReserved = "words.reserved";
    /// The account allows words again.
    WordsReleased = "words.released";
    /// Somebody signed in to the account's pages.
    SignedIn = "account.signed-in";
    /// Every session of the account was ended.
    SignedOut = "account.signed-out-everywhere";
    /// The account has another password; its sessions were ended.
    PasswordSet = "account.password-set";
    /// A one-time link to the account was made.
    LinkMade = "account.link-made";
    /// The account registered an app; the subject is the app, as in all that follow.
    AppCreated = "app.created";
    /// The app was revoked.
    AppRevoked = "app.revoked";
    /// The app may name the operator of each request.
    AppTrusted = "app.trusted";
    /// It may not any more.
    AppDistrusted = "app.distrusted";
    /// The app may have accounts led back to another place.
    CallbackAdded = "callback.added";
    /// It may not have them led there any more.
    CallbackRemoved = "callback.removed";
    /// The app fetched a bearer token of its own.
    BearerCreated = "bearer.created";
    /// That was revoked.
    BearerRevoked = "bearer.revoked";
    /// The account gave the app a token. A token has no number of its own.
    TokenCreated = "token.created";
    /// A token that the app had was revoked.
    TokenRevoked = "token.revoked";
    /// A token that the app has allows something else.
    TokenChanged = "token.changed";
}

/// Who makes a change that no signed request asks for: somebody at the server's own command line, or on a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// A fresh id for what the log says of it, if anything changes.
    pub entry: EntryId,
    /// The account's console app, if it is done on a page.
    pub app: Option<AppId>,
    /// Who it is, if they said so.
    pub operator: Option<Operator>,
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its id, which also tells when it was.
    pub id: EntryId,
    /// The app that did it; absent when it was done on the server's own command line, or by a link that was made there.
    pub app: Option<AppId>,
    /// Who did it, if the app, its token or the command line said so.
    pub operator: Option<Operator>,
    /// What was done.
    pub action: Action,
    /// To what.
    pub subject: i64,
    /// Which revision of it, where there are any.
    pub revision: Option<u32>,
}

/// Which lines of the log to read; all by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Those of this action.
    pub action: Option<Action>,
    /// Those of this operator.
    pub operator: Option<Operator>,
    /// Those about this.
    pub subject: Option<i64>,
    /// Those from then on.
    pub since: Option<Timestamp>,
    /// Those from before then.
    pub until: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_actions_read_back_and_operators_are_short_lines() {
        for action in Action::ALL {
            assert_eq!(Action::parse(action.as_str()), Some(*action));
        }
        assert_eq!(" night desk ".parse::<Operator>().unwrap().as_str(), "night desk");
        assert_eq!("Zoe\u{308}".parse::<Operator>().unwrap().as_str(), "Zoë");
        for bad in
            ["", " ", "a\nb", "a\u{2028}b", "a\u{202E}b", "\u{200B}", "a\u{200B}b", &"x".repeat(65)]
        {
            assert_eq!(bad.parse::<Operator>(), Err(OperatorError), "{bad:?}");
        }
    }
}

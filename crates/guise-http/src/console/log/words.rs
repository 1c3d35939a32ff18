//! What a line of the log says, and the names of what it is about. The log itself holds ids only.

use std::collections::HashMap;

use guise_domain::{AccountId, Action, AppId, Entry, ProfileId};

use crate::console::PAGES;
use crate::error::Refusal;
use crate::state::Guise;

/// What kind of thing an action is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    Profile,
    Message,
    /// The account whose log it is, which needs no name.
    Own,
    Other,
    App,
}

/// What was done: the words before the subject's name.
pub(super) fn words(action: Action) -> &'static str {
    told(action).1
}

/// The words after it.
pub(super) fn ending(action: Action) -> &'static str {
    match action {
        Action::AppTrusted | Action::AppDistrusted => " name operators",
        _ => "",
    }
}

fn told(action: Action) -> (Kind, &'static str) {
    use Action as A;
    match action {
        A::ProfileCreated => (Kind::Profile, "made the profile"),
        A::ProfileEdited => (Kind::Profile, "changed the profile"),
        A::ProfileDestroyed => (Kind::Profile, "destroyed the profile"),
        A::ProfileErased => (Kind::Profile, "erased the profile"),
        A::MessageSent => (Kind::Message, "sent the message"),
        A::MessageDestroyed => (Kind::Message, "destroyed this account’s copy of the message"),
        A::MessagesOpened => (Kind::Own, "let everybody write to this account"),
        A::MessagesClosed => (Kind::Own, "closed this account to strangers"),
        A::AccountBlocked => (Kind::Other, "blocked"),
        A::AccountUnblocked => (Kind::Other, "unblocked"),
        A::AccountCreated => (Kind::Own, "made the account"),
        A::AccountClosed => (Kind::Own, "closed the account"),
        A::ProfilesAllowed => (Kind::Own, "allowed the account custom profiles"),
        A::ProfilesDenied => (Kind::Own, "took custom profiles from the account"),
        A::NamingChanged => (Kind::Own, "changed what new profiles have to say"),
        A::WordsReserved => (Kind::Own, "reserved words in names"),
        A::WordsReleased => (Kind::Own, "allowed reserved words again"),
        A::SignedIn => (Kind::Own, "signed in"),
        A::SignedOut => (Kind::Own, "signed out everywhere"),
        A::PasswordSet => (Kind::Own, "set a password"),
        A::LinkMade => (Kind::Own, "made a one-time link"),
        A::AppCreated => (Kind::App, "registered the app"),
        A::AppRevoked => (Kind::App, "revoked the app"),
        A::AppTrusted => (Kind::App, "let the app"),
        A::AppDistrusted => (Kind::App, "no longer lets the app"),
        A::CallbackAdded => (Kind::App, "added a callback to the app"),
        A::CallbackRemoved => (Kind::App, "took a callback from the app"),
        A::BearerCreated => (Kind::App, "fetched the bearer token of the app"),
        A::BearerRevoked => (Kind::App, "gave up the bearer token of the app"),
        A::TokenCreated => (Kind::App, "gave a token to the app"),
        A::TokenRevoked => (Kind::App, "revoked a token of the app"),
        A::TokenChanged => (Kind::App, "changed what a token allows, of the app"),
    }
}

/// The names of what a page of the log is about.
pub(super) struct Subjects(HashMap<(Kind, i64), String>);

impl Subjects {
    /// Looks up what `account`'s entries are about.
    ///
    /// # Errors
    /// When the store does not answer.
    pub(super) async fn of(
        guise: &Guise,
        account: AccountId,
        entries: &[Entry],
    ) -> Result<Self, Refusal> {
        let mut names = HashMap::new();
        for entry in entries {
            let key = (told(entry.action).0, entry.subject);
            if names.contains_key(&key) {
                continue;
            }
            let store = guise.store();
            let name = match key.0 {
                Kind::Profile => {
                    let found = store.profile_with_tags(account, ProfileId::new(key.1)).await?;
                    found.map(|found| found.profile.current.name.as_str().to_owned())
                }
                Kind::Other => {
                    let found = store.account(AccountId::new(key.1)).await?;
                    found.map(|found| format!("@{}", found.name))
                }
                Kind::App => store.app(AppId::new(key.1)).await?.map(|found| found.name),
                Kind::Message | Kind::Own => None,
            };
            names.insert(key, name.unwrap_or_else(|| key.1.to_string()));
        }
        Ok(Self(names))
    }

    /// What the subject of an action is called, and where its page is, if it has one.
    pub(super) fn name(&self, action: Action, subject: i64) -> Option<(String, Option<String>)> {
        let kind = told(action).0;
        let place = match kind {
            Kind::Own => return None,
            Kind::Profile => Some(("/profiles/{id}", format!("/profiles/{subject}"))),
            Kind::App => Some(("/apps/{id}", format!("/apps/{subject}"))),
            Kind::Message | Kind::Other => None,
        };
        let there = place.filter(|(route, _)| PAGES.iter().any(|(path, _)| path == route));
        let name = self.0.get(&(kind, subject)).cloned().unwrap_or_default();
        Some((name, there.map(|(_, path)| path)))
    }
}

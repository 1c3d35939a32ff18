//! How profiles may be named: what an account and the server forbid, and whom a name looks like.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use crate::limits::RESERVED_WORDS_MAX;
use crate::{
    AccountId, By, ExternalId, Kind, ProfileId, ProfileName, ReservedWord, ScreenName, StoreError,
    Words,
};

/// What an account demands of its own profiles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Naming {
    /// Whether new ones have to say who speaks.
    pub kind_required: bool,
    /// Whether none may be called by the account's own name.
    pub own_name_reserved: bool,
    /// What their names may not contain besides; ordered by looks.
    pub reserved: Vec<ReservedWord>,
}

impl Naming {
    /// The same with the account's own name among the words.
    #[must_use]
    pub fn reserving(mut self, own: &ScreenName) -> Self {
        self.reserved.extend(ReservedWord::of_account(own));
        self
    }

    /// The rule that a new name breaks, of these or of the server's.
    #[must_use]
    pub fn forbids(&self, name: &ProfileName, server_words: &[ReservedWord]) -> Option<BrokenRule> {
        if self.reserved.is_empty() && server_words.is_empty() {
            return None;
        }
        let words = Words::of(name.as_str());
        let found = server_words.iter().chain(&self.reserved).find(|word| words.contain(word));
        found.map(|word| BrokenRule::ReservedWord(word.as_str().to_owned()))
    }

    /// The rule that a new profile of this kind breaks.
    #[must_use]
    pub fn misses_kind(&self, kind: Option<Kind>) -> Option<BrokenRule> {
        (self.kind_required && kind.is_none()).then_some(BrokenRule::KindRequired)
    }
}

/// What is to change about it. What is absent stays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NamingChange {
    /// Whether new profiles have to say who speaks.
    pub kind_required: Option<bool>,
    /// Whether none may be called by the account's own name.
    pub own_name_reserved: Option<bool>,
}

/// A rule of the account's or the server's that a profile breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenRule {
    /// Its new name contains this word.
    #[error("contains the reserved word \"{0}\"")]
    ReservedWord(String),
    /// It is new and does not say who speaks.
    #[error("is required by this account: human, bot or ai")]
    KindRequired,
}

/// Somebody whom a new name looks like. A warning, and no refusal: people share names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookalike {
    /// An account, by its name.
    Account(ScreenName),
    /// Another living profile of the same account.
    Profile(ProfileId),
    /// A living profile of another account; which is nobody else's business.
    OthersProfile,
}

impl fmt::Display for Lookalike {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "@{name}"),
            Self::Profile(id) => write!(f, "profile {id}"),
            Self::OthersProfile => f.write_str("a profile of another account"),
        }
    }
}

/// A profile that somebody thinks of making, or of putting in place by its external id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its name.
    pub name: ProfileName,
    /// Who or what would speak.
    pub kind: Option<Kind>,
    /// What its owner calls it; one that is there already keeps its name without being asked again.
    pub external_id: Option<ExternalId>,
}

/// What would be said of a [`Draft`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it would be refused.
    pub broken: Vec<BrokenRule>,
    /// Whom its name looks like.
    pub alike: Vec<Lookalike>,
}

/// Why words were not reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReserveWordsError {
    /// There is no such account.
    #[error("the account is unknown")]
    NoAccount,
    /// The account would have too many.
    #[error("an account may reserve at most {RESERVED_WORDS_MAX} words")]
    TooMany,
}

/// The rules for names, through the account whose profiles they are for. Making and changing profiles obeys them in its
/// own step.
#[async_trait]
pub trait Names {
    /// What an account demands; `None` when there is no such account.
    async fn naming(&self, id: AccountId) -> Result<Option<Naming>, StoreError>;
    /// Changes that. `false` when there is no such account.
    async fn set_naming(
        &self,
        id: AccountId,
        change: NamingChange,
        by: By,
    ) -> Result<bool, StoreError>;
    /// Reserves words. One that looks like a word reserved before takes its place.
    async fn reserve_words(
        &self,
        id: AccountId,
        words: Vec<ReservedWord>,
        by: By,
    ) -> Result<Result<(), ReserveWordsError>, StoreError>;
    /// Allows words again; those that were reserved come back, as they were written then.
    async fn release_words(
        &self,
        id: AccountId,
        words: Vec<ReservedWord>,
        by: By,
    ) -> Result<Vec<String>, StoreError>;
    /// Whom an account's own name looks like: other open accounts, and living profiles of others.
    async fn lookalikes(&self, id: AccountId) -> Result<Vec<Lookalike>, StoreError>;
    /// What making these would be answered as far as names and kinds go, without making anything; or putting in place,
    /// where a living profile has the external id.
    async fn check_profiles(
        &self,
        owner: AccountId,
        drafts: Vec<Draft>,
        server_words: Arc<[ReservedWord]>,
    ) -> Result<Vec<Verdict>, StoreError>;
}

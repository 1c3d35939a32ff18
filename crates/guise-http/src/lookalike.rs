//! Whom a new name looks like, told to its maker: a warning beside an answer, and never a refusal.

use guise_domain::Lookalike;
use serde::Serialize;

/// Where what the original's answers have no place for is told: a list of words with parameters, as RFC 9651 writes
/// them.
const GUISE_WARNING: &str = "guise-warning";
const SLUG: &str = "name-looks-like";

/// A warning. Of another account's profile neither id nor name is told.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct WarningOut {
    slug: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
}

impl WarningOut {
    /// All warnings.
    pub(crate) fn all(alike: &[Lookalike]) -> Vec<Self> {
        alike.iter().map(Self::new).collect()
    }

    fn new(alike: &Lookalike) -> Self {
        let message = format!("name: looks like that of {alike}");
        let (profile_id, account) = match alike {
            Lookalike::Profile(id) => (Some(id.to_string()), None),
            Lookalike::Account(name) => (None, Some(name.to_string())),
            Lookalike::OthersProfile => (None, None),
        };
        Self { slug: SLUG, message, profile_id, account }
    }
}

/// The header that warns, if there is anything to warn of.
pub(crate) fn warning(alike: &[Lookalike]) -> Option<(String, String)> {
    let item = |alike: &Lookalike| match alike {
        Lookalike::Profile(id) => format!("{SLUG}; profile=\"{id}\""),
        Lookalike::Account(name) => format!("{SLUG}; account=\"{name}\""),
        Lookalike::OthersProfile => SLUG.to_owned(),
    };
    let items: Vec<_> = alike.iter().map(item).collect();
    (!items.is_empty()).then(|| (GUISE_WARNING.to_owned(), items.join(", ")))
}

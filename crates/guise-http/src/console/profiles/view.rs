//! Profiles as pages show them.

use guise_domain::{
    AccountId, Draft, Kind, Lookalike, Page, PageRequest, Profile, ProfileId, ProfileTag, Revision,
    Tagged,
};

use crate::console::When;
use crate::error::Refusal;
use crate::state::{Guise, avatar_path};
use crate::wire::Cursor;

/// Revisions on one page; their lines in the log are no more than a page of it.
const REVISIONS: u32 = 10;

/// A profile.
#[derive(Clone, Debug)]
pub(super) struct Shown {
    pub(super) id: ProfileId,
    pub(super) revision: u32,
    pub(super) name: String,
    pub(super) kind: Option<&'static str>,
    pub(super) picture: String,
    pub(super) external_id: Option<String>,
    pub(super) tags: Vec<String>,
    pub(super) uses: u64,
    pub(super) last_used: Option<When>,
    pub(super) made: When,
    pub(super) destroyed: Option<When>,
    pub(super) erased: Option<When>,
}

impl Shown {
    pub(super) fn new(tagged: Tagged) -> Self {
        let Tagged { profile, tags, digest: _ } = tagged;
        let Profile { id, current, external_id, uses, last_used_at, destroyed_at, erased_at } =
            profile;
        Self {
            id,
            revision: current.revision,
            picture: avatar_path(id, &current.name, current.avatar),
            name: current.name.as_str().to_owned(),
            kind: current.kind.map(Kind::as_str),
            external_id: external_id.map(|id| id.to_string()),
            tags: tags.iter().map(ProfileTag::as_str).map(str::to_owned).collect(),
            uses,
            last_used: last_used_at.map(When),
            made: When(id.created_at()),
            destroyed: destroyed_at.map(When),
            erased: erased_at.map(When),
        }
    }

    /// How often it was written under, in words.
    pub(super) fn used(&self) -> String {
        match self.uses {
            0 => "Not used yet".to_owned(),
            1 => "Used once".to_owned(),
            uses => format!("Used {uses} times"),
        }
    }
}

/// What a profile is or was, and who made it so.
#[derive(Clone, Debug)]
pub(super) struct Was {
    pub(super) revision: u32,
    pub(super) name: String,
    pub(super) kind: Option<&'static str>,
    pub(super) picture: String,
    pub(super) made: When,
    pub(super) app: Option<String>,
    pub(super) operator: Option<String>,
}

/// A page of what a profile is and was, newest first, and the cursor of the next page.
///
/// # Errors
/// When it never was the owner's, or the store does not answer.
pub(super) async fn history(
    guise: &Guise,
    owner: AccountId,
    id: ProfileId,
    before: Option<i64>,
) -> Result<(Vec<Was>, Option<String>), Refusal> {
    let asked = PageRequest { count: REVISIONS, before };
    let found = guise.store().revisions(owner, id, asked).await?;
    let Page { items, next } = found.ok_or(Refusal::NotFound)?;
    let mut history = Vec::new();
    for Revision { revision, name, avatar, kind, made_at, app, operator } in items {
        let app = match app {
            Some(app) => guise.store().app(app).await?.map(|app| app.name),
            None => None,
        };
        history.push(Was {
            revision,
            picture: avatar_path(id, &name, avatar),
            name: name.as_str().to_owned(),
            kind: kind.map(Kind::as_str),
            made: When(made_at),
            app,
            operator: operator.map(|operator| operator.to_string()),
        });
    }
    Ok((history, next.map(|revision| Cursor(revision).write())))
}

/// Somebody whom a name looks like, and the page about them if it is the account's own.
#[derive(Clone, Debug)]
pub(super) struct Alike {
    pub(super) who: String,
    pub(super) page: Option<String>,
}

/// Whom a living profile's name looks like.
///
/// # Errors
/// When the store does not answer.
pub(super) async fn alike(
    guise: &Guise,
    owner: AccountId,
    profile: &Profile,
) -> Result<Vec<Alike>, Refusal> {
    if profile.destroyed_at.is_some() {
        return Ok(Vec::new());
    }
    let (name, kind) = (profile.current.name.clone(), profile.current.kind);
    let draft = Draft { name, kind, external_id: None };
    let server_words = guise.reserved_names();
    let verdicts = guise.store().check_profiles(owner, vec![draft], server_words).await?;
    let mut found = Vec::new();
    for alike in verdicts.into_iter().flat_map(|verdict| verdict.alike) {
        found.push(match alike {
            Lookalike::Profile(id) if id == profile.id => continue,
            Lookalike::Profile(id) => {
                let other = guise.store().profile(owner, id).await?;
                let name = other.map(|other| other.current.name.as_str().to_owned());
                let who = name.unwrap_or_else(|| format!("profile {id}"));
                Alike { who, page: Some(format!("/profiles/{id}")) }
            }
            other => Alike { who: other.to_string(), page: None },
        });
    }
    Ok(found)
}

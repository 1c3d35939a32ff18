//! The answers of `/guise/v1/profiles/…`. Every member is always there, `null` where there is nothing.

use guise_domain::{
    Answer, Kind, Lookalike, Outcome, Profile, ProfileId, ProfileTag, Revision, Tagged,
};
use http::header::ETAG;
use serde::Serialize;

use crate::lookalike::WarningOut;
use crate::state::Guise;
use crate::wire::written_moment;

#[derive(Debug, Serialize)]
pub(super) struct OneOut {
    pub(super) profile: ProfileOut,
}

/// A profile that was made, changed, or put in place.
#[derive(Debug, Serialize)]
pub(super) struct MadeOut {
    profile: ProfileOut,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    warnings: Vec<WarningOut>,
}

impl MadeOut {
    pub(super) fn new(profile: ProfileOut, outcome: Option<Outcome>, alike: &[Lookalike]) -> Self {
        let outcome = outcome.map(|outcome| match outcome {
            Outcome::Created => "created",
            Outcome::Updated => "updated",
            Outcome::Unchanged => "unchanged",
        });
        Self { profile, outcome, warnings: WarningOut::all(alike) }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct ProfilesOut {
    pub(super) profiles: Vec<ProfileOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct RevisionsOut {
    pub(super) revisions: Vec<RevisionOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

/// A profile as its owner sees it.
#[derive(Debug, Serialize)]
pub(super) struct ProfileOut {
    id: String,
    revision: u32,
    name: String,
    kind: Option<&'static str>,
    avatar: CurrentAvatarOut,
    external_id: Option<String>,
    tags: Vec<String>,
    uses: u64,
    created_at: String,
    changed_at: String,
    last_used_at: Option<String>,
    destroyed_at: Option<String>,
    erased_at: Option<String>,
}

#[derive(Debug, Serialize)]
struct AvatarOut {
    url: String,
}

/// The picture a profile has, with what its file is recognised by.
#[derive(Debug, Serialize)]
struct CurrentAvatarOut {
    #[serde(flatten)]
    avatar: AvatarOut,
    sha256: Option<String>,
}

impl ProfileOut {
    pub(super) fn new(guise: &Guise, received: &str, tagged: Tagged) -> Self {
        let Tagged { profile, tags, digest } = tagged;
        let Profile { id, current, external_id, uses, last_used_at, destroyed_at, erased_at } =
            profile;
        let Revision { revision, name, avatar, kind, made_at, app: _, operator: _ } = current;
        Self {
            id: id.to_string(),
            revision,
            name: name.as_str().to_owned(),
            kind: kind.map(Kind::as_str),
            avatar: CurrentAvatarOut {
                avatar: AvatarOut { url: guise.avatar_url(received, id, &name, avatar) },
                sha256: digest.map(|digest| digest.to_string()),
            },
            external_id: external_id.map(|id| id.to_string()),
            tags: tags.iter().map(ProfileTag::as_str).map(str::to_owned).collect(),
            uses,
            created_at: written_moment(id.created_at()),
            changed_at: written_moment(made_at),
            last_used_at: last_used_at.map(written_moment),
            destroyed_at: destroyed_at.map(written_moment),
            erased_at: erased_at.map(written_moment),
        }
    }
}

/// What a profile is or was.
#[derive(Debug, Serialize)]
pub(super) struct RevisionOut {
    revision: u32,
    name: String,
    kind: Option<&'static str>,
    avatar: AvatarOut,
    made_at: String,
    app_id: Option<String>,
    operator: Option<String>,
}

impl RevisionOut {
    pub(super) fn new(guise: &Guise, received: &str, id: ProfileId, revision: Revision) -> Self {
        let Revision { revision, name, avatar, kind, made_at, app, operator } = revision;
        Self {
            revision,
            name: name.as_str().to_owned(),
            kind: kind.map(Kind::as_str),
            avatar: AvatarOut { url: guise.avatar_url(received, id, &name, avatar) },
            made_at: written_moment(made_at),
            app_id: app.map(|app| app.to_string()),
            operator: operator.map(|operator| operator.to_string()),
        }
    }
}

/// Names the revision, for `If-Match`.
pub(super) fn with_etag(mut answer: Answer, revision: u32) -> Answer {
    answer.headers.push((ETAG.to_string(), etag(revision)));
    answer
}

/// What a revision is named by.
pub(super) fn etag(revision: u32) -> String {
    format!("\"{revision}\"")
}

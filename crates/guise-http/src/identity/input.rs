//! The requests of `/guise/v1/profiles/…`.

use std::str::FromStr;
use std::sync::Arc;

use guise_domain::limits::PROFILE_TAGS_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{
    ExternalId, Kind, MediaId, PageRequest, ProfileChange, ProfileFilter, ProfileName,
    ProfileState, ProfileTag, fold,
};

use super::output::etag;
use crate::error::Refusal;
use crate::extract::{Input, Received, Unreadable};
use crate::wire::{Member, Pairs, moment, page};

/// A profile to be made.
#[derive(Debug)]
pub(crate) struct Created {
    pub(super) name: ProfileName,
    pub(super) avatar: Option<MediaId>,
    pub(super) kind: Option<Kind>,
    pub(super) external_id: Option<ExternalId>,
    pub(super) tags: Vec<ProfileTag>,
}

impl Input for Created {
    /// One limit for making profiles, whichever way.
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesNew;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let top = Member::top(&body);
        Ok(Self {
            name: name(&top.member("name")?)?,
            avatar: avatar(&top.member("avatar")?)?,
            kind: kind(&top.member("kind")?)?,
            external_id: external_id(&top.member("external_id")?)?,
            tags: tags(&top.member("tags")?)?.unwrap_or_default(),
        })
    }
}

/// A change, and the revision it is of; of any when that is absent.
#[derive(Debug)]
pub(crate) struct Edited {
    pub(super) expected: Option<u32>,
    pub(super) change: ProfileChange,
}

impl Input for Edited {
    const ENDPOINT: Endpoint = Endpoint::ProfilesEdit;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let change = change(&body)?;
        Ok(Self { expected: expected(request.if_match.as_deref())?, change })
    }
}

/// What a profile shall be, and the revision it is now; of any, or a new one, when that is absent.
#[derive(Debug)]
pub(crate) struct Put {
    pub(super) expected: Option<u32>,
    pub(super) change: ProfileChange,
}

impl Input for Put {
    const ENDPOINT: Endpoint = Endpoint::ProfilesEdit;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let change = change(&body)?;
        let tag = request.if_match.as_deref();
        let rule = "If-Match: must be the profile's revision in quotes";
        let read = |tag| revision(tag).ok_or_else(|| Refusal::Invalid(rule.into()));
        Ok(Self { expected: tag.map(read).transpose()?, change })
    }
}

/// The path says it all.
#[derive(Debug)]
pub(crate) struct Shown;

impl Input for Shown {
    const ENDPOINT: Endpoint = Endpoint::ProfilesShow;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// The path says it all, and nothing else is asked for.
#[derive(Debug)]
pub(crate) struct Erased;

impl Input for Erased {
    /// One limit for making profiles disappear, whichever way.
    const ENDPOINT: Endpoint = Endpoint::CustomProfilesDestroy;

    fn parse(_: &Received) -> Result<Self, Unreadable> {
        Ok(Self)
    }
}

/// The page of a history.
#[derive(Debug)]
pub(crate) struct Revised {
    pub(super) page: PageRequest,
}

impl Input for Revised {
    const ENDPOINT: Endpoint = Endpoint::ProfilesRevisions;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { page: page(&request.query)? })
    }
}

/// Which profiles to find.
#[derive(Debug)]
pub(crate) struct Found {
    pub(super) filter: ProfileFilter,
    pub(super) page: PageRequest,
}

impl Input for Found {
    const ENDPOINT: Endpoint = Endpoint::ProfilesFind;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        Ok(Self { filter: filter(&request.query)?, page: page(&request.query)? })
    }
}

/// Which profiles a query asks for.
///
/// # Errors
/// The parameter that cannot be read.
pub(crate) fn filter(query: &Pairs) -> Result<ProfileFilter, Refusal> {
    Ok(ProfileFilter {
        name: query.get("name").map(fold),
        name_prefix: query.get("name_prefix").map(fold),
        kind: one_of(query, "kind", Kind::parse, "human, bot or ai")?,
        tag: query.get("tag").map(|text| in_query("tag", text)).transpose()?,
        unused_since: query
            .get("unused_since")
            .map(|text| moment("unused_since", text))
            .transpose()?,
        state: one_of(query, "state", state, "living, destroyed or all")?.unwrap_or_default(),
    })
}

fn one_of<T>(
    query: &Pairs,
    name: &str,
    parse: fn(&str) -> Option<T>,
    words: &str,
) -> Result<Option<T>, Refusal> {
    let Some(text) = query.get(name) else { return Ok(None) };
    match parse(text) {
        Some(value) => Ok(Some(value)),
        None => Err(Refusal::Invalid(format!("{name}: must be {words}"))),
    }
}

fn state(word: &str) -> Option<ProfileState> {
    match word {
        "living" => Some(ProfileState::Living),
        "destroyed" => Some(ProfileState::Destroyed),
        "all" => Some(ProfileState::All),
        _ => None,
    }
}

fn in_query<T: FromStr<Err: std::fmt::Display>>(name: &str, text: &str) -> Result<T, Refusal> {
    text.parse().map_err(|rule| Refusal::Invalid(format!("{name}: {rule}")))
}

/// `If-Match`: the revision in quotes, as `ETag` has it, or `*`.
fn expected(if_match: Option<&str>) -> Result<Option<u32>, Refusal> {
    match if_match.map(str::trim) {
        None => Err(Refusal::RevisionRequired),
        Some("*") => Ok(None),
        Some(tag) => {
            let rule = "If-Match: must be the profile's revision in quotes, or *";
            revision(tag).map(Some).ok_or_else(|| Refusal::Invalid(rule.into()))
        }
    }
}

/// The revision that `tag` names, written as [`etag`] writes it.
fn revision(tag: &str) -> Option<u32> {
    let revision = tag.trim().strip_prefix('"')?.strip_suffix('"')?.parse().ok()?;
    (etag(revision) == tag.trim()).then_some(revision)
}

fn change(body: &serde_json::Value) -> Result<ProfileChange, Refusal> {
    let top = Member::top(body);
    let given_name = top.member("name")?;
    Ok(ProfileChange {
        name: if given_name.is_absent() { None } else { Some(name(&given_name)?) },
        avatar: avatar(&top.member("avatar")?)?,
        kind: kind(&top.member("kind")?)?,
        external_id: external_id(&top.member("external_id")?)?,
        tags: tags(&top.member("tags")?)?,
        server_words: Arc::default(),
    })
}

/// A profile's name.
pub(crate) fn name(member: &Member<'_>) -> Result<ProfileName, Refusal> {
    ProfileName::parse(member.string()?).map_err(|rule| member.refuse(rule))
}

fn avatar(member: &Member<'_>) -> Result<Option<MediaId>, Refusal> {
    if member.is_absent() { Ok(None) } else { member.member("media_id")?.id().map(Some) }
}

/// Who or what speaks, where that may be left open.
pub(crate) fn kind(member: &Member<'_>) -> Result<Option<Kind>, Refusal> {
    if member.is_absent() {
        return Ok(None);
    }
    Ok(Kind::parse(member.one_of(&["human", "bot", "ai"])?))
}

pub(super) fn external_id(member: &Member<'_>) -> Result<Option<ExternalId>, Refusal> {
    if member.is_absent() { Ok(None) } else { parsed(member).map(Some) }
}

fn tags(member: &Member<'_>) -> Result<Option<Vec<ProfileTag>>, Refusal> {
    if member.is_absent() {
        return Ok(None);
    }
    member.items(0, PROFILE_TAGS_MAX)?.iter().map(parsed).collect::<Result<_, _>>().map(Some)
}

fn parsed<T: FromStr<Err: std::fmt::Display>>(member: &Member<'_>) -> Result<T, Refusal> {
    member.string()?.parse().map_err(|rule| member.refuse(rule))
}

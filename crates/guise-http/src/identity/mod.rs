//! What an account knows of its own profiles beyond the original: `/guise/v1/profiles/…`.

mod check;
mod input;
mod output;

use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::{
    Answer, EditedProfile, ExternalId, ExternalIdError, Lookalike, NewProfile, Outcome, Page,
    ProfileChange, ProfileId, Tagged,
};
use http::StatusCode;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Signed};
use crate::state::Guise;
use crate::wire::Cursor;
pub(crate) use check::check;
use input::{Created, Edited, Erased, Found, Put, Revised, Shown};
pub(crate) use input::{filter, kind, name};
use output::{MadeOut, OneOut, ProfileOut, ProfilesOut, RevisionOut, RevisionsOut, with_etag};

/// `GET /guise/v1/profiles`
pub(crate) async fn find(
    State(guise): State<Guise>,
    Signed { caller, input: Found { filter, page }, received }: Signed<Found>,
) -> Result<Response, Refusal> {
    let Page { items, next } =
        guise.store().find_profiles(caller.account().id, filter, page).await?;
    let profiles =
        items.into_iter().map(|profile| ProfileOut::new(&guise, &received, profile)).collect();
    let next_cursor = next.map(|id| Cursor(id).write());
    Ok(answer::json(StatusCode::OK, &ProfilesOut { profiles, next_cursor }))
}

/// `POST /guise/v1/profiles`
pub(crate) async fn create(
    State(guise): State<Guise>,
    Signed { caller, input, received }: Signed<Created>,
) -> Result<Response, Refusal> {
    let Created { name, avatar, kind, external_id, tags } = input;
    let id = ProfileId::new(guise.next_id(caller.now));
    let server_words = guise.reserved_names();
    let new = NewProfile { id, name, avatar, kind, external_id, tags, server_words };
    let admission = caller.admission(&guise, Created::ENDPOINT);
    let shown = guise.clone();
    let tell = move |(profile, alike): &(Tagged, Vec<Lookalike>)| {
        made(&shown, &received, StatusCode::CREATED, profile.clone(), None, alike)
    };
    let keep = caller.keep(id.get(), &tell);
    caller.told(guise.store().create_profile(&admission, new, keep).await?, tell)
}

/// `GET /guise/v1/profiles/{id}`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Signed { caller, received, .. }: Signed<Shown>,
) -> Result<Response, Refusal> {
    let found = guise.store().profile_with_tags(caller.account().id, named(&id)?).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    Ok(answer::written(one(&guise, &received, found)))
}

/// `PATCH /guise/v1/profiles/{id}`
pub(crate) async fn edit(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Signed { caller, input: Edited { expected, change }, received }: Signed<Edited>,
) -> Result<Response, Refusal> {
    let id = match named(&id) {
        Ok(id) => id,
        Err(refusal) => return Err(caller.refuse(&guise, Edited::ENDPOINT, refusal).await),
    };
    let admission = caller.admission(&guise, Edited::ENDPOINT);
    let change = ProfileChange { server_words: guise.reserved_names(), ..change };
    let edited = guise.store().edit_profile(&admission, id, expected, change).await?;
    let EditedProfile { profile, alike, .. } = caller.admitted(edited)??;
    Ok(answer::written(made(&guise, &received, StatusCode::OK, profile, None, &alike)))
}

/// `PUT /guise/v1/profiles/by-external-id/{key}`
pub(crate) async fn put(
    State(guise): State<Guise>,
    Path(key): Path<String>,
    Signed { caller, input: Put { expected, change }, received }: Signed<Put>,
) -> Result<Response, Refusal> {
    let external_id = match key_of(&key, change.external_id.as_ref()) {
        Ok(external_id) => external_id,
        Err(refusal) => return Err(caller.refuse(&guise, Put::ENDPOINT, refusal).await),
    };
    let id = ProfileId::new(guise.next_id(caller.now));
    let admission = caller.admission(&guise, Put::ENDPOINT);
    let change = ProfileChange { server_words: guise.reserved_names(), ..change };
    let put = guise.store().put_profile(&admission, id, external_id, expected, change).await?;
    let EditedProfile { profile, outcome, alike } = caller.admitted(put)??;
    let status = match outcome {
        Outcome::Created => StatusCode::CREATED,
        Outcome::Updated | Outcome::Unchanged => StatusCode::OK,
    };
    Ok(answer::written(made(&guise, &received, status, profile, Some(outcome), &alike)))
}

/// The external id in a path, which the body may repeat.
fn key_of(path: &str, body: Option<&ExternalId>) -> Result<ExternalId, Refusal> {
    let refuse = |rule: &dyn std::fmt::Display| Refusal::Invalid(format!("external_id: {rule}"));
    let key = path.parse().map_err(|rule: ExternalIdError| refuse(&rule))?;
    if body.is_some_and(|body| *body != key) {
        return Err(refuse(&"must be the one in the path"));
    }
    Ok(key)
}

/// `GET /guise/v1/profiles/{id}/revisions`
pub(crate) async fn revisions(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Signed { caller, input, received }: Signed<Revised>,
) -> Result<Response, Refusal> {
    let id = named(&id)?;
    let found = guise.store().revisions(caller.account().id, id, input.page).await?;
    let Page { items, next } = found.ok_or(Refusal::NotFound)?;
    let revisions = items
        .into_iter()
        .map(|revision| RevisionOut::new(&guise, &received, id, revision))
        .collect();
    let next_cursor = next.map(|revision| Cursor(revision).write());
    Ok(answer::json(StatusCode::OK, &RevisionsOut { revisions, next_cursor }))
}

/// `POST /guise/v1/profiles/{id}/erase`
pub(crate) async fn erase(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Signed { caller, received, .. }: Signed<Erased>,
) -> Result<Response, Refusal> {
    let id = match named(&id) {
        Ok(id) => id,
        Err(refusal) => return Err(caller.refuse(&guise, Erased::ENDPOINT, refusal).await),
    };
    let admission = caller.admission(&guise, Erased::ENDPOINT);
    let erased = guise.store().erase_profile(&admission, id).await?;
    let erased = caller.admitted(erased)?.ok_or(Refusal::NotFound)?;
    guise.pictures().forget(&erased.hidden);
    guise.remove_pictures(&erased.removed).await;
    let profile = Tagged { profile: erased.profile, tags: Vec::new(), digest: None };
    Ok(answer::written(one(&guise, &received, profile)))
}

/// In a path, what is no id is no page either.
fn named(id: &str) -> Result<ProfileId, Refusal> {
    id.parse().map_err(|_| Refusal::NotFound)
}

fn one(guise: &Guise, received: &str, profile: Tagged) -> Answer {
    let revision = profile.profile.current.revision;
    let profile = ProfileOut::new(guise, received, profile);
    with_etag(answer::kept(StatusCode::OK, &OneOut { profile }), revision)
}

fn made(
    guise: &Guise,
    received: &str,
    status: StatusCode,
    profile: Tagged,
    outcome: Option<Outcome>,
    alike: &[Lookalike],
) -> Answer {
    let revision = profile.profile.current.revision;
    let profile = ProfileOut::new(guise, received, profile);
    with_etag(answer::kept(status, &MadeOut::new(profile, outcome, alike)), revision)
}

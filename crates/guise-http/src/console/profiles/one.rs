//! The page of one profile, and changing it.

use askama::Template;
use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{EditProfileError, ProfileChange, ProfileId};
use http::StatusCode;

use super::draft::{Draft, Meant};
use super::view::{Alike, Shown, Was, alike, history};
use crate::console::{Frame, PostedFile, Section, SignedIn, page, see};
use crate::error::Refusal;
use crate::state::Guise;
use crate::wire::{self, Pairs};

#[derive(Template)]
#[template(path = "profile.html")]
struct ProfilePage {
    frame: Frame,
    account: String,
    profile: Shown,
    draft: Draft,
    said: Said,
    alike: Vec<Alike>,
    history: Vec<Was>,
    older: Option<String>,
}

/// What a profile's page has to say besides what the profile is.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// It was saved just now.
    pub(super) saved: bool,
    /// Somebody else changed it while this was typed.
    pub(super) stale: bool,
    /// Why it was not erased.
    pub(super) not_erased: Option<&'static str>,
    /// What was typed, if it was not taken.
    pub(super) draft: Option<Draft>,
    /// The revision that the history begins below.
    pub(super) before: Option<i64>,
}

/// `GET /profiles/{id}?cursor=`
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    signed.may(Endpoint::ProfilesShow)?;
    let query = Pairs::parse(query.unwrap_or_default().as_bytes());
    let (saved, before) = (query.get("saved").is_some(), wire::page(&query)?.before);
    let said = Said { saved, before, ..Said::default() };
    written(&guise, &signed, named(&id)?, StatusCode::OK, said).await
}

/// `POST /profiles/{id}`
pub(crate) async fn edit(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    PostedFile { signed, form, file, .. }: PostedFile,
) -> Result<Response, Refusal> {
    let id = named(&id)?;
    let admission = signed.admission(&guise, Endpoint::ProfilesEdit)?;
    let mut draft = Draft::typed(&form);
    draft.take_picture(&guise, &signed, file).await?;
    let Some(Meant { name, kind, tags, external_id: _ }) = draft.meant() else {
        return again(&guise, &signed, id, draft, false).await;
    };
    let change = ProfileChange {
        name: Some(name),
        avatar: draft.uploaded,
        kind,
        tags: Some(tags),
        external_id: None,
        server_words: guise.reserved_names(),
    };
    let expected = Some(draft.revision);
    let edited = guise.store().edit_profile(&admission, id, expected, change).await?;
    match signed.admitted(edited) {
        Ok(Ok(_)) => Ok(see(&format!("/profiles/{id}?saved"))),
        Ok(Err(EditProfileError::Stale { .. })) => again(&guise, &signed, id, draft, true).await,
        // What was destroyed meanwhile has a page that says so.
        Ok(Err(EditProfileError::NotFound)) => {
            written(&guise, &signed, id, StatusCode::NOT_FOUND, Said::default()).await
        }
        Ok(Err(error)) => {
            draft.refuse(error.into())?;
            again(&guise, &signed, id, draft, false).await
        }
        Err(refusal) => {
            draft.refuse(refusal)?;
            again(&guise, &signed, id, draft, false).await
        }
    }
}

/// The page with what was typed, to be mended and sent again.
async fn again(
    guise: &Guise,
    signed: &SignedIn,
    id: ProfileId,
    draft: Draft,
    stale: bool,
) -> Result<Response, Refusal> {
    let status = if stale { StatusCode::PRECONDITION_FAILED } else { draft.status() };
    let said = Said { draft: Some(draft), stale, ..Said::default() };
    written(guise, signed, id, status, said).await
}

/// A profile's page.
///
/// # Errors
/// When the profile never was the account's, or the store does not answer.
pub(super) async fn written(
    guise: &Guise,
    signed: &SignedIn,
    id: ProfileId,
    status: StatusCode,
    mut said: Said,
) -> Result<Response, Refusal> {
    let owner = signed.account().id;
    let found = guise.store().profile_with_tags(owner, id).await?.ok_or(Refusal::NotFound)?;
    let alike = if said.saved { alike(guise, owner, &found.profile).await? } else { Vec::new() };
    let (history, next) = history(guise, owner, id, said.before).await?;
    let mut draft = Draft::of(found.clone());
    if let Some(typed) = said.draft.take() {
        // Sent once more, what was typed is meant for what the profile is now.
        let revision = if said.stale { draft.revision } else { typed.revision };
        draft = typed.about(draft.picture, revision);
    }
    let shown = ProfilePage {
        frame: signed.frame(guise, Section::Profiles),
        account: signed.account().name.to_string(),
        profile: Shown::new(found),
        draft,
        alike,
        older: next.map(|cursor| format!("/profiles/{id}?cursor={cursor}")),
        history,
        said,
    };
    Ok(page(status, &shown))
}

/// In a path, what is no id is no page either.
pub(super) fn named(id: &str) -> Result<ProfileId, Refusal> {
    id.parse().map_err(|_| Refusal::NotFound)
}

//! Making a profile.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use guise_domain::rate::Endpoint;
use guise_domain::{NewProfile, ProfileId};

use super::draft::{Draft, Meant};
use crate::console::{Frame, PostedFile, Section, SignedIn, page, see};
use crate::error::Refusal;
use crate::state::Guise;

#[derive(Template)]
#[template(path = "profile_new.html")]
struct NewPage {
    frame: Frame,
    account: String,
    draft: Draft,
}

/// `GET /profiles/new`
pub(crate) async fn start(
    State(guise): State<Guise>,
    signed: SignedIn,
) -> Result<Response, Refusal> {
    signed.may(Endpoint::CustomProfilesNew)?;
    Ok(written(&guise, &signed, Draft::default()))
}

/// `POST /profiles/new`
pub(crate) async fn create(
    State(guise): State<Guise>,
    PostedFile { signed, form, file, .. }: PostedFile,
) -> Result<Response, Refusal> {
    let admission = signed.admission(&guise, Endpoint::CustomProfilesNew)?;
    let mut draft = Draft::typed(&form);
    draft.take_picture(&guise, &signed, file).await?;
    let Some(Meant { name, kind, external_id, tags }) = draft.meant() else {
        return Ok(written(&guise, &signed, draft));
    };
    let id = ProfileId::new(guise.next_id(signed.now));
    let (avatar, server_words) = (draft.uploaded, guise.reserved_names());
    let new = NewProfile { id, name, avatar, kind, external_id, tags, server_words };
    let created = signed.admitted_once(guise.store().create_profile(&admission, new, None).await?);
    match created.and_then(|created| created.map_err(Refusal::from)) {
        Ok(_) => Ok(see(&format!("/profiles/{id}?saved"))),
        Err(refusal) => {
            draft.refuse(refusal)?;
            Ok(written(&guise, &signed, draft))
        }
    }
}

fn written(guise: &Guise, signed: &SignedIn, draft: Draft) -> Response {
    let (frame, status) = (signed.frame(guise, Section::Profiles), draft.status());
    page(status, &NewPage { frame, account: signed.account().name.to_string(), draft })
}

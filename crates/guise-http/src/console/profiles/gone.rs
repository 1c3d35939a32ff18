//! Taking profiles away.

use axum::extract::{Path, State};
use axum::response::Response;
use guise_domain::ProfileName;
use guise_domain::rate::Endpoint;
use http::StatusCode;

use super::one::{Said, named, written};
use crate::console::{Posted, see};
use crate::error::Refusal;
use crate::state::Guise;

/// `POST /profiles/{id}/destroy`
pub(crate) async fn destroy(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, .. }: Posted,
) -> Result<Response, Refusal> {
    let id = named(&id)?;
    let admission = signed.admission(&guise, Endpoint::CustomProfilesDestroy)?;
    if signed.admitted(guise.store().destroy_profile(&admission, id).await?)? {
        Ok(see(&format!("/profiles/{id}")))
    } else {
        Err(Refusal::NotFound)
    }
}

/// `POST /profiles/{id}/erase`: with the profile's name, so that nobody does it by mistake.
pub(crate) async fn erase(
    State(guise): State<Guise>,
    Path(id): Path<String>,
    Posted { signed, form }: Posted,
) -> Result<Response, Refusal> {
    let id = named(&id)?;
    let admission = signed.admission(&guise, Endpoint::CustomProfilesDestroy)?;
    let found = guise.store().profile_with_tags(signed.account().id, id).await?;
    let name = found.ok_or(Refusal::NotFound)?.profile.current.name;
    if ProfileName::parse(form.get("name").unwrap_or_default()) != Ok(name) {
        let said = Said { not_erased: Some("This is not its name."), ..Said::default() };
        return written(&guise, &signed, id, StatusCode::BAD_REQUEST, said).await;
    }
    let erased = guise.store().erase_profile(&admission, id).await?;
    let erased = signed.admitted(erased)?.ok_or(Refusal::NotFound)?;
    guise.pictures().forget(&erased.hidden);
    guise.remove_pictures(&erased.removed).await;
    Ok(see(&format!("/profiles/{id}")))
}

//! Forms: read up to a bound, and only from pages of ours.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use guise_domain::limits::{BODY_BYTES_MAX, SIGN_IN_BYTES_MAX};
use http::request::Parts;

use super::SignedIn;
use crate::error::Refusal;
use crate::extract::read;
use crate::origin::Origin;
use crate::state::Guise;
use crate::wire::Pairs;

/// A form that somebody who is signed in sent from a page of ours (`application/x-www-form-urlencoded`). A page with a
/// file in it takes [`SignedIn`] and the body, and hands the fields to [`SignedIn::take_form`] itself.
#[derive(Debug)]
pub(crate) struct Posted {
    /// Who sent it.
    pub(crate) signed: SignedIn,
    /// What it says.
    pub(crate) form: Pairs,
}

impl FromRequest<Guise> for Posted {
    type Rejection = Response;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let mut signed = SignedIn::from_request_parts(&mut parts, guise).await?;
        let body = read(body, BODY_BYTES_MAX).await.map_err(IntoResponse::into_response)?;
        let form = Pairs::parse(&body);
        let taken = signed.take_form(form.get("csrf"), form.get("once"), &body);
        taken.map_err(IntoResponse::into_response)?;
        Ok(Self { signed, form })
    }
}

/// A form that lets somebody in. Nobody is signed in yet; that it comes from a page of ours is what keeps others from
/// signing a browser in to an account of theirs.
#[derive(Debug)]
pub(super) struct Knock {
    /// What it says.
    pub(super) form: Pairs,
    /// The head of its request.
    pub(super) parts: Parts,
}

impl FromRequest<Guise> for Knock {
    type Rejection = Refusal;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Refusal> {
        let (parts, body) = request.into_parts();
        let origin = Origin::of(guise, &parts);
        origin.is_ours(guise, &parts.headers)?;
        if !origin.is_private() {
            return Err(Refusal::NeedsHttps);
        }
        let form = Pairs::parse(&read(body, SIGN_IN_BYTES_MAX).await?);
        Ok(Self { form, parts })
    }
}

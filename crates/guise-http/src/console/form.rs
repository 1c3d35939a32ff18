//! Forms: read up to a bound, and only from pages of ours.

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use guise_domain::limits::{BODY_BYTES_MAX, MULTIPART_BYTES_MAX, SIGN_IN_BYTES_MAX};
use http::header::CONTENT_TYPE;
use http::request::Parts;

use super::SignedIn;
use crate::error::Refusal;
use crate::extract::read;
use crate::media::Place;
use crate::multipart;
use crate::origin::Origin;
use crate::retry;
use crate::state::Guise;
use crate::wire::Pairs;

/// A form that somebody who is signed in sent from a page of ours (`application/x-www-form-urlencoded`).
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

/// Such a form with a file in it (`multipart/form-data`), in the field `media`. What the file is called is never read.
#[derive(Debug)]
pub(crate) struct PostedFile {
    /// Who sent it.
    pub(crate) signed: SignedIn,
    /// What it says.
    pub(crate) form: Pairs,
    /// The file, if one was chosen.
    pub(crate) file: Option<Bytes>,
    /// Bodies are large, and memory is not.
    _place: Place,
}

impl FromRequest<Guise> for PostedFile {
    type Rejection = Response;

    async fn from_request(request: Request, guise: &Guise) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed = SignedIn::from_request_parts(&mut parts, guise).await?;
        let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let read = Self::read(guise, signed, content_type.unwrap_or_default(), body).await;
        read.map_err(IntoResponse::into_response)
    }
}

impl PostedFile {
    async fn read(
        guise: &Guise,
        mut signed: SignedIn,
        content_type: &str,
        body: Body,
    ) -> Result<Self, Refusal> {
        let place = guise.media_bodies().place(true)?;
        let body = read(body, MULTIPART_BYTES_MAX).await?;
        let multipart::Form { fields: form, media } = multipart::read(content_type, body).await?;
        // Of the fields, not of the body: browsers write another boundary each time.
        let content = retry::content("", &form, media.as_deref().unwrap_or_default());
        signed.take_form(form.get("csrf"), form.get("once"), &content)?;
        let file = media.filter(|bytes| !bytes.is_empty());
        Ok(Self { signed, form, file, _place: place })
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

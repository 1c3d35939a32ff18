//! Pictures in messages: served to the participants only, by signed requests, and never kept by anybody in between.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, MessageId};
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use crate::answer::NOSNIFF;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::pictures::{self, Named};
use crate::state::Guise;

const PRIVATE: HeaderValue = HeaderValue::from_static("private, no-store");

/// `GET /1.1/ton/data/dm/<message>/<media>/<key>.jpg`, and the forms of public pictures' URLs
pub(crate) async fn show(
    State(guise): State<Guise>,
    Path((message, media, file)): Path<(String, String, String)>,
    Signed { caller, input, .. }: Signed<Wanted>,
) -> Result<Response, Refusal> {
    let named = Named::parse(&file, input.format.as_deref(), input.name.as_deref());
    serve(&guise, caller.account().id, &message, &media, named).await
}

/// The picture in a message of `reader`'s box.
///
/// # Errors
/// When there is none, or it is not what the URL names.
pub(crate) async fn serve(
    guise: &Guise,
    reader: AccountId,
    message: &str,
    media: &str,
    named: Option<Named>,
) -> Result<Response, Refusal> {
    let message: MessageId = message.parse().map_err(|_| Refusal::NotFound)?;
    let Named { key, size, format } = named.ok_or(Refusal::NotFound)?;
    let found = guise.store().message(reader, message).await?;
    let picture = found.and_then(|message| message.media).ok_or(Refusal::NotFound)?;
    if picture.key != key || key.media.to_string() != media || picture.format != format {
        return Err(Refusal::NotFound);
    }
    let bytes = pictures::read(guise, picture, size).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(format.media_type())),
        (CACHE_CONTROL, PRIVATE),
        (X_CONTENT_TYPE_OPTIONS, NOSNIFF),
    ];
    Ok((headers, bytes).into_response())
}

/// `?format=jpg&name=small`
#[derive(Debug)]
pub(crate) struct Wanted {
    format: Option<String>,
    name: Option<String>,
}

impl Input for Wanted {
    const ENDPOINT: Endpoint = Endpoint::DirectMessagesMedia;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let text = |name| request.query.get(name).map(str::to_owned);
        Ok(Self { format: text("format"), name: text("name") })
    }
}

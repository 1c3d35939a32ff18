//! Descriptions for people who cannot see the picture.

use axum::extract::State;
use axum::response::Response;
use guise_domain::limits::ALT_TEXT_CHARS_MAX;
use guise_domain::rate::Endpoint;
use guise_domain::{DescribeUploadError, MediaId};
use http::StatusCode;

use crate::answer;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;
use crate::wire::Member;

/// `POST /1.1/media/metadata/create.json`
pub(crate) async fn describe(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Description>,
) -> Result<Response, Refusal> {
    let admission = caller.admission(&guise, Description::ENDPOINT);
    let described = guise.store().describe_upload(&admission, input.id, &input.alt_text).await?;
    caller.admitted(described)?.map_err(|error| match error {
        DescribeUploadError::UnknownUpload => Refusal::MediaNotFound,
    })?;
    Ok(answer::empty(StatusCode::OK))
}

/// The body: whose description, and its text.
#[derive(Debug)]
pub(crate) struct Description {
    id: MediaId,
    alt_text: String,
}

impl Input for Description {
    const ENDPOINT: Endpoint = Endpoint::MediaMetadataCreate;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        let body = request.json()?;
        let top = Member::top(&body);
        let text = top.member("alt_text")?.member("text")?;
        let alt_text = text.string()?.to_owned();
        let length = alt_text.chars().count();
        if length > ALT_TEXT_CHARS_MAX {
            let rule = format!("must be at most {ALT_TEXT_CHARS_MAX} characters, got {length}");
            return Err(text.refuse(rule).into());
        }
        Ok(Self { id: top.member("media_id")?.id()?, alt_text })
    }
}

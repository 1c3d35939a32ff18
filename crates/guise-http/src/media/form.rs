//! What an upload's request says, whether it came as multipart, as a form, or in the query.

use axum::extract::Request;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use guise_domain::limits::{ADDITIONAL_OWNERS_MAX, MEDIA_FORM_BYTES_MAX, MULTIPART_BYTES_MAX};
use guise_domain::{AccountId, Category, MediaId};
use http::header::CONTENT_TYPE;

use crate::auth::{self, Caller};
use crate::error::Refusal;
use crate::extract::{self, read};
use crate::multipart;
use crate::state::Guise;
use crate::wire::Pairs;

/// Base64 with or without padding, as clients send it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The fields of an upload's request.
#[derive(Debug)]
pub(crate) struct UploadForm {
    fields: Pairs,
    media: Option<Bytes>,
}

/// Verifies a request and reads its fields. A multipart body is read only after its sender was proven.
///
/// # Errors
/// The refusals of authentication, and of a body that cannot be read.
pub(crate) async fn receive(
    guise: &Guise,
    request: Request,
) -> Result<(Caller, UploadForm), Refusal> {
    let (parts, body) = request.into_parts();
    let query = extract::query(&parts);
    let content_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let content_type = content_type.unwrap_or_default();
    if content_type.trim_start().to_ascii_lowercase().starts_with("multipart/") {
        let caller = auth::verify(guise, &parts, auth::Body::Unread).await?;
        let form = multipart::read(content_type, read(body, MULTIPART_BYTES_MAX).await?).await?;
        return Ok((caller, UploadForm { fields: query.chain(form.fields), media: form.media }));
    }
    let body = read(body, MEDIA_FORM_BYTES_MAX).await?;
    let caller = auth::verify(guise, &parts, auth::Body::Read(&body)).await?;
    Ok((caller, UploadForm { fields: query.chain(Pairs::parse(&body)), media: None }))
}

impl UploadForm {
    /// The command, in upper case.
    pub(crate) fn command(&self) -> Option<String> {
        self.fields.get("command").map(str::to_ascii_uppercase)
    }

    /// A field that has to be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        self.fields.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))
    }

    /// `media_id`.
    pub(crate) fn media_id(&self) -> Result<MediaId, Refusal> {
        let text = self.required("media_id")?;
        let shown: String = text.chars().take(40).collect();
        text.parse().map_err(|_| Refusal::Upload(format!("Invalid media_id: Some({shown})")))
    }

    /// The bytes in `media` or, as base64, in `media_data`; exactly one of them may be there.
    pub(crate) fn take_media(&mut self) -> Result<Option<Bytes>, Refusal> {
        let media = match self.media.take() {
            None => self.fields.take("media").map(Bytes::from),
            some => some,
        };
        let data = self.fields.take("media_data");
        match (media, data) {
            (Some(_), Some(_)) => {
                Err(Refusal::Upload("give media or media_data, not both.".into()))
            }
            (media, None) => Ok(media),
            (None, Some(text)) => {
                let plain: Vec<u8> = text
                    .into_bytes()
                    .into_iter()
                    .filter(|byte| !byte.is_ascii_whitespace())
                    .collect();
                let bytes = BASE64.decode(plain).map_err(|error| {
                    Refusal::Upload(format!("media_data is not base64: {error}."))
                })?;
                Ok(Some(bytes.into()))
            }
        }
    }

    /// `media_category`, if it is there.
    pub(crate) fn category(&self) -> Result<Option<Category>, Refusal> {
        match self.fields.get("media_category") {
            None | Some("") => Ok(None),
            Some(name) => Category::parse(name).map(Some).ok_or_else(|| {
                Refusal::Upload(
                    "media_category must be tweet_image, tweet_gif, dm_image or dm_gif.".into(),
                )
            }),
        }
    }

    /// `shared`, in every spelling of a truth value that clients use.
    pub(crate) fn shared(&self) -> Result<bool, Refusal> {
        let text = self.fields.get("shared").unwrap_or_default().to_ascii_lowercase();
        match text.as_str() {
            "true" | "t" | "1" => Ok(true),
            "" | "false" | "f" | "0" => Ok(false),
            _ => Err(Refusal::Upload("shared must be true or false.".into())),
        }
    }

    /// `additional_owners`: ids with commas between them.
    pub(crate) fn owners(&self) -> Result<Vec<AccountId>, Refusal> {
        let text = self.fields.get("additional_owners").unwrap_or_default();
        let ids = text.split(',').map(str::trim).filter(|id| !id.is_empty());
        let owners: Vec<AccountId> = ids
            .map(str::parse)
            .collect::<Result<_, _>>()
            .map_err(|rule| Refusal::Upload(format!("additional_owners: each {rule}.")))?;
        if owners.len() > ADDITIONAL_OWNERS_MAX {
            return Err(Refusal::Upload(format!(
                "additional_owners: at most {ADDITIONAL_OWNERS_MAX}, got {}.",
                owners.len()
            )));
        }
        Ok(owners)
    }
}

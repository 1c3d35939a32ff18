//! What an upload's request says, whether it came as multipart, as a form, or in the query.

use axum::body::Body;
use axum::extract::Request;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use guise_domain::limits::{ADDITIONAL_OWNERS_MAX, MEDIA_FORM_BYTES_MAX, MULTIPART_BYTES_MAX};
use guise_domain::rate::Endpoint;
use guise_domain::{AccountId, Category, MediaId};
use http::header::CONTENT_TYPE;

use super::bodies::Place;
use crate::auth::{self, Caller};
use crate::error::Refusal;
use crate::extract::{self, read};
use crate::multipart::{self, SEVERAL};
use crate::retry;
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
    /// Bodies are large, and memory is not.
    _place: Place,
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
        let place = guise.media_bodies().place(true)?;
        let form = match receive_parts(&caller, content_type, body).await {
            Ok(form) => form,
            Err(refusal) => {
                return Err(caller.uncounted(guise, Endpoint::MediaUpload, refusal).await);
            }
        };
        let fields = query.chain(form.fields);
        return Ok((caller, UploadForm { fields, media: form.media, _place: place }));
    }
    // The signature covers a form, so it has to be read first. Credentials inside are not seen before.
    let place = guise.media_bodies().place(auth::names_known(guise, &parts).await?)?;
    let body = read(body, MEDIA_FORM_BYTES_MAX).await?;
    let caller = auth::verify(guise, &parts, auth::Body::Read(&body)).await?;
    let fields = query.chain(Pairs::parse(&body));
    Ok((caller, UploadForm { fields, media: None, _place: place }))
}

async fn receive_parts(
    caller: &Caller,
    content_type: &str,
    body: Body,
) -> Result<multipart::Form, Refusal> {
    let body = read(body, MULTIPART_BYTES_MAX).await?;
    caller.vouch_for(&body).await?;
    multipart::read(content_type, body).await
}

fn required<'a>(fields: &'a Pairs, name: &'static str) -> Result<&'a str, Refusal> {
    fields.get(name).filter(|value| !value.is_empty()).ok_or(Refusal::Missing(name))
}

/// `media_id`, refused in the upload's own form.
pub(super) fn media_id(fields: &Pairs) -> Result<MediaId, Refusal> {
    let text = required(fields, "media_id")?;
    let shown: String = text.chars().take(40).collect();
    text.parse().map_err(|_| Refusal::Upload(format!("Invalid media_id: Some({shown})")))
}

impl UploadForm {
    /// A hash of what it asks for, for a request to this path.
    pub(crate) fn content(&self, path: &str) -> [u8; 32] {
        retry::content(path, &self.fields, self.media.as_deref().unwrap_or_default())
    }

    /// The command, in upper case.
    pub(crate) fn command(&self) -> Option<String> {
        self.fields.get("command").map(str::to_ascii_uppercase)
    }

    /// A field that has to be there.
    pub(crate) fn required(&self, name: &'static str) -> Result<&str, Refusal> {
        required(&self.fields, name)
    }

    /// `media_id`.
    pub(crate) fn media_id(&self) -> Result<MediaId, Refusal> {
        media_id(&self.fields)
    }

    /// The bytes in `media` or, as base64, in `media_data`; exactly one of them may be there.
    pub(crate) fn take_media(&mut self) -> Result<Option<Bytes>, Refusal> {
        let (part, field) = (self.media.take(), self.fields.take("media").map(Bytes::from));
        let data = self.fields.take("media_data");
        let more = self.fields.get("media").or(self.fields.get("media_data"));
        if more.is_some() || (part.is_some() && field.is_some()) {
            return Err(Refusal::Upload(SEVERAL.into()));
        }
        match (part.or(field), data) {
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

//! The answers of an upload, with their members in the original's order.

use axum::response::Response;
use guise_domain::{Answer, Content, Timestamp, Upload};
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::answer;

const MEDIA_ID: &str = "x-mediaid";

#[derive(Debug, Serialize)]
struct UploadOut {
    media_id: i64,
    media_id_string: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    media_key: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u64>,
    expires_after_secs: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<ImageOut>,
    #[serde(skip_serializing_if = "Option::is_none")]
    processing_info: Option<ProcessingOut>,
}

#[derive(Debug, Serialize)]
struct ImageOut {
    image_type: &'static str,
    w: u32,
    h: u32,
}

/// How far an upload is; only the answer of STATUS carries it.
#[derive(Debug, Serialize)]
pub(super) struct ProcessingOut {
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    check_after_secs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    progress_percent: Option<u32>,
}

/// An upload as it is answered.
pub(super) fn answer(status: StatusCode, upload: &Upload, now: Timestamp) -> Answer {
    write(status, upload, now, None)
}

/// An upload with its progress.
pub(super) fn answer_with_progress(upload: &Upload, now: Timestamp) -> Response {
    let progress = match upload.content {
        Content::Receiving { .. } => {
            ProcessingOut { state: "pending", check_after_secs: Some(1), progress_percent: None }
        }
        Content::Image { .. } => ProcessingOut {
            state: "succeeded",
            check_after_secs: None,
            progress_percent: Some(100),
        },
    };
    answer::written(write(StatusCode::OK, upload, now, Some(progress)))
}

fn write(
    status: StatusCode,
    upload: &Upload,
    now: Timestamp,
    processing_info: Option<ProcessingOut>,
) -> Answer {
    let id = upload.id();
    let (size, image) = match &upload.content {
        Content::Receiving { .. } => (None, None),
        Content::Image { size, image_type, width, height, .. } => {
            let image = ImageOut { image_type: image_type.media_type(), w: *width, h: *height };
            (Some(*size), Some(image))
        }
    };
    let out = UploadOut {
        media_id: id.get(),
        media_id_string: id.to_string(),
        media_key: upload.category.map(|_| format!("3_{id}")),
        size,
        expires_after_secs: (upload.expires_at.seconds() - now.seconds()).max(0),
        image,
        processing_info,
    };
    let mut answer = answer::kept(status, &out);
    answer.headers.push((MEDIA_ID.to_owned(), id.to_string()));
    answer
}

/// Adds `x-mediaid`.
pub(super) fn with_id(mut response: Response, id: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(id) {
        response.headers_mut().insert(MEDIA_ID, value);
    }
    response
}

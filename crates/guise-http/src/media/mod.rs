//! Uploads: `/1.1/media/upload.json` and `/1.1/media/metadata/create.json` (contract §3).

mod bodies;
mod chunked;
mod describe;
mod form;
mod wire;

use std::convert::Infallible;

use axum::extract::{Request, State};
use axum::response::Response;
use bytes::Bytes;
use guise_domain::limits::UPLOAD_SECONDS;
use guise_domain::rate::Endpoint;
use guise_domain::{
    AccountId, Admission, Admitted, Content, Keep, MediaId, MediaKey, NewUpload, Once, Picture,
    Timestamp, Upload,
};
use http::StatusCode;

use crate::auth::Caller;
use crate::blobs;
use crate::error::Refusal;
use crate::picture::{PictureError, Rendered};
use crate::state::Guise;

pub(crate) use bodies::{MediaBodies, Place};
pub(crate) use chunked::status;
pub(crate) use describe::describe;
use form::UploadForm;

/// `POST /1.1/media/upload.json`: simple, or the command it names.
pub(crate) async fn upload(
    State(guise): State<Guise>,
    request: Request,
) -> Result<Response, Refusal> {
    let (path, headers) = (request.uri().path().to_owned(), request.headers().clone());
    let (caller, form) = form::receive(&guise, request).await?;
    // Asking changes nothing: it is let in and counted as the GET is.
    if form.command().as_deref() == Some("STATUS") {
        caller.enter(&guise, Endpoint::MediaUploadStatus).await?;
        return chunked::describe_status(&guise, &caller, form.media_id()?).await;
    }
    if let Err(refusal) = caller.enter(&guise, Endpoint::MediaUpload).await {
        return Err(caller.uncounted(&guise, Endpoint::MediaUpload, refusal).await);
    }
    // Segments and FINALIZE may be sent again as they are.
    let makes_one = matches!(form.command().as_deref(), None | Some("INIT"));
    let caller = if makes_one {
        let content = || form.content(&path);
        caller.take_key(&guise, Endpoint::MediaUpload, &headers, content).await?
    } else {
        caller
    };
    if let Some(answered) = caller.answered_before(&guise, Endpoint::MediaUpload).await? {
        return Ok(answered);
    }
    caller.foresee(&guise, Endpoint::MediaUpload).await?;
    let answered = dispatch(&guise, &caller, form).await;
    match answered {
        Ok(response) => Ok(response),
        // What the store already counted, or could not count, is answered as it is.
        Err(Unfinished::Counted(refusal)) => Err(refusal),
        Err(Unfinished::Uncounted(refusal)) => {
            Err(caller.refuse(&guise, Endpoint::MediaUpload, refusal).await)
        }
    }
}

/// Why an upload was refused, and whether its step in the store was reached.
#[derive(Debug)]
enum Unfinished {
    Counted(Refusal),
    Uncounted(Refusal),
}

impl From<Refusal> for Unfinished {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Internal(_) | Refusal::OverCapacity(_) => Self::Counted(refusal),
            _ => Self::Uncounted(refusal),
        }
    }
}

async fn dispatch(
    guise: &Guise,
    caller: &Caller,
    form: UploadForm,
) -> Result<Response, Unfinished> {
    match form.command().as_deref() {
        None => simple(guise, caller, form).await,
        Some("INIT") => chunked::init(guise, caller, &form).await,
        Some("APPEND") => chunked::append(guise, caller, form).await,
        Some("FINALIZE") => chunked::finalize(guise, caller, &form).await,
        Some(_) => Err(Unfinished::Uncounted(Refusal::Upload(
            "command must be INIT, APPEND, FINALIZE or STATUS.".into(),
        ))),
    }
}

/// The whole picture in one request.
async fn simple(
    guise: &Guise,
    caller: &Caller,
    mut form: UploadForm,
) -> Result<Response, Unfinished> {
    let (category, shared, additional_owners) = (form.category()?, form.shared()?, form.owners()?);
    let bytes = form.take_media()?.ok_or(Refusal::Missing("media"))?;
    let key = fresh_key(guise, caller.account().id, caller.now);
    let content = keep_picture(guise, key, bytes).await?;
    let expires_at = caller.now.plus_seconds(UPLOAD_SECONDS);
    let upload = Upload { key, category, shared, expires_at, content };
    let admission = caller.admission(guise, Endpoint::MediaUpload);
    let now = caller.now;
    let tell = move |upload: &Upload| wire::answer(StatusCode::OK, upload, now);
    let keep = caller.keep(key.media.get(), &tell);
    let new = NewUpload { upload, additional_owners };
    let created = create(guise, &admission, new, keep).await;
    let told = created.and_then(|created| caller.told(created, tell));
    told.map_err(Unfinished::Counted)
}

/// Renders a picture and keeps it as an upload of the account that is let in.
///
/// # Errors
/// When the bytes are no picture, or cannot be kept.
pub(crate) async fn keep(
    guise: &Guise,
    admission: &Admission,
    bytes: Bytes,
) -> Result<Once<Result<Upload, Infallible>>, Refusal> {
    let key = fresh_key(guise, admission.account, admission.now);
    let content = keep_picture(guise, key, bytes).await?;
    let expires_at = admission.now.plus_seconds(UPLOAD_SECONDS);
    let upload = Upload { key, category: None, shared: false, expires_at, content };
    create(guise, admission, NewUpload { upload, additional_owners: Vec::new() }, None).await
}

/// Makes the row that speaks of a picture's files. If it does not come to that, the files go again.
async fn create(
    guise: &Guise,
    admission: &Admission,
    new: NewUpload,
    keep: Option<Keep<Upload>>,
) -> Result<Once<Result<Upload, Infallible>>, Refusal> {
    let picture = new.upload.picture();
    let created = guise.store().create_upload(admission, new, keep).await;
    let kept = matches!(created, Ok(Once::First(Admitted::Done(..))));
    if let Some(picture) = picture.filter(|_| !kept) {
        discard(guise, picture).await;
    }
    Ok(created?)
}

/// A key for a new upload.
fn fresh_key(guise: &Guise, owner: AccountId, now: Timestamp) -> MediaKey {
    MediaKey { owner, media: MediaId::new(guise.next_id(now)), random: guise.random() }
}

/// Renders a picture and keeps its files, before any row speaks of them.
async fn keep_picture(guise: &Guise, key: MediaKey, bytes: Bytes) -> Result<Content, Refusal> {
    let size = bytes.len() as u64;
    let Rendered { image_type, format, width, height, digest, files } =
        guise.renderer().render(bytes).await.map_err(|error| match error {
            PictureError::Busy => Refusal::OverCapacity(error.to_string()),
            error => Refusal::Upload(format!("media type unrecognized. ({error})")),
        })?;
    let writes = files.into_iter().map(|(size, bytes)| {
        let name = blobs::picture(key, size, format);
        async move { guise.blobs().put(&name, bytes).await }
    });
    futures::future::try_join_all(writes).await?;
    let digest = Some(digest);
    Ok(Content::Image { size, image_type, format, width, height, digest })
}

/// Removes a picture's files. What cannot be removed now is left to the sweeper.
async fn discard(guise: &Guise, picture: Picture) {
    for name in blobs::picture_files(picture) {
        if let Err(error) = guise.blobs().delete(&name).await {
            tracing::warn!(%error, name, "a blob is left to the sweeper");
        }
    }
}

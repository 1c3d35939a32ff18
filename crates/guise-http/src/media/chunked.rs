//! Uploads in segments: INIT, APPEND, FINALIZE and STATUS. Segments come concurrently and in any order.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use guise_domain::limits::{
    ANIMATION_BYTES_MAX, ASSEMBLIES_MAX, SEGMENT_BYTES_MAX, SEGMENTS_MAX, UPLOAD_SECONDS,
};
use guise_domain::rate::Endpoint;
use guise_domain::{
    AddSegmentError, Content, FinishUploadError, ImageType, MediaId, MediaKey, NewUpload, Picture,
    Segment, Upload,
};
use http::StatusCode;

use super::form::{UploadForm, media_id};
use super::{Unfinished, fresh_key, keep_picture, wire};
use crate::answer;
use crate::auth::Caller;
use crate::blobs;
use crate::error::Refusal;
use crate::extract::{Input, Received, Signed, Unreadable};
use crate::state::Guise;

const SUM: &str = "Segments do not add up to provided total file size.";

/// `command=INIT`
pub(super) async fn init(
    guise: &Guise,
    caller: &Caller,
    form: &UploadForm,
) -> Result<Response, Unfinished> {
    let total_bytes = total_bytes(form)?;
    let media_type = form.required("media_type")?;
    if ImageType::from_media_type(&media_type.to_ascii_lowercase().replace("/jpg", "/jpeg"))
        .is_none()
    {
        let shown: String = media_type.chars().take(40).collect();
        let reason = format!(
            "media type unrecognized. ({shown} is none of image/jpeg, image/png, image/gif, image/webp)"
        );
        return Err(Refusal::Upload(reason).into());
    }
    let upload = Upload {
        key: fresh_key(guise, caller.account().id, caller.now),
        category: form.category()?,
        shared: form.shared()?,
        expires_at: caller.now.plus_seconds(UPLOAD_SECONDS),
        content: Content::Receiving { total_bytes, media_type: media_type.to_owned() },
    };
    let new = NewUpload { upload, additional_owners: form.owners()? };
    let admission = caller.admission(guise, Endpoint::MediaUpload);
    let (id, now) = (new.upload.id(), caller.now);
    let tell = move |upload: &Upload| wire::answer(StatusCode::ACCEPTED, upload, now);
    let keep = caller.keep(id.get(), &tell);
    let created =
        guise.store().create_upload(&admission, new, keep).await.map_err(Refusal::from)?;
    caller.told(created, tell).map_err(Unfinished::Counted)
}

fn total_bytes(form: &UploadForm) -> Result<u64, Refusal> {
    let total = form.required("total_bytes")?.parse::<u64>().ok().filter(|total| *total > 0);
    let total =
        total.ok_or_else(|| Refusal::Upload("total_bytes must be a positive number.".into()))?;
    if total > ANIMATION_BYTES_MAX as u64 {
        return Err(Refusal::Upload(format!("File size exceeds {ANIMATION_BYTES_MAX} bytes.")));
    }
    Ok(total)
}

/// `command=APPEND`
pub(super) async fn append(
    guise: &Guise,
    caller: &Caller,
    mut form: UploadForm,
) -> Result<Response, Unfinished> {
    let id = form.media_id()?;
    let index = form.required("segment_index")?.parse::<u16>().ok();
    let index = index.filter(|index| *index < SEGMENTS_MAX).ok_or_else(|| {
        Refusal::Upload(format!("SegmentIndex must be between 0 and {}.", SEGMENTS_MAX - 1))
    })?;
    let bytes = form.take_media()?.ok_or(Refusal::Missing("media"))?;
    if bytes.len() > SEGMENT_BYTES_MAX {
        let reason = format!("A segment must be at most {SEGMENT_BYTES_MAX} bytes.");
        return Err(Refusal::Upload(reason).into());
    }
    existing(guise, caller, id).await?;
    let blob = blobs::segment(id, index, &guise.random_hex());
    let segment = Segment { index, bytes: bytes.len() as u64, blob: blob.clone() };
    guise.blobs().put(&blob, bytes).await.map_err(Refusal::from)?;
    let admission = caller.admission(guise, Endpoint::MediaUpload);
    let added = guise.store().add_segment(&admission, id, segment).await.map_err(Refusal::from);
    let added = added.and_then(|added| caller.admitted(added));
    let added = added.and_then(|added| added.map_err(|error| refused(error, id)));
    match added {
        Ok(replaced) => {
            discard(guise, replaced).await;
            let answer = answer::empty(StatusCode::NO_CONTENT);
            Ok(wire::with_id(answer, &id.to_string()))
        }
        Err(refusal) => {
            discard(guise, [blob]).await;
            Err(Unfinished::Counted(refusal))
        }
    }
}

fn refused(error: AddSegmentError, id: MediaId) -> Refusal {
    match error {
        AddSegmentError::UnknownUpload => unknown(id),
        AddSegmentError::Finalized => {
            Refusal::Upload(format!("Invalid media_id: Some({id}) (already finalized)"))
        }
        AddSegmentError::TooMuch { total_bytes } => {
            Refusal::Upload(format!("{SUM} (more than {total_bytes} bytes)"))
        }
    }
}

fn unknown(id: MediaId) -> Refusal {
    Refusal::Upload(format!("Invalid media_id: Some({id})"))
}

async fn existing(guise: &Guise, caller: &Caller, id: MediaId) -> Result<Upload, Refusal> {
    let upload = guise.store().upload(caller.account().id, id, caller.now).await?;
    upload.ok_or_else(|| unknown(id))
}

/// `command=FINALIZE`. Finalizing twice answers twice the same.
pub(super) async fn finalize(
    guise: &Guise,
    caller: &Caller,
    form: &UploadForm,
) -> Result<Response, Unfinished> {
    let id = form.media_id()?;
    let (Upload { key, content, .. }, rendered) = put_together(guise, caller, id).await?;
    let admission = caller.admission(guise, Endpoint::MediaUpload);
    let finished = guise.store().finish_upload(&admission, key, content).await;
    let finished = finished.map_err(Refusal::from).and_then(|finished| caller.admitted(finished));
    let finished = finished.and_then(|finished| {
        finished.map_err(|error| match error {
            FinishUploadError::UnknownUpload => unknown(id),
        })
    });
    let kept = finished.as_ref().ok().map(|(upload, _)| upload.key);
    if let Some(picture) = rendered.filter(|picture| kept != Some(picture.key)) {
        super::discard(guise, picture).await;
    }
    let (upload, segments) = finished.map_err(Unfinished::Counted)?;
    discard(guise, segments).await;
    Ok(answer::written(wire::answer(StatusCode::CREATED, &upload, caller.now)))
}

/// The upload as the picture that its segments make, and the files that were written for that. They have a key of
/// their own, which counts once the store takes it: another FINALIZE may be faster, and what it published must not
/// change.
async fn put_together(
    guise: &Guise,
    caller: &Caller,
    id: MediaId,
) -> Result<(Upload, Option<Picture>), Refusal> {
    for _ in 0..ASSEMBLIES_MAX {
        let upload = existing(guise, caller, id).await?;
        let Content::Receiving { total_bytes, .. } = upload.content else {
            return Ok((upload, None));
        };
        match assemble(guise, caller, id, total_bytes).await {
            Ok(Some(bytes)) => {
                let key = MediaKey { random: guise.random(), ..upload.key };
                let content = keep_picture(guise, key, bytes).await?;
                let upload = Upload { key, content, ..upload };
                let rendered = upload.picture();
                return Ok((upload, rendered));
            }
            Ok(None) => {}
            // A FINALIZE that was faster takes the segments away; then it is its picture that counts.
            Err(refusal) => match existing(guise, caller, id).await?.content {
                Content::Receiving { .. } => return Err(refusal),
                Content::Image { .. } => {}
            },
        }
    }
    Err(Refusal::OverCapacity("segments were replaced while they were put together".into()))
}

/// All segments in order; `None` when a blob is gone, because its segment was replaced or the upload finished meanwhile.
async fn assemble(
    guise: &Guise,
    caller: &Caller,
    id: MediaId,
    total_bytes: u64,
) -> Result<Option<Bytes>, Refusal> {
    let segments = guise.store().segments(caller.account().id, id).await?;
    let gap = (0..).zip(&segments).find(|(expected, segment)| *expected != segment.index);
    if let Some((missing, _)) = gap {
        return Err(Refusal::Upload(format!("{SUM} (segment {missing} is missing)")));
    }
    let received: u64 = segments.iter().map(|segment| segment.bytes).sum();
    if received != total_bytes {
        return Err(Refusal::Upload(format!("{SUM} (got {received} of {total_bytes} bytes)")));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(total_bytes).unwrap_or_default());
    for segment in &segments {
        match guise.blobs().get(&segment.blob).await? {
            Some(blob) => bytes.extend_from_slice(&blob),
            None => return Ok(None),
        }
    }
    Ok(Some(bytes.into()))
}

async fn discard(guise: &Guise, segments: impl IntoIterator<Item = String>) {
    for name in segments {
        if let Err(error) = guise.blobs().delete(&name).await {
            tracing::warn!(%error, name, "a blob is left to the sweeper");
        }
    }
}

/// `GET /1.1/media/upload.json?command=STATUS`
pub(crate) async fn status(
    State(guise): State<Guise>,
    Signed { caller, input, .. }: Signed<Asked>,
) -> Result<Response, Refusal> {
    describe_status(&guise, &caller, input.id).await
}

/// How far an upload is.
pub(super) async fn describe_status(
    guise: &Guise,
    caller: &Caller,
    id: MediaId,
) -> Result<Response, Refusal> {
    Ok(wire::answer_with_progress(&existing(guise, caller, id).await?, caller.now))
}

/// The upload that STATUS asks for.
#[derive(Debug)]
pub(crate) struct Asked {
    id: MediaId,
}

impl Input for Asked {
    const ENDPOINT: Endpoint = Endpoint::MediaUploadStatus;

    fn parse(request: &Received) -> Result<Self, Unreadable> {
        match request.query.get("command") {
            Some(command) if command.eq_ignore_ascii_case("STATUS") => {}
            Some(_) => {
                return Err(Refusal::Upload("GET knows only the command STATUS.".into()).into());
            }
            None => return Err(Refusal::Missing("command").into()),
        }
        Ok(Self { id: media_id(&request.query)? })
    }
}

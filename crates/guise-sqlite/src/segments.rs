//! The segments of chunked uploads, from the first to the picture they become, and what is left of uploads nobody
//! finished.

use guise_domain::{
    AccountId, AddSegmentError, Admission, Content, FinishUploadError, MediaId, MediaKey, Segment,
    SweptUpload, Timestamp, Upload,
};
use rusqlite::Connection;

use crate::error::impossible;
use crate::media::{ContentColumns, own_upload};
use crate::query::{all, one, signed, unsigned};
use crate::writer::Step;

const OF_UPLOAD: &str = "SELECT segment, bytes, blob FROM segments
    WHERE owner = ?1 AND media = ?2 ORDER BY segment";
const OTHERS_BYTES: &str = "SELECT coalesce(sum(bytes), 0) FROM segments
    WHERE owner = ?1 AND media = ?2 AND segment <> ?3";
const BLOB: &str = "SELECT blob FROM segments WHERE owner = ?1 AND media = ?2 AND segment = ?3";
const ADD: &str = "INSERT OR REPLACE INTO segments (owner, media, segment, bytes, blob)
    VALUES (?1, ?2, ?3, ?4, ?5)";
const REMOVE: &str = "DELETE FROM segments WHERE owner = ?1 AND media = ?2 RETURNING blob";
const FINISH: &str = "UPDATE uploads SET total_bytes = NULL, media_type = NULL,
        random = ?3, size = ?4, image_type = ?5, format = ?6, width = ?7, height = ?8,
        digest = ?9
    WHERE owner = ?1 AND id = ?2";
const EXPIRED: &str = "SELECT owner, id, random FROM uploads
    WHERE public = 0 AND sent = 0 AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
const REMOVE_UPLOAD: &str = "DELETE FROM uploads WHERE owner = ?1 AND id = ?2";

/// Segments by index.
pub(crate) fn of_upload(
    db: &Connection,
    owner: AccountId,
    id: MediaId,
) -> rusqlite::Result<Vec<Segment>> {
    all(db, OF_UPLOAD, (owner.get(), id.get()), |row| {
        Ok(Segment { index: row.get(0)?, bytes: unsigned(row.get(1)?)?, blob: row.get(2)? })
    })
}

/// Adds or replaces a segment; the name of the blob that was replaced.
pub(crate) fn add(
    step: &mut Step<'_>,
    admission: &Admission,
    id: MediaId,
    segment: &Segment,
) -> rusqlite::Result<Result<Option<String>, AddSegmentError>> {
    let Some(upload) = own_upload(step.db, admission.account, id, admission.now)? else {
        return Ok(Err(AddSegmentError::UnknownUpload));
    };
    let Content::Receiving { total_bytes, .. } = upload.content else {
        return Ok(Err(AddSegmentError::Finalized));
    };
    let place = (admission.account.get(), id.get(), segment.index);
    let others: Option<i64> = one(step.db, OTHERS_BYTES, place, |row| row.get(0))?;
    let others = unsigned(others.unwrap_or_default())?;
    if others.saturating_add(segment.bytes) > total_bytes {
        return Ok(Err(AddSegmentError::TooMuch { total_bytes }));
    }
    let replaced = one(step.db, BLOB, place, |row| row.get(0))?;
    let (owner, media, index) = place;
    step.execute(ADD, (owner, media, index, signed(segment.bytes)?, &segment.blob))?;
    Ok(Ok(replaced))
}

/// Makes the upload that `key` names the picture that `content` describes, under this key; the upload and the names of
/// its segments' blobs.
pub(crate) fn finish(
    step: &mut Step<'_>,
    admission: &Admission,
    key: MediaKey,
    content: Content,
) -> rusqlite::Result<Result<(Upload, Vec<String>), FinishUploadError>> {
    let MediaKey { owner, media, random } = key;
    if owner != admission.account {
        return Err(impossible("an upload whose key names somebody else"));
    }
    let Some(upload) = own_upload(step.db, owner, media, admission.now)? else {
        return Ok(Err(FinishUploadError::UnknownUpload));
    };
    if let Content::Image { .. } = upload.content {
        return Ok(Ok((upload, Vec::new())));
    }
    let columns = ContentColumns::of(&content)?;
    if columns.size.is_none() {
        return Err(impossible("an upload finished as something unfinished"));
    }
    let (owner, media) = (owner.get(), media.get());
    let ContentColumns { size, image_type, format, width, height, digest, .. } = columns;
    let row = (owner, media, random, size, image_type, format, width, height, digest);
    step.execute(FINISH, row)?;
    let blobs = all(step.db, REMOVE, (owner, media), |row| row.get(0))?;
    Ok(Ok((Upload { key, content, ..upload }, blobs)))
}

/// Removes uploads that expired before `now` unless a profile or a message uses them.
pub(crate) fn sweep(
    step: &mut Step<'_>,
    now: Timestamp,
    count: u32,
) -> rusqlite::Result<Vec<SweptUpload>> {
    let expired = all(step.db, EXPIRED, (now.millis(), count), |row| {
        Ok(MediaKey {
            owner: AccountId::new(row.get(0)?),
            media: MediaId::new(row.get(1)?),
            random: row.get(2)?,
        })
    })?;
    let sweep = |key: MediaKey| {
        let place = (key.owner.get(), key.media.get());
        let segments = all(step.db, REMOVE, place, |row| row.get(0))?;
        step.execute(REMOVE_UPLOAD, place)?;
        Ok(SweptUpload { key, segments })
    };
    expired.into_iter().map(sweep).collect()
}

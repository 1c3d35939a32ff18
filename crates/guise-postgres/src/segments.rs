//! The segments of chunked uploads, from the first to the picture they become, and what is left of uploads nobody
//! finished.

use guise_domain::{
    AccountId, AddSegmentError, Admission, Content, FinishUploadError, MediaId, MediaKey, Segment,
    SweptUpload, Timestamp, Upload,
};
use tokio_postgres::Row;

use crate::error::{Queried, impossible};
use crate::media::{ContentColumns, own_upload};
use crate::query::{Columns, Db, all, bytes, one, signed, unsigned};
use crate::step::Step;

const OF_UPLOAD: &str = "SELECT segment, bytes, blob FROM segments
    WHERE owner = $1 AND media = $2 ORDER BY segment";
const OTHERS_BYTES: &str = "SELECT coalesce(sum(bytes), 0)::bigint FROM segments
    WHERE owner = $1 AND media = $2 AND segment <> $3";
const BLOB: &str = "SELECT blob FROM segments WHERE owner = $1 AND media = $2 AND segment = $3";
const ADD: &str = "INSERT INTO segments (owner, media, segment, bytes, blob)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (owner, media, segment) DO UPDATE SET bytes = $4, blob = $5";
const REMOVE: &str = "DELETE FROM segments WHERE owner = $1 AND media = $2 RETURNING blob";
const FINISH: &str = "UPDATE uploads SET total_bytes = NULL, media_type = NULL,
        random = $3, size = $4, image_type = $5, format = $6, width = $7, height = $8,
        digest = $9
    WHERE owner = $1 AND id = $2";
// What somebody is using at the moment, or another node sweeps, is left for the next time.
const EXPIRED: &str = "SELECT owner, id, random FROM uploads
    WHERE NOT public AND NOT sent AND expires_at <= $1 ORDER BY expires_at LIMIT $2
    FOR UPDATE SKIP LOCKED";
const REMOVE_UPLOAD: &str = "DELETE FROM uploads WHERE owner = $1 AND id = $2";
// The accounts that it was shared with may be anywhere: this goes by an index, and not by account.
const REMOVE_GRANTS: &str = "DELETE FROM upload_grants WHERE owner = $1 AND media = $2";

/// Segments by index.
pub(crate) async fn of_upload(db: &Db, owner: AccountId, id: MediaId) -> Queried<Vec<Segment>> {
    all(db, OF_UPLOAD, (owner.get(), id.get()), |row| {
        Ok(Segment { index: unsigned(row, 0)?, bytes: unsigned(row, 1)?, blob: row.at(2)? })
    })
    .await
}

/// Adds or replaces a segment; the name of the blob that was replaced.
pub(crate) async fn add(
    step: &Step,
    admission: &Admission,
    id: MediaId,
    segment: &Segment,
) -> Queried<Result<Option<String>, AddSegmentError>> {
    let Some(upload) = own_upload(step, admission.account, id, admission.now).await? else {
        return Ok(Err(AddSegmentError::UnknownUpload));
    };
    let Content::Receiving { total_bytes, .. } = upload.content else {
        return Ok(Err(AddSegmentError::Finalized));
    };
    let place = (admission.account.get(), id.get(), i64::from(segment.index));
    let others = one(&step.db, OTHERS_BYTES, place, |row| unsigned::<u64>(row, 0)).await?;
    if others.unwrap_or_default().saturating_add(segment.bytes) > total_bytes {
        return Ok(Err(AddSegmentError::TooMuch { total_bytes }));
    }
    let replaced = one(&step.db, BLOB, place, |row| row.at(0)).await?;
    let (owner, media, index) = place;
    step.execute(ADD, (owner, media, index, signed(segment.bytes)?, &segment.blob)).await?;
    Ok(Ok(replaced))
}

/// Makes the upload that `key` names the picture that `content` describes, under this key; the upload and the names of
/// its segments' blobs.
pub(crate) async fn finish(
    step: &Step,
    admission: &Admission,
    key: MediaKey,
    content: Content,
) -> Queried<Result<(Upload, Vec<String>), FinishUploadError>> {
    let MediaKey { owner, media, random } = key;
    if owner != admission.account {
        return Err(impossible("an upload whose key names somebody else"));
    }
    let Some(upload) = own_upload(step, owner, media, admission.now).await? else {
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
    let row = (owner, media, random.as_slice(), size, image_type, format, width, height, digest);
    step.execute(FINISH, row).await?;
    let blobs = all(&step.db, REMOVE, (owner, media), |row| row.at(0)).await?;
    Ok(Ok((Upload { key, content, ..upload }, blobs)))
}

/// Removes uploads that expired before `now` unless a profile or a message uses them.
pub(crate) async fn sweep(step: &Step, now: Timestamp, count: u32) -> Queried<Vec<SweptUpload>> {
    let params = (now.millis(), i64::from(count));
    let expired = all(&step.db, EXPIRED, params, read_key).await?;
    let mut swept = Vec::with_capacity(expired.len());
    for key in expired {
        let place = (key.owner.get(), key.media.get());
        let segments = all(&step.db, REMOVE, place, |row| row.at(0)).await?;
        remove_upload(step, key).await?;
        swept.push(SweptUpload { key, segments });
    }
    Ok(swept)
}

/// Removes an upload, which is locked, with what it was shared by.
pub(crate) async fn remove_upload(step: &Step, key: MediaKey) -> Queried<()> {
    let place = (key.owner.get(), key.media.get());
    step.execute(REMOVE_GRANTS, place).await?;
    step.execute(REMOVE_UPLOAD, place).await.map(drop)
}

/// The key in the first three columns.
pub(crate) fn read_key(row: &Row) -> Queried<MediaKey> {
    Ok(MediaKey {
        owner: AccountId::new(row.at(0)?),
        media: MediaId::new(row.at(1)?),
        random: bytes(row, 2)?,
    })
}

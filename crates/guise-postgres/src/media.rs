//! [`Media`] in SQL. What has to do with segments is in `segments.rs`.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::{
    AccountId, AddSegmentError, Admission, Admitted, Category, Content, DescribeUploadError,
    Digest, FinishUploadError, ImageType, Keep, Media, MediaId, MediaKey, NewUpload, Once, Picture,
    Segment, StoreError, SweptUpload, Timestamp, Upload,
};
use tokio_postgres::Row;

use crate::error::{Queried, impossible};
use crate::group::Locks;
use crate::profiles::read_format;
use crate::query::{Columns, Db, asked_one, bytes, known, maybe, one, signed, unsigned};
use crate::step::Step;
use crate::{PostgresStore, segments, text};

/// The columns that [`read_upload`] reads, of a statement that ends so.
macro_rules! select_upload {
    ($rest:literal) => {
        concat!(
            "SELECT owner, id, random, category, shared, expires_at,
                total_bytes, media_type, size, image_type, format, width, height, digest
            FROM uploads ",
            $rest
        )
    };
}

const CREATE: &str = "INSERT INTO uploads (owner, id, random, category, shared, expires_at,
        total_bytes, media_type, size, image_type, format, width, height, digest)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const GRANT: &str = "INSERT INTO upload_grants (account, media, owner) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
const BY_ID: &str = select_upload!("WHERE owner = $1 AND id = $2 AND expires_at > $3");
// Whoever uses an upload, of its own or shared, has whoever removes it wait.
const LOCKED: &str = "SELECT owner, id, random, category, shared, expires_at,
        total_bytes, media_type, size, image_type, format, width, height, digest, n
    FROM asked JOIN uploads ON owner = p1 AND id = p2 AND expires_at > p3 FOR UPDATE OF uploads";
const GRANTED: &str = "SELECT owner FROM upload_grants WHERE account = $1 AND media = $2";
const DESCRIBE: &str =
    "UPDATE uploads SET alt_text = $4 WHERE owner = $1 AND id = $2 AND expires_at > $3";
const PUBLIC: &str = select_upload!("WHERE owner = $1 AND id = $2 AND random = $3 AND public");
const DIGEST: &str = "SELECT digest FROM uploads WHERE owner = $1 AND id = $2 AND random = $3";
const EXISTS: &str = "SELECT 1 FROM uploads WHERE owner = $1 AND id = $2 AND random = $3";

#[async_trait]
impl Media for PostgresStore {
    async fn create_upload(
        &self,
        admission: &Admission,
        new: NewUpload,
        keep: Option<Keep<Upload>>,
    ) -> Result<Once<Result<Upload, Infallible>>, StoreError> {
        let new = &new;
        self.admitted_once(admission, keep, |step| async move {
            create(&step, admission, new).await.map(Ok)
        })
        .await
    }

    async fn upload(
        &self,
        owner: AccountId,
        id: MediaId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        let place = (owner.get(), id.get(), now.millis());
        Ok(one(&self.db().await?, BY_ID, place, read_upload).await?)
    }

    async fn segments(&self, owner: AccountId, id: MediaId) -> Result<Vec<Segment>, StoreError> {
        Ok(segments::of_upload(&self.db().await?, owner, id).await?)
    }

    async fn add_segment(
        &self,
        admission: &Admission,
        id: MediaId,
        segment: Segment,
    ) -> Result<Admitted<Result<Option<String>, AddSegmentError>>, StoreError> {
        let segment = &segment;
        self.admitted(admission, |step| async move {
            segments::add(&step, admission, id, segment).await
        })
        .await
    }

    async fn finish_upload(
        &self,
        admission: &Admission,
        key: MediaKey,
        content: Content,
    ) -> Result<Admitted<Result<(Upload, Vec<String>), FinishUploadError>>, StoreError> {
        let content = &content;
        self.admitted(admission, |step| async move {
            segments::finish(&step, admission, key, content.clone()).await
        })
        .await
    }

    async fn describe_upload(
        &self,
        admission: &Admission,
        id: MediaId,
        alt_text: &str,
    ) -> Result<Admitted<Result<(), DescribeUploadError>>, StoreError> {
        let alt_text = &*text::kept(alt_text);
        self.admitted(admission, |step| async move {
            let (owner, now) = (admission.account.get(), admission.now.millis());
            let found = step.execute(DESCRIBE, (owner, id.get(), now, alt_text)).await? > 0;
            Ok(if found { Ok(()) } else { Err(DescribeUploadError::UnknownUpload) })
        })
        .await
    }

    async fn public_picture(&self, key: MediaKey) -> Result<Option<Picture>, StoreError> {
        let MediaKey { owner, media, random } = key;
        let place = (owner.get(), media.get(), random.as_slice());
        let upload = one(&self.db().await?, PUBLIC, place, read_upload).await?;
        Ok(upload.and_then(|upload| upload.picture()))
    }

    async fn upload_exists(&self, key: MediaKey) -> Result<bool, StoreError> {
        let MediaKey { owner, media, random } = key;
        let place = (owner.get(), media.get(), random.as_slice());
        Ok(one(&self.db().await?, EXISTS, place, |_| Ok(())).await?.is_some())
    }

    async fn sweep_uploads(
        &self,
        now: Timestamp,
        count: u32,
    ) -> Result<Vec<SweptUpload>, StoreError> {
        self.write(Locks::default(), |step| async move { segments::sweep(&step, now, count).await })
            .await
    }
}

async fn create(step: &Step, admission: &Admission, new: &NewUpload) -> Queried<Upload> {
    let NewUpload { upload, additional_owners } = new;
    let MediaKey { owner, media, random } = upload.key;
    if owner != admission.account {
        return Err(impossible("an upload whose key names somebody else"));
    }
    let columns = ContentColumns::of(&upload.content)?;
    let row = (
        owner.get(),
        media.get(),
        random.as_slice(),
        upload.category.map(Category::as_str),
        upload.shared,
        upload.expires_at.millis(),
        columns.total_bytes,
        columns.media_type.map(text::kept),
        columns.size,
        columns.image_type,
        columns.format,
        columns.width,
        columns.height,
        columns.digest,
    );
    step.execute(CREATE, row).await?;
    for account in additional_owners {
        step.execute(GRANT, (account.get(), media.get(), owner.get())).await?;
    }
    step.keep_id(media.get());
    Ok(upload.clone())
}

/// An owner's upload, unless it has expired at `now`. Whoever removes or uses it waits until the step is over.
pub(crate) async fn own_upload(
    step: &Step,
    owner: AccountId,
    id: MediaId,
    now: Timestamp,
) -> Queried<Option<Upload>> {
    asked_one(&step.db, LOCKED, (owner.get(), id.get(), now.millis()), read_upload).await
}

/// The digest of the file that a picture was made of, if it was kept.
pub(crate) async fn digest_of(db: &Db, picture: Picture) -> Queried<Option<Digest>> {
    let MediaKey { owner, media, random } = picture.key;
    let read = |row: &Row| read_digest(row, 0);
    let place = (owner.get(), media.get(), random.as_slice());
    Ok(one(db, DIGEST, place, read).await?.flatten())
}

/// An upload that the caller made or that was shared with it, unless it has expired.
pub(crate) async fn usable_upload(
    step: &Step,
    admission: &Admission,
    id: MediaId,
) -> Queried<Option<Upload>> {
    let Admission { account, now, .. } = *admission;
    if let Some(upload) = own_upload(step, account, id, now).await? {
        return Ok(Some(upload));
    }
    match one(&step.db, GRANTED, (account.get(), id.get()), |row| row.at(0)).await? {
        Some(owner) => own_upload(step, AccountId::new(owner), id, now).await,
        None => Ok(None),
    }
}

/// [`Content`] as columns: either the first two are there or the others.
#[derive(Default)]
pub(crate) struct ContentColumns<'a> {
    pub(crate) total_bytes: Option<i64>,
    pub(crate) media_type: Option<&'a str>,
    pub(crate) size: Option<i64>,
    pub(crate) image_type: Option<&'static str>,
    pub(crate) format: Option<&'static str>,
    pub(crate) width: Option<i64>,
    pub(crate) height: Option<i64>,
    pub(crate) digest: Option<&'a [u8]>,
}

impl<'a> ContentColumns<'a> {
    pub(crate) fn of(content: &'a Content) -> Queried<Self> {
        Ok(match content {
            Content::Receiving { total_bytes, media_type } => Self {
                total_bytes: Some(signed(*total_bytes)?),
                media_type: Some(media_type),
                ..Self::default()
            },
            Content::Image { size, image_type, format, width, height, digest } => Self {
                size: Some(signed(*size)?),
                image_type: Some(image_type.media_type()),
                format: Some(format.extension()),
                width: Some((*width).into()),
                height: Some((*height).into()),
                digest: digest.as_ref().map(|digest| digest.as_bytes().as_slice()),
                ..Self::default()
            },
        })
    }
}

fn read_upload(row: &Row) -> Queried<Upload> {
    let key = MediaKey {
        owner: AccountId::new(row.at(0)?),
        media: MediaId::new(row.at(1)?),
        random: bytes(row, 2)?,
    };
    Ok(Upload {
        key,
        category: maybe(row, 3, Category::parse)?,
        shared: row.at(4)?,
        expires_at: Timestamp::from_millis(row.at(5)?),
        content: read_content(row)?,
    })
}

fn read_content(row: &Row) -> Queried<Content> {
    if row.at::<Option<i64>>(6)?.is_some() {
        let media_type = text::read(row.at(7)?);
        return Ok(Content::Receiving { total_bytes: unsigned(row, 6)?, media_type });
    }
    Ok(Content::Image {
        size: unsigned(row, 8)?,
        image_type: known(row, 9, ImageType::from_media_type)?,
        format: read_format(row, 10)?,
        width: unsigned(row, 11)?,
        height: unsigned(row, 12)?,
        digest: read_digest(row, 13)?,
    })
}

fn read_digest(row: &Row, column: usize) -> Queried<Option<Digest>> {
    let digest: Option<&[u8]> = row.at(column)?;
    digest.map(|_| bytes(row, column).map(Digest::from_bytes)).transpose()
}

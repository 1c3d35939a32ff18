//! [`Media`] in SQL. What has to do with segments is in `segments.rs`.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::{
    AccountId, AddSegmentError, Admission, Admitted, Category, Content, DescribeUploadError,
    Digest, FinishUploadError, ImageType, Keep, Media, MediaId, MediaKey, NewUpload, Once, Picture,
    Segment, StoreError, SweptUpload, Timestamp, Upload,
};
use rusqlite::{Connection, Row};

use crate::error::impossible;
use crate::profiles::read_format;
use crate::query::{one, signed, unsigned};
use crate::writer::Step;
use crate::{SqliteStore, segments};

const CREATE: &str = "INSERT INTO uploads (owner, id, random, category, shared, expires_at,
        total_bytes, media_type, size, image_type, format, width, height, digest)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const GRANT: &str =
    "INSERT OR IGNORE INTO upload_grants (account, media, owner) VALUES (?1, ?2, ?3)";
const BY_ID: &str = "SELECT owner, id, random, category, shared, expires_at,
        total_bytes, media_type, size, image_type, format, width, height, digest
    FROM uploads WHERE owner = ?1 AND id = ?2 AND expires_at > ?3";
const GRANTED: &str = "SELECT owner FROM upload_grants WHERE account = ?1 AND media = ?2";
const DESCRIBE: &str =
    "UPDATE uploads SET alt_text = ?4 WHERE owner = ?1 AND id = ?2 AND expires_at > ?3";
const PUBLIC: &str = "SELECT owner, id, random, category, shared, expires_at,
        total_bytes, media_type, size, image_type, format, width, height, digest
    FROM uploads WHERE owner = ?1 AND id = ?2 AND random = ?3 AND public = 1";
const DIGEST: &str = "SELECT digest FROM uploads WHERE owner = ?1 AND id = ?2 AND random = ?3";
const EXISTS: &str = "SELECT 1 FROM uploads WHERE owner = ?1 AND id = ?2 AND random = ?3";

#[async_trait]
impl Media for SqliteStore {
    async fn create_upload(
        &self,
        admission: &Admission,
        new: NewUpload,
        keep: Option<Keep<Upload>>,
    ) -> Result<Once<Result<Upload, Infallible>>, StoreError> {
        self.admitted_once(admission, keep, move |step, admission| {
            create(step, admission, new).map(Ok)
        })
        .await
    }

    async fn upload(
        &self,
        owner: AccountId,
        id: MediaId,
        now: Timestamp,
    ) -> Result<Option<Upload>, StoreError> {
        self.glance(move |db| own_upload(db, owner, id, now)).await
    }

    async fn segments(&self, owner: AccountId, id: MediaId) -> Result<Vec<Segment>, StoreError> {
        self.read(move |db| segments::of_upload(db, owner, id)).await
    }

    async fn add_segment(
        &self,
        admission: &Admission,
        id: MediaId,
        segment: Segment,
    ) -> Result<Admitted<Result<Option<String>, AddSegmentError>>, StoreError> {
        self.admitted(admission, move |step, admission| {
            segments::add(step, admission, id, &segment)
        })
        .await
    }

    async fn finish_upload(
        &self,
        admission: &Admission,
        key: MediaKey,
        content: Content,
    ) -> Result<Admitted<Result<(Upload, Vec<String>), FinishUploadError>>, StoreError> {
        self.admitted(admission, move |step, admission| {
            segments::finish(step, admission, key, content)
        })
        .await
    }

    async fn describe_upload(
        &self,
        admission: &Admission,
        id: MediaId,
        alt_text: &str,
    ) -> Result<Admitted<Result<(), DescribeUploadError>>, StoreError> {
        let alt_text = alt_text.to_owned();
        self.admitted(admission, move |step, admission| {
            let (owner, now) = (admission.account.get(), admission.now.millis());
            let found = step.execute(DESCRIBE, (owner, id.get(), now, alt_text))? > 0;
            Ok(if found { Ok(()) } else { Err(DescribeUploadError::UnknownUpload) })
        })
        .await
    }

    async fn public_picture(&self, key: MediaKey) -> Result<Option<Picture>, StoreError> {
        let MediaKey { owner, media, random } = key;
        self.glance(move |db| one(db, PUBLIC, (owner.get(), media.get(), random), read_upload))
            .await
            .map(|upload| upload.and_then(|upload| upload.picture()))
    }

    async fn upload_exists(&self, key: MediaKey) -> Result<bool, StoreError> {
        let MediaKey { owner, media, random } = key;
        self.glance(move |db| one(db, EXISTS, (owner.get(), media.get(), random), |_| Ok(())))
            .await
            .map(|found| found.is_some())
    }

    async fn sweep_uploads(
        &self,
        now: Timestamp,
        count: u32,
    ) -> Result<Vec<SweptUpload>, StoreError> {
        self.write(move |step| segments::sweep(step, now, count)).await
    }
}

fn create(step: &mut Step<'_>, admission: &Admission, new: NewUpload) -> rusqlite::Result<Upload> {
    let NewUpload { upload, additional_owners } = new;
    let MediaKey { owner, media, random } = upload.key;
    if owner != admission.account {
        return Err(impossible("an upload whose key names somebody else"));
    }
    let columns = ContentColumns::of(&upload.content)?;
    let row = rusqlite::params![
        owner.get(),
        media.get(),
        random,
        upload.category.map(Category::as_str),
        upload.shared,
        upload.expires_at.millis(),
        columns.total_bytes,
        columns.media_type,
        columns.size,
        columns.image_type,
        columns.format,
        columns.width,
        columns.height,
        columns.digest,
    ];
    step.execute(CREATE, row)?;
    for account in additional_owners {
        step.execute(GRANT, (account.get(), media.get(), owner.get()))?;
    }
    step.keep_id(media.get());
    Ok(upload)
}

/// An owner's upload, unless it has expired at `now`.
pub(crate) fn own_upload(
    db: &Connection,
    owner: AccountId,
    id: MediaId,
    now: Timestamp,
) -> rusqlite::Result<Option<Upload>> {
    one(db, BY_ID, (owner.get(), id.get(), now.millis()), read_upload)
}

/// The digest of the file that a picture was made of, if it was kept.
pub(crate) fn digest_of(db: &Connection, picture: Picture) -> rusqlite::Result<Option<Digest>> {
    let MediaKey { owner, media, random } = picture.key;
    let digest = one(db, DIGEST, (owner.get(), media.get(), random), |row| row.get(0))?;
    Ok(digest.flatten().map(Digest::from_bytes))
}

/// An upload that the caller made or that was shared with it, unless it has expired.
pub(crate) fn usable_upload(
    db: &Connection,
    admission: &Admission,
    id: MediaId,
) -> rusqlite::Result<Option<Upload>> {
    let Admission { account, now, .. } = *admission;
    if let Some(upload) = own_upload(db, account, id, now)? {
        return Ok(Some(upload));
    }
    match one(db, GRANTED, (account.get(), id.get()), |row| row.get(0))? {
        Some(owner) => own_upload(db, AccountId::new(owner), id, now),
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
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
    pub(crate) digest: Option<&'a [u8; 32]>,
}

impl<'a> ContentColumns<'a> {
    pub(crate) fn of(content: &'a Content) -> rusqlite::Result<Self> {
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
                width: Some(*width),
                height: Some(*height),
                digest: digest.as_ref().map(Digest::as_bytes),
                ..Self::default()
            },
        })
    }
}

fn read_upload(row: &Row<'_>) -> rusqlite::Result<Upload> {
    let key = MediaKey {
        owner: AccountId::new(row.get(0)?),
        media: MediaId::new(row.get(1)?),
        random: row.get(2)?,
    };
    let category = row
        .get::<_, Option<String>>(3)?
        .map(|name| Category::parse(&name).ok_or_else(|| impossible(format!("category {name}"))));
    Ok(Upload {
        key,
        category: category.transpose()?,
        shared: row.get(4)?,
        expires_at: Timestamp::from_millis(row.get(5)?),
        content: read_content(row)?,
    })
}

fn read_content(row: &Row<'_>) -> rusqlite::Result<Content> {
    if let Some(total_bytes) = row.get(6)? {
        return Ok(Content::Receiving {
            total_bytes: unsigned(total_bytes)?,
            media_type: row.get(7)?,
        });
    }
    let image_type: String = row.get(9)?;
    Ok(Content::Image {
        size: unsigned(row.get(8)?)?,
        image_type: ImageType::from_media_type(&image_type)
            .ok_or_else(|| impossible(format!("image type {image_type}")))?,
        format: read_format(&row.get::<_, String>(10)?)?,
        width: row.get(11)?,
        height: row.get(12)?,
        digest: row.get::<_, Option<[u8; 32]>>(13)?.map(Digest::from_bytes),
    })
}

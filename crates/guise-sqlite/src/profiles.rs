//! [`Profiles`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Admission, Admitted, CreateProfileError, Face, MediaId, MediaKey, NewProfile, Page,
    PageRequest, Picture, PictureFormat, Profile, ProfileId, ProfileName, Profiles, StoreError,
    Timestamp,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::error::impossible;
use crate::media::usable_upload;
use crate::query::{all, below, one, page_of, unsigned};
use crate::writer::Step;

const PUBLISH: &str = "UPDATE uploads SET public = 1 WHERE owner = ?1 AND id = ?2 AND public = 0";
const CREATE: &str = "INSERT INTO profiles (account, id, name, avatar_owner, avatar_media,
        avatar_random, avatar_format, avatar_width, avatar_height)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const BY_ID: &str = "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, uses, last_used_at
    FROM profiles WHERE account = ?1 AND id = ?2 AND destroyed_at IS NULL";
// What its owner shows now is for the owner to say: only others are shown what was.
const SHOWN: &str = "SELECT profile, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height
    FROM faces WHERE account = ?1 AND profile = ?2 AND owner <> ?1
    ORDER BY revision DESC LIMIT 1";
// By the index of those alive: a page must not cost more because others were destroyed.
const PAGE: &str = "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, uses, last_used_at
    FROM profiles INDEXED BY profiles_alive
    WHERE account = ?3 AND id <= ?1 AND destroyed_at IS NULL ORDER BY id DESC LIMIT ?2";
const DESTROY: &str = "UPDATE profiles SET destroyed_at = ?3
    WHERE account = ?1 AND id = ?2 AND destroyed_at IS NULL";
const EXISTS: &str = "SELECT 1 FROM profiles WHERE account = ?1 AND id = ?2";

#[async_trait]
impl Profiles for SqliteStore {
    async fn create_profile(
        &self,
        admission: &Admission,
        new: NewProfile,
    ) -> Result<Admitted<Result<Profile, CreateProfileError>>, StoreError> {
        self.admitted(admission, move |step, admission| create(step, admission, new)).await
    }

    async fn profile(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Profile>, StoreError> {
        self.read(move |db| one(db, BY_ID, (owner.get(), id.get()), read_profile)).await
    }

    async fn face(&self, reader: AccountId, id: ProfileId) -> Result<Option<Face>, StoreError> {
        let place = (reader.get(), id.get());
        self.read(move |db| match one(db, BY_ID, place, read_profile)? {
            Some(profile) => Ok(Some(profile.face())),
            None => one(db, SHOWN, place, |row| read_face(row, 0)),
        })
        .await
    }

    async fn profiles(
        &self,
        owner: AccountId,
        page: PageRequest,
    ) -> Result<Page<Profile>, StoreError> {
        self.read(move |db| {
            let (highest, count) = below(page);
            let items = all(db, PAGE, (highest, count, owner.get()), read_profile)?;
            Ok(page_of(items, page, |profile| profile.id.get()))
        })
        .await
    }

    async fn destroy_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted(admission, move |step, admission| {
            let (account, now) = (admission.account.get(), admission.now.millis());
            if step.execute(DESTROY, (account, id.get(), now))? > 0 {
                return Ok(true);
            }
            Ok(one(step.db, EXISTS, (account, id.get()), |_| Ok(()))?.is_some())
        })
        .await
    }
}

fn create(
    step: &mut Step<'_>,
    admission: &Admission,
    new: NewProfile,
) -> rusqlite::Result<Result<Profile, CreateProfileError>> {
    let NewProfile { id, name, avatar } = new;
    let Some(upload) = usable_upload(step.db, admission, avatar)? else {
        return Ok(Err(CreateProfileError::MediaNotFound));
    };
    let Some(picture) = upload.picture() else {
        return Ok(Err(CreateProfileError::NotAPicture));
    };
    let Picture { key: MediaKey { owner, media, random }, format, width, height } = picture;
    step.execute(PUBLISH, (owner.get(), media.get()))?;
    let row = (
        admission.account.get(),
        id.get(),
        name.as_str(),
        owner.get(),
        media.get(),
        random,
        format.extension(),
        width,
        height,
    );
    step.execute(CREATE, row)?;
    step.keep_id(id.get());
    Ok(Ok(Profile { id, revision: 1, name, avatar: picture, uses: 0, last_used_at: None }))
}

fn read_profile(row: &Row<'_>) -> rusqlite::Result<Profile> {
    let Face { profile, revision, name, avatar } = read_face(row, 0)?;
    let uses = unsigned(row.get(9)?)?;
    let last_used_at = row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis);
    Ok(Profile { id: profile, revision, name, avatar, uses, last_used_at })
}

/// The face in column `first` and the eight after.
pub(crate) fn read_face(row: &Row<'_>, first: usize) -> rusqlite::Result<Face> {
    Ok(Face {
        profile: ProfileId::new(row.get(first)?),
        revision: row.get(first + 1)?,
        name: ProfileName::from_stored(row.get(first + 2)?),
        avatar: read_picture(row, first + 3)?,
    })
}

/// The picture in column `first` and the five after: its key, its format, its size.
pub(crate) fn read_picture(row: &Row<'_>, first: usize) -> rusqlite::Result<Picture> {
    let key = MediaKey {
        owner: AccountId::new(row.get(first)?),
        media: MediaId::new(row.get(first + 1)?),
        random: row.get(first + 2)?,
    };
    let format = read_format(&row.get::<_, String>(first + 3)?)?;
    Ok(Picture { key, format, width: row.get(first + 4)?, height: row.get(first + 5)? })
}

/// The format kept as `extension`.
pub(crate) fn read_format(extension: &str) -> rusqlite::Result<PictureFormat> {
    PictureFormat::from_extension(extension)
        .ok_or_else(|| impossible(format!("format {extension}")))
}

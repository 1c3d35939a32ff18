//! [`Profiles`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, Admission, Admitted, AppId, CreateProfileError, Digest, EditProfileError,
    EditedProfile, Erased, ExternalId, Face, Keep, Kind, Lookalike, MediaId, MediaKey, NewProfile,
    Once, Operator, Page, PageRequest, Picture, PictureFormat, Profile, ProfileChange,
    ProfileFilter, ProfileId, ProfileName, Profiles, Revision, StoreError, Tagged, Timestamp,
    skeleton,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::edits::{self, living, set_tags};
use crate::erasure::erase;
use crate::error::impossible;
use crate::log::note;
use crate::media::usable_upload;
use crate::names;
use crate::query::{all, one, unsigned};
use crate::writer::Step;

/// The columns that [`read_profile`] reads, of a statement that ends so.
macro_rules! select_profile {
    ($rest:literal) => {
        concat!(
            "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random, avatar_format,
                avatar_width, avatar_height, kind, made_at, app, operator, external_id, uses,
                last_used_at, destroyed_at, erased_at
            FROM profiles ",
            $rest
        )
    };
}
pub(crate) use select_profile;

const PUBLISH: &str = "UPDATE uploads SET public = 1 WHERE owner = ?1 AND id = ?2 AND public = 0";
const USE: &str = "INSERT OR IGNORE INTO avatar_uses (owner, media, account, profile)
    VALUES (?1, ?2, ?3, ?4)";
const CREATE: &str = "INSERT INTO profiles (account, id, name, folded, avatar_owner, avatar_media,
        avatar_random, avatar_format, avatar_width, avatar_height, kind, made_at, app, external_id, operator)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
pub(crate) const BY_ID: &str =
    select_profile!("WHERE account = ?1 AND id = ?2 AND destroyed_at IS NULL");
// What its owner shows now is for the owner to say: only others are shown what was.
const SHOWN: &str = "SELECT profile, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height
    FROM faces WHERE account = ?1 AND profile = ?2 AND owner <> ?1
    ORDER BY revision DESC LIMIT 1";
// By the index of those alive: a page must not cost more because others were destroyed.
const PAGE: &str = select_profile!(
    "INDEXED BY profiles_alive
    WHERE account = ?3 AND id <= ?1 AND destroyed_at IS NULL ORDER BY id DESC LIMIT ?2"
);
const DESTROY: &str = "UPDATE profiles SET destroyed_at = ?3
    WHERE account = ?1 AND id = ?2 AND destroyed_at IS NULL RETURNING name";
const EXISTS: &str = "SELECT 1 FROM profiles WHERE account = ?1 AND id = ?2";

#[async_trait]
impl Profiles for SqliteStore {
    async fn create_profile(
        &self,
        admission: &Admission,
        new: NewProfile,
        keep: Option<Keep<(Tagged, Vec<Lookalike>)>>,
    ) -> Result<Once<Result<(Tagged, Vec<Lookalike>), CreateProfileError>>, StoreError> {
        let look = skeleton(new.name.as_str());
        let make =
            move |step: &mut Step<'_>, admission: &Admission| create(step, admission, new, &look);
        self.admitted_once(admission, keep, make).await
    }

    async fn profile(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Profile>, StoreError> {
        self.glance(move |db| one(db, BY_ID, (owner.get(), id.get()), read_profile)).await
    }

    async fn face(&self, reader: AccountId, id: ProfileId) -> Result<Option<Face>, StoreError> {
        let place = (reader.get(), id.get());
        self.glance(move |db| match one(db, BY_ID, place, read_profile)? {
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
        self.read_page(page, move |db| {
            let (highest, count) = page.bounds();
            let items = all(db, PAGE, (highest, count, owner.get()), read_profile)?;
            Ok(page.page(items, |profile| profile.id.get()))
        })
        .await
    }

    async fn edit_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
        expected: Option<u32>,
        change: ProfileChange,
    ) -> Result<Admitted<Result<EditedProfile, EditProfileError>>, StoreError> {
        self.admitted(admission, move |step, admission| {
            edits::edit(step, admission, id, expected, change)
        })
        .await
    }

    async fn put_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
        external_id: ExternalId,
        expected: Option<u32>,
        change: ProfileChange,
    ) -> Result<Admitted<Result<EditedProfile, EditProfileError>>, StoreError> {
        self.admitted(admission, move |step, admission| {
            edits::put(step, admission, id, external_id, expected, change)
        })
        .await
    }

    async fn profile_with_tags(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Tagged>, StoreError> {
        self.glance(move |db| edits::with_tags(db, owner, id)).await
    }

    async fn find_profiles(
        &self,
        owner: AccountId,
        filter: ProfileFilter,
        page: PageRequest,
    ) -> Result<Page<Tagged>, StoreError> {
        self.read(move |db| edits::find(db, owner, &filter, page)).await
    }

    async fn revisions(
        &self,
        owner: AccountId,
        id: ProfileId,
        page: PageRequest,
    ) -> Result<Option<Page<Revision>>, StoreError> {
        self.read(move |db| edits::revisions(db, owner, id, page)).await
    }

    async fn destroy_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted(admission, move |step, admission| {
            let (account, now) = (admission.account.get(), admission.now.millis());
            let destroyed = one(step.db, DESTROY, (account, id.get(), now), |row| row.get(0))?;
            if let Some(name) = destroyed {
                let name: String = name;
                names::forget(step, admission.account, id, &name)?;
                note(step, admission, Action::ProfileDestroyed, id.get(), None)?;
                return Ok(true);
            }
            Ok(one(step.db, EXISTS, (account, id.get()), |_| Ok(()))?.is_some())
        })
        .await
    }

    async fn erase_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<Option<Erased>>, StoreError> {
        self.admitted(admission, move |step, admission| erase(step, admission, id)).await
    }
}

/// Makes a profile, with its tags. `look` is its name's skeleton.
pub(crate) fn create(
    step: &mut Step<'_>,
    admission: &Admission,
    new: NewProfile,
    look: &str,
) -> rusqlite::Result<Result<(Tagged, Vec<Lookalike>), CreateProfileError>> {
    let NewProfile { id, name, avatar, kind, external_id, mut tags, server_words } = new;
    let account = admission.account;
    if let Some(external_id) = &external_id
        && living(step.db, account, external_id)?.is_some()
    {
        return Ok(Err(CreateProfileError::ExternalIdTaken));
    }
    let demands = names::demands(step.db, account)?;
    let broken = demands.forbids(&name, &server_words).or_else(|| demands.misses_kind(kind));
    if let Some(rule) = broken {
        return Ok(Err(CreateProfileError::Broken(rule)));
    }
    let found = avatar.map(|avatar| usable_picture(step, admission, avatar)).transpose()?;
    let (avatar, digest) = match found {
        None => (None, None),
        Some(Ok((picture, digest))) => (Some(picture), digest),
        Some(Err(Unusable::Unknown)) => return Ok(Err(CreateProfileError::MediaNotFound)),
        Some(Err(Unusable::NoPicture)) => return Ok(Err(CreateProfileError::NotAPicture)),
    };
    if let Some(picture) = avatar {
        publish(step, admission.account, id, picture)?;
    }
    let PictureColumns { owner, media, random, format, width, height } = PictureColumns::of(avatar);
    let row = rusqlite::params![
        account.get(),
        id.get(),
        name.as_str(),
        name.folded(),
        owner,
        media,
        random,
        format,
        width,
        height,
        kind.map(Kind::as_str),
        admission.now.millis(),
        admission.app.get(),
        external_id.as_ref().map(ExternalId::as_str),
        admission.operator.as_ref().map(Operator::as_str),
    ];
    step.execute(CREATE, row)?;
    tags.sort();
    tags.dedup();
    if !tags.is_empty() {
        set_tags(step, account, id, &tags)?;
    }
    let alike = names::alike(step.db, account, id, look)?;
    names::add(step, account, id, look)?;
    note(step, admission, Action::ProfileCreated, id.get(), Some(1))?;
    step.keep_id(id.get());
    let Admission { app, operator, now, .. } = admission;
    let (made_at, app, operator) = (*now, Some(*app), operator.clone());
    let current = Revision { revision: 1, name, avatar, kind, made_at, app, operator };
    let profile = Profile {
        id,
        current,
        external_id,
        uses: 0,
        last_used_at: None,
        destroyed_at: None,
        erased_at: None,
    };
    Ok(Ok((Tagged { profile, tags, digest }, alike)))
}

/// Why an upload cannot be a profile's picture.
pub(crate) enum Unusable {
    Unknown,
    NoPicture,
}

/// The picture that an upload of the caller's became, and the digest of its file.
pub(crate) fn usable_picture(
    step: &Step<'_>,
    admission: &Admission,
    avatar: MediaId,
) -> rusqlite::Result<Result<(Picture, Option<Digest>), Unusable>> {
    let Some(upload) = usable_upload(step.db, admission, avatar)? else {
        return Ok(Err(Unusable::Unknown));
    };
    let picture = upload.picture().ok_or(Unusable::NoPicture);
    Ok(picture.map(|picture| (picture, upload.digest())))
}

/// Makes a picture public, as this profile's.
pub(crate) fn publish(
    step: &Step<'_>,
    account: AccountId,
    id: ProfileId,
    picture: Picture,
) -> rusqlite::Result<()> {
    let (owner, media) = (picture.key.owner.get(), picture.key.media.get());
    step.execute(PUBLISH, (owner, media))?;
    step.execute(USE, (owner, media, account.get(), id.get())).map(drop)
}

/// The profile that a row of [`select_profile`] holds.
pub(crate) fn read_profile(row: &Row<'_>) -> rusqlite::Result<Profile> {
    let id = ProfileId::new(row.get(0)?);
    let external_id: Option<String> = row.get(13)?;
    let moment = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    Ok(Profile {
        id,
        current: read_revision(row, id)?,
        external_id: external_id.map(ExternalId::from_stored),
        uses: unsigned(row.get(14)?)?,
        last_used_at: moment(row.get(15)?),
        destroyed_at: moment(row.get(16)?),
        erased_at: moment(row.get(17)?),
    })
}

/// The revision in columns 1 to 12; column 0 is the profile's.
pub(crate) fn read_revision(row: &Row<'_>, id: ProfileId) -> rusqlite::Result<Revision> {
    let Face { profile: _, revision, name, avatar } = read_face(row, 0)?;
    let kind: Option<String> = row.get(9)?;
    let kind =
        kind.map(|word| Kind::parse(&word).ok_or_else(|| impossible(format!("kind {word}"))));
    // Only first revisions are from before this was kept.
    let made_at = row.get::<_, Option<i64>>(10)?.map(Timestamp::from_millis);
    Ok(Revision {
        revision,
        name,
        avatar,
        kind: kind.transpose()?,
        made_at: made_at.unwrap_or(id.created_at()),
        app: row.get::<_, Option<i64>>(11)?.map(AppId::new),
        operator: row.get::<_, Option<String>>(12)?.map(Operator::from_stored),
    })
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

/// A picture as columns: its key, its format, its size; or nothing in any of them.
#[derive(Default)]
pub(crate) struct PictureColumns {
    pub(crate) owner: Option<i64>,
    pub(crate) media: Option<i64>,
    pub(crate) random: Option<[u8; 8]>,
    pub(crate) format: Option<&'static str>,
    pub(crate) width: Option<u32>,
    pub(crate) height: Option<u32>,
}

impl PictureColumns {
    pub(crate) fn of(picture: Option<Picture>) -> Self {
        let Some(Picture { key, format, width, height }) = picture else { return Self::default() };
        Self {
            owner: Some(key.owner.get()),
            media: Some(key.media.get()),
            random: Some(key.random),
            format: Some(format.extension()),
            width: Some(width),
            height: Some(height),
        }
    }
}

/// The picture in column `first` and the five after, if there is one.
pub(crate) fn read_picture(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Picture>> {
    let Some(owner) = row.get(first)? else { return Ok(None) };
    let key = MediaKey {
        owner: AccountId::new(owner),
        media: MediaId::new(row.get(first + 1)?),
        random: row.get(first + 2)?,
    };
    let format = read_format(&row.get::<_, String>(first + 3)?)?;
    Ok(Some(Picture { key, format, width: row.get(first + 4)?, height: row.get(first + 5)? }))
}

/// The format kept as `extension`.
pub(crate) fn read_format(extension: &str) -> rusqlite::Result<PictureFormat> {
    PictureFormat::from_extension(extension)
        .ok_or_else(|| impossible(format!("format {extension}")))
}

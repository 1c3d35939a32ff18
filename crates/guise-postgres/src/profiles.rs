//! [`Profiles`] in SQL.

use async_trait::async_trait;
use futures::try_join;
use guise_domain::{
    AccountId, Action, Admission, Admitted, AppId, CreateProfileError, Digest, EditProfileError,
    EditedProfile, Erased, ExternalId, Face, Keep, Kind, Lookalike, MediaId, MediaKey, NewProfile,
    Once, Operator, Page, PageRequest, Picture, PictureFormat, Profile, ProfileChange,
    ProfileFilter, ProfileId, ProfileName, Profiles, Revision, StoreError, Tagged, Timestamp,
    skeleton,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::edits::{self, living, set_tags};
use crate::erasure::erase;
use crate::error::Queried;
use crate::log::note;
use crate::media::usable_upload;
use crate::names;
use crate::query::{Columns, Db, all, bytes, known, maybe, one, unsigned};
use crate::step::Step;

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

const PUBLISH: &str = "UPDATE uploads SET public = true
    FROM asked WHERE owner = p1 AND id = p2 AND NOT public";
const USE: &str = "INSERT INTO avatar_uses (owner, media, account, profile)
    SELECT p1, p2, p3, p4 FROM asked ON CONFLICT DO NOTHING";
const CREATE: &str = "INSERT INTO profiles (account, id, name, folded, avatar_owner, avatar_media,
        avatar_random, avatar_format, avatar_width, avatar_height, kind, made_at, app, external_id, operator)
    SELECT p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15 FROM asked";
pub(crate) const BY_ID: &str =
    select_profile!("WHERE account = $1 AND id = $2 AND destroyed_at IS NULL");
// What its owner shows now is for the owner to say: only others are shown what was.
const SHOWN: &str = "SELECT profile, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height
    FROM faces WHERE account = $1 AND profile = $2 AND owner <> $1
    ORDER BY revision DESC LIMIT 1";
const PAGE: &str = select_profile!(
    "WHERE account = $3 AND id <= $1 AND destroyed_at IS NULL ORDER BY id DESC LIMIT $2"
);
const DESTROY: &str = "UPDATE profiles SET destroyed_at = $3
    WHERE account = $1 AND id = $2 AND destroyed_at IS NULL RETURNING name";
const EXISTS: &str = "SELECT 1 FROM profiles WHERE account = $1 AND id = $2";

#[async_trait]
impl Profiles for PostgresStore {
    async fn create_profile(
        &self,
        admission: &Admission,
        new: NewProfile,
        keep: Option<Keep<(Tagged, Vec<Lookalike>)>>,
    ) -> Result<Once<Result<(Tagged, Vec<Lookalike>), CreateProfileError>>, StoreError> {
        let (new, look) = (&new, &*skeleton(new.name.as_str()));
        self.admitted_once(admission, keep, |step| async move {
            create(&step, admission, new.clone(), look).await
        })
        .await
    }

    async fn profile(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Profile>, StoreError> {
        Ok(one(&self.db().await?, BY_ID, (owner.get(), id.get()), read_profile).await?)
    }

    async fn face(&self, reader: AccountId, id: ProfileId) -> Result<Option<Face>, StoreError> {
        let db = &self.db().await?;
        let place = (reader.get(), id.get());
        Ok(match one(db, BY_ID, place, read_profile).await? {
            Some(profile) => Some(profile.face()),
            None => one(db, SHOWN, place, |row| read_face(row, 0)).await?,
        })
    }

    async fn profiles(
        &self,
        owner: AccountId,
        page: PageRequest,
    ) -> Result<Page<Profile>, StoreError> {
        let (highest, count) = page.bounds();
        let params = (highest, count, owner.get());
        let items = all(&self.db().await?, PAGE, params, read_profile).await?;
        Ok(page.page(items, |profile| profile.id.get()))
    }

    async fn edit_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
        expected: Option<u32>,
        change: ProfileChange,
    ) -> Result<Admitted<Result<EditedProfile, EditProfileError>>, StoreError> {
        let change = &change;
        self.admitted(admission, |step| async move {
            edits::edit(&step, admission, id, expected, change.clone()).await
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
        let (external_id, change) = (&external_id, &change);
        self.admitted(admission, |step| async move {
            edits::put(&step, admission, id, external_id.clone(), expected, change.clone()).await
        })
        .await
    }

    async fn profile_with_tags(
        &self,
        owner: AccountId,
        id: ProfileId,
    ) -> Result<Option<Tagged>, StoreError> {
        self.look(|db| async move { edits::with_tags(&db, owner, id).await }).await
    }

    async fn find_profiles(
        &self,
        owner: AccountId,
        filter: ProfileFilter,
        page: PageRequest,
    ) -> Result<Page<Tagged>, StoreError> {
        let filter = &filter;
        self.look(|db| async move { edits::find(&db, owner, filter, page).await }).await
    }

    async fn revisions(
        &self,
        owner: AccountId,
        id: ProfileId,
        page: PageRequest,
    ) -> Result<Option<Page<Revision>>, StoreError> {
        self.look(|db| async move { edits::revisions(&db, owner, id, page).await }).await
    }

    async fn destroy_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted(admission, |step| async move {
            let (account, now) = (admission.account.get(), admission.now.millis());
            let place = (account, id.get());
            let destroyed = one(&step.db, DESTROY, (account, id.get(), now), |row| row.at(0));
            if let Some(name) = destroyed.await? {
                let name: String = name;
                names::forget(&step, admission.account, id, &name).await?;
                note(&step, admission, Action::ProfileDestroyed, id.get(), None)?;
                return Ok(true);
            }
            Ok(one(&step.db, EXISTS, place, |_| Ok(())).await?.is_some())
        })
        .await
    }

    async fn erase_profile(
        &self,
        admission: &Admission,
        id: ProfileId,
    ) -> Result<Admitted<Option<Erased>>, StoreError> {
        self.admitted(admission, |step| async move { erase(&step, admission, id).await }).await
    }
}

/// Makes a profile, with its tags. `look` is its name's skeleton.
pub(crate) async fn create(
    step: &Step,
    admission: &Admission,
    new: NewProfile,
    look: &str,
) -> Queried<Result<(Tagged, Vec<Lookalike>), CreateProfileError>> {
    let NewProfile { id, name, avatar, kind, external_id, mut tags, server_words } = new;
    let account = admission.account;
    // What does not depend on one another is asked at once.
    let (taken, demands, found, alike) = try_join!(
        maybe_living(&step.db, account, external_id.as_ref()),
        names::demands(&step.db, account),
        maybe_usable(step, admission, avatar),
        names::alike(&step.db, account, id, look),
    )?;
    if taken.is_some() {
        return Ok(Err(CreateProfileError::ExternalIdTaken));
    }
    let broken = demands.forbids(&name, &server_words).or_else(|| demands.misses_kind(kind));
    if let Some(rule) = broken {
        return Ok(Err(CreateProfileError::Broken(rule)));
    }
    let (avatar, digest) = match found {
        None => (None, None),
        Some(Ok((picture, digest))) => (Some(picture), digest),
        Some(Err(Unusable::Unknown)) => return Ok(Err(CreateProfileError::MediaNotFound)),
        Some(Err(Unusable::NoPicture)) => return Ok(Err(CreateProfileError::NotAPicture)),
    };
    if let Some(picture) = avatar {
        publish(step, account, id, picture)?;
    }
    let PictureColumns { owner, media, random, format, width, height } = PictureColumns::of(avatar);
    let row = (
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
    );
    step.put(CREATE, row)?;
    tags.sort();
    tags.dedup();
    if !tags.is_empty() {
        set_tags(step, account, id, &tags).await?;
    }
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

async fn maybe_living(
    db: &Db,
    account: AccountId,
    external_id: Option<&ExternalId>,
) -> Queried<Option<Profile>> {
    match external_id {
        Some(external_id) => living(db, account, external_id).await,
        None => Ok(None),
    }
}

async fn maybe_usable(
    step: &Step,
    admission: &Admission,
    avatar: Option<MediaId>,
) -> Queried<Option<Result<(Picture, Option<Digest>), Unusable>>> {
    match avatar {
        Some(avatar) => usable_picture(step, admission, avatar).await.map(Some),
        None => Ok(None),
    }
}

/// Why an upload cannot be a profile's picture.
pub(crate) enum Unusable {
    Unknown,
    NoPicture,
}

/// The picture that an upload of the caller's became, and the digest of its file.
pub(crate) async fn usable_picture(
    step: &Step,
    admission: &Admission,
    avatar: MediaId,
) -> Queried<Result<(Picture, Option<Digest>), Unusable>> {
    let Some(upload) = usable_upload(step, admission, avatar).await? else {
        return Ok(Err(Unusable::Unknown));
    };
    let picture = upload.picture().ok_or(Unusable::NoPicture);
    Ok(picture.map(|picture| (picture, upload.digest())))
}

/// Makes a picture public, as this profile's.
pub(crate) fn publish(
    step: &Step,
    account: AccountId,
    id: ProfileId,
    picture: Picture,
) -> Queried<()> {
    let (owner, media) = (picture.key.owner.get(), picture.key.media.get());
    step.put(PUBLISH, (owner, media))?;
    step.put(USE, (owner, media, account.get(), id.get()))
}

/// The profile that a row of [`select_profile`] holds.
pub(crate) fn read_profile(row: &Row) -> Queried<Profile> {
    let id = ProfileId::new(row.at(0)?);
    let external_id: Option<String> = row.at(13)?;
    let moment =
        |column| row.at(column).map(|millis: Option<i64>| millis.map(Timestamp::from_millis));
    Ok(Profile {
        id,
        current: read_revision(row, id)?,
        external_id: external_id.map(ExternalId::from_stored),
        uses: unsigned(row, 14)?,
        last_used_at: moment(15)?,
        destroyed_at: moment(16)?,
        erased_at: moment(17)?,
    })
}

/// The revision in columns 1 to 12; column 0 is the profile's.
pub(crate) fn read_revision(row: &Row, id: ProfileId) -> Queried<Revision> {
    let Face { profile: _, revision, name, avatar } = read_face(row, 0)?;
    // Only first revisions are from before this was kept.
    let made_at = row.at::<Option<i64>>(10)?.map(Timestamp::from_millis);
    Ok(Revision {
        revision,
        name,
        avatar,
        kind: maybe(row, 9, Kind::parse)?,
        made_at: made_at.unwrap_or(id.created_at()),
        app: row.at::<Option<i64>>(11)?.map(AppId::new),
        operator: row.at::<Option<String>>(12)?.map(Operator::from_stored),
    })
}

/// The face in column `first` and the eight after.
pub(crate) fn read_face(row: &Row, first: usize) -> Queried<Face> {
    Ok(Face {
        profile: ProfileId::new(row.at(first)?),
        revision: unsigned(row, first + 1)?,
        name: ProfileName::from_stored(row.at(first + 2)?),
        avatar: read_picture(row, first + 3)?,
    })
}

/// A picture as columns: its key, its format, its size; or nothing in any of them.
#[derive(Default)]
pub(crate) struct PictureColumns {
    pub(crate) owner: Option<i64>,
    pub(crate) media: Option<i64>,
    pub(crate) random: Option<Vec<u8>>,
    pub(crate) format: Option<&'static str>,
    pub(crate) width: Option<i64>,
    pub(crate) height: Option<i64>,
}

impl PictureColumns {
    pub(crate) fn of(picture: Option<Picture>) -> Self {
        let Some(Picture { key, format, width, height }) = picture else { return Self::default() };
        Self {
            owner: Some(key.owner.get()),
            media: Some(key.media.get()),
            random: Some(key.random.to_vec()),
            format: Some(format.extension()),
            width: Some(width.into()),
            height: Some(height.into()),
        }
    }
}

/// The picture in column `first` and the five after, if there is one.
pub(crate) fn read_picture(row: &Row, first: usize) -> Queried<Option<Picture>> {
    let Some(owner) = row.at(first)? else { return Ok(None) };
    let key = MediaKey {
        owner: AccountId::new(owner),
        media: MediaId::new(row.at(first + 1)?),
        random: bytes(row, first + 2)?,
    };
    let format = read_format(row, first + 3)?;
    let (width, height) = (unsigned(row, first + 4)?, unsigned(row, first + 5)?);
    Ok(Some(Picture { key, format, width, height }))
}

/// The format kept in this column as its extension.
pub(crate) fn read_format(row: &Row, column: usize) -> Queried<PictureFormat> {
    known(row, column, PictureFormat::from_extension)
}

//! Changing profiles, what they were before, and finding them.

use futures::future::try_join_all;
use guise_domain::{
    AccountId, Action, Admission, CreateProfileError, EditProfileError, EditedProfile, ExternalId,
    Kind, Lookalike, MediaId, NewProfile, Operator, Outcome, Page, PageRequest, Picture, Profile,
    ProfileChange, ProfileFilter, ProfileId, ProfileName, ProfileState, ProfileTag, Revision,
    Tagged, skeleton,
};

use crate::error::{Queried, impossible};
use crate::log::note;
use crate::media::digest_of;
use crate::names;
use crate::profiles::{
    BY_ID, PictureColumns, Unusable, create, publish, read_profile, read_revision, select_profile,
    usable_picture,
};
use crate::query::{Columns, Db, all, one};
use crate::step::Step;
use crate::text;

pub(crate) const ANY: &str = select_profile!("WHERE account = $1 AND id = $2");
const BY_EXTERNAL_ID: &str =
    select_profile!("WHERE account = $1 AND external_id = $2 AND destroyed_at IS NULL");
const FIND: &str = select_profile!(
    "WHERE account = $3 AND id <= $1
        AND ($4::text IS NULL OR strpos(folded, $4) > 0)
        AND ($5::text IS NULL OR starts_with(folded, $5))
        AND ($6::text IS NULL OR kind = $6)
        AND ($7::text IS NULL OR EXISTS (SELECT 1 FROM profile_tags
            WHERE profile_tags.account = $3 AND profile = profiles.id AND tag = $7))
        AND ($8::bigint IS NULL OR (coalesce(last_used_at, 0) < $8 AND id < $9))
        AND ($10::boolean IS NULL OR (destroyed_at IS NULL) = $10)
    ORDER BY id DESC LIMIT $2"
);
const KEEP: &str = "INSERT INTO revisions (account, profile, revision, name, kind, avatar_owner,
        avatar_media, avatar_random, avatar_format, avatar_width, avatar_height, made_at, app, operator)
    SELECT account, id, revision, name, kind, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, made_at, app, operator
    FROM profiles WHERE account = $1 AND id = $2";
const CHANGE: &str = "UPDATE profiles SET revision = $3, name = $4, folded = $5, kind = $6,
        avatar_owner = $7, avatar_media = $8, avatar_random = $9, avatar_format = $10,
        avatar_width = $11, avatar_height = $12, made_at = $13, app = $14,
        operator = $15
    WHERE account = $1 AND id = $2";
const CALL: &str = "UPDATE profiles SET external_id = $3 WHERE account = $1 AND id = $2";
const PAST: &str = "SELECT profile, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, kind, made_at, app, operator
    FROM revisions WHERE account = $3 AND profile = $4 AND revision <= $1
    ORDER BY revision DESC LIMIT $2";
const TAGS: &str = "SELECT tag FROM profile_tags WHERE account = $1 AND profile = $2 ORDER BY tag";
const FORGET_TAGS: &str = "DELETE FROM profile_tags WHERE account = $1 AND profile = $2";
const ADD_TAG: &str = "INSERT INTO profile_tags (account, profile, tag) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";

/// Changes a living profile of the caller's.
pub(crate) async fn edit(
    step: &Step,
    admission: &Admission,
    id: ProfileId,
    expected: Option<u32>,
    change: ProfileChange,
) -> Queried<Result<EditedProfile, EditProfileError>> {
    let place = (admission.account.get(), id.get());
    let Some(profile) = one(&step.db, BY_ID, place, read_profile).await? else {
        return Ok(Err(EditProfileError::NotFound));
    };
    apply(step, admission, profile, expected, change).await
}

/// Changes the caller's living profile with this external id, or makes one.
pub(crate) async fn put(
    step: &Step,
    admission: &Admission,
    id: ProfileId,
    external_id: ExternalId,
    expected: Option<u32>,
    change: ProfileChange,
) -> Queried<Result<EditedProfile, EditProfileError>> {
    if let Some(profile) = living(&step.db, admission.account, &external_id).await? {
        return apply(step, admission, profile, expected, change).await;
    }
    if expected.is_some() {
        return Ok(Err(EditProfileError::NotFound));
    }
    let ProfileChange { name: Some(name), avatar, kind, external_id: _, tags, server_words } =
        change
    else {
        return Ok(Err(EditProfileError::Incomplete));
    };
    let (tags, external_id) = (tags.unwrap_or_default(), Some(external_id));
    let look = skeleton(name.as_str());
    let new = NewProfile { id, name, avatar, kind, external_id, tags, server_words };
    Ok(match create(step, admission, new, &look).await? {
        Ok((profile, alike)) => Ok(EditedProfile { profile, outcome: Outcome::Created, alike }),
        Err(CreateProfileError::Broken(rule)) => Err(EditProfileError::Broken(rule)),
        Err(CreateProfileError::NotAPicture) => Err(EditProfileError::NotAPicture),
        Err(CreateProfileError::MediaNotFound) => Err(EditProfileError::MediaNotFound),
        Err(CreateProfileError::ExternalIdTaken) => Err(EditProfileError::ExternalIdTaken),
    })
}

async fn apply(
    step: &Step,
    admission: &Admission,
    profile: Profile,
    expected: Option<u32>,
    change: ProfileChange,
) -> Queried<Result<EditedProfile, EditProfileError>> {
    let ProfileChange { name, avatar, kind, external_id, tags, server_words } = change;
    let before = &profile.current;
    if expected.is_some_and(|expected| expected != before.revision) {
        return Ok(Err(EditProfileError::Stale { current: before.revision }));
    }
    let external_id = external_id.filter(|id| profile.external_id.as_ref() != Some(id));
    if let Some(external_id) = &external_id
        && living(&step.db, admission.account, external_id).await?.is_some()
    {
        return Ok(Err(EditProfileError::ExternalIdTaken));
    }
    let name = name.filter(|name| *name != before.name);
    if let Some(name) = &name
        && let Some(rule) =
            names::demands(&step.db, admission.account).await?.forbids(name, &server_words)
    {
        return Ok(Err(EditProfileError::Broken(rule)));
    }
    let avatar = match avatar {
        None => before.avatar,
        Some(avatar) => match renewed(step, admission, &profile, avatar).await? {
            Ok(picture) => Some(picture),
            Err(Unusable::Unknown) => return Ok(Err(EditProfileError::MediaNotFound)),
            Err(Unusable::NoPicture) => return Ok(Err(EditProfileError::NotAPicture)),
        },
    };
    let after = Revision {
        revision: before.revision + 1,
        name: name.unwrap_or_else(|| before.name.clone()),
        avatar,
        kind: kind.or(before.kind),
        made_at: admission.now,
        app: Some(admission.app),
        operator: admission.operator.clone(),
    };
    let relabelled =
        relabel(step, admission.account, profile.id, external_id.as_ref(), tags).await?;
    let external_id = external_id.or_else(|| profile.external_id.clone());
    let same =
        (&after.name, after.avatar, after.kind) == (&before.name, before.avatar, before.kind);
    let (account, id) = (admission.account, profile.id);
    if same {
        let outcome = if relabelled { Outcome::Updated } else { Outcome::Unchanged };
        if relabelled {
            note(step, admission, Action::ProfileEdited, id.get(), Some(before.revision))?;
        }
        let profile = tagged(&step.db, account, Profile { external_id, ..profile }).await?;
        return Ok(Ok(EditedProfile { profile, outcome, alike: Vec::new() }));
    }
    replace(step, account, id, &after).await?;
    let alike = rename(step, account, &profile, &after.name).await?;
    note(step, admission, Action::ProfileEdited, id.get(), Some(after.revision))?;
    let profile =
        tagged(&step.db, account, Profile { current: after, external_id, ..profile }).await?;
    Ok(Ok(EditedProfile { profile, outcome: Outcome::Updated, alike }))
}

/// Changes what is no part of a revision; whether that changes anything. The external id is another and free.
async fn relabel(
    step: &Step,
    account: AccountId,
    id: ProfileId,
    external_id: Option<&ExternalId>,
    tags: Option<Vec<ProfileTag>>,
) -> Queried<bool> {
    if let Some(external_id) = external_id {
        step.execute(CALL, (account.get(), id.get(), external_id.as_str())).await?;
    }
    let retagged = match tags {
        Some(tags) => set_tags(step, account, id, &tags).await?,
        None => false,
    };
    Ok(external_id.is_some() || retagged)
}

/// Keeps what a profile's new name looks like; whom it looks like, if it is new.
async fn rename(
    step: &Step,
    account: AccountId,
    profile: &Profile,
    name: &ProfileName,
) -> Queried<Vec<Lookalike>> {
    let Profile { id, current, .. } = profile;
    if *name == current.name {
        return Ok(Vec::new());
    }
    let look = skeleton(name.as_str());
    names::forget(step, account, *id, current.name.as_str()).await?;
    names::add(step, account, *id, &look)?;
    names::alike(&step.db, account, *id, &look).await
}

/// The picture that an upload became, public from now on; the one before if it was made of the same file.
async fn renewed(
    step: &Step,
    admission: &Admission,
    profile: &Profile,
    avatar: MediaId,
) -> Queried<Result<Picture, Unusable>> {
    let (picture, digest) = match usable_picture(step, admission, avatar).await? {
        Ok(usable) => usable,
        Err(unusable) => return Ok(Err(unusable)),
    };
    if let Some(before) = profile.current.avatar
        && digest.is_some()
        && digest == digest_of(&step.db, before).await?
    {
        return Ok(Ok(before));
    }
    publish(step, admission.account, profile.id, picture)?;
    Ok(Ok(picture))
}

/// Keeps what a profile is among what it was, and makes it what comes after.
async fn replace(step: &Step, account: AccountId, id: ProfileId, after: &Revision) -> Queried<()> {
    let Revision { revision, name, avatar, kind, made_at, app, operator } = after;
    let PictureColumns { owner, media, random, format, width, height } =
        PictureColumns::of(*avatar);
    step.execute(KEEP, (account.get(), id.get())).await?;
    let row = (
        account.get(),
        id.get(),
        i64::from(*revision),
        name.as_str(),
        name.folded(),
        kind.map(Kind::as_str),
        owner,
        media,
        random,
        format,
        width,
        height,
        made_at.millis(),
        app.map(guise_domain::AppId::get),
        operator.as_ref().map(Operator::as_str),
    );
    step.execute(CHANGE, row).await.map(drop)
}

/// The living profile with this external id.
pub(crate) async fn living(
    db: &Db,
    account: AccountId,
    external_id: &ExternalId,
) -> Queried<Option<Profile>> {
    one(db, BY_EXTERNAL_ID, (account.get(), external_id.as_str()), read_profile).await
}

/// Puts these tags in the place of those a profile has; whether that changes anything.
pub(crate) async fn set_tags(
    step: &Step,
    account: AccountId,
    id: ProfileId,
    tags: &[ProfileTag],
) -> Queried<bool> {
    let before = tags_of(&step.db, account, id).await?;
    if before.is_empty() && tags.is_empty() {
        return Ok(false);
    }
    step.execute(FORGET_TAGS, (account.get(), id.get())).await?;
    for tag in tags {
        step.execute(ADD_TAG, (account.get(), id.get(), tag.as_str())).await?;
    }
    Ok(tags_of(&step.db, account, id).await? != before)
}

async fn tags_of(db: &Db, account: AccountId, id: ProfileId) -> Queried<Vec<ProfileTag>> {
    let words: Vec<String> = all(db, TAGS, (account.get(), id.get()), |row| row.at(0)).await?;
    words.iter().map(|word| word.parse().map_err(impossible)).collect()
}

async fn tagged(db: &Db, owner: AccountId, profile: Profile) -> Queried<Tagged> {
    let tags = tags_of(db, owner, profile.id).await?;
    let digest = match profile.current.avatar {
        Some(picture) => digest_of(db, picture).await?,
        None => None,
    };
    Ok(Tagged { profile, tags, digest })
}

/// An owner's profile, destroyed or not.
pub(crate) async fn with_tags(db: &Db, owner: AccountId, id: ProfileId) -> Queried<Option<Tagged>> {
    let found = one(db, ANY, (owner.get(), id.get()), read_profile).await?;
    match found {
        Some(profile) => Ok(Some(tagged(db, owner, profile).await?)),
        None => Ok(None),
    }
}

/// A page of the profiles that fit.
pub(crate) async fn find(
    db: &Db,
    owner: AccountId,
    filter: &ProfileFilter,
    page: PageRequest,
) -> Queried<Page<Tagged>> {
    let ProfileFilter { name, name_prefix, kind, tag, unused_since, state } = filter;
    let (highest, count) = page.bounds();
    let params = (
        highest,
        count,
        owner.get(),
        name.as_deref().map(text::kept),
        name_prefix.as_deref().map(text::kept),
        kind.map(Kind::as_str),
        tag.as_ref().map(ProfileTag::as_str),
        unused_since.map(guise_domain::Timestamp::millis),
        unused_since.map(|since| ProfileId::first_at(since).get()),
        match state {
            ProfileState::Living => Some(true),
            ProfileState::Destroyed => Some(false),
            ProfileState::All => None,
        },
    );
    let items = all(db, FIND, params, read_profile).await?;
    let Page { items, next } = page.page(items, |profile| profile.id.get());
    let items = items.into_iter().map(|profile| tagged(db, owner, profile));
    Ok(Page { items: try_join_all(items).await?, next })
}

/// A page of what a profile is and was.
pub(crate) async fn revisions(
    db: &Db,
    owner: AccountId,
    id: ProfileId,
    page: PageRequest,
) -> Queried<Option<Page<Revision>>> {
    let Some(profile) = one(db, ANY, (owner.get(), id.get()), read_profile).await? else {
        return Ok(None);
    };
    let (highest, count) = page.bounds();
    let params = (highest, count, owner.get(), id.get());
    let past = all(db, PAST, params, |row| read_revision(row, id)).await?;
    let current = Some(profile.current).filter(|now| i64::from(now.revision) <= highest);
    let all = current.into_iter().chain(past).collect();
    Ok(Some(page.page(all, |revision| i64::from(revision.revision))))
}

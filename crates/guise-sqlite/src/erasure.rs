//! Erasing a profile: one step in which nobody is left who is shown what it was.

use guise_domain::{
    AccountId, Action, Admission, Erased, MediaId, MediaKey, ProfileId, ProfileName,
};

use crate::answers;
use crate::edits::{ANY, set_tags};
use crate::log::note;
use crate::names;
use crate::profiles::{BY_ID, read_profile};
use crate::query::{all, one};
use crate::writer::Step;

const PICTURES: &str = "SELECT avatar_owner, avatar_media, avatar_random FROM profiles
    WHERE account = ?1 AND id = ?2 AND avatar_owner IS NOT NULL
    UNION SELECT avatar_owner, avatar_media, avatar_random FROM revisions
    WHERE account = ?1 AND profile = ?2 AND avatar_owner IS NOT NULL";
const ERASE: &str = "UPDATE profiles SET name = ?3, folded = ?4, external_id = NULL,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL,
        destroyed_at = coalesce(destroyed_at, ?5), erased_at = ?5
    WHERE account = ?1 AND id = ?2 AND erased_at IS NULL";
const ERASE_REVISIONS: &str = "UPDATE revisions SET name = ?3,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL
    WHERE account = ?1 AND profile = ?2";
// From box to box, by the key of each: other boxes are not looked at.
const ERASE_FACES: &str = "UPDATE faces SET name = ?3,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL
    WHERE account IN (SELECT reader FROM shown WHERE shown.account = ?1 AND shown.profile = ?2)
        AND profile = ?2 AND owner = ?1";
const FORGET_SHOWN: &str = "DELETE FROM shown WHERE account = ?1 AND profile = ?2";
const FORGET_USE: &str = "DELETE FROM avatar_uses
    WHERE owner = ?1 AND media = ?2 AND account = ?3 AND profile = ?4";
const HIDE: &str = "UPDATE uploads SET public = 0 WHERE owner = ?1 AND id = ?2
        AND NOT EXISTS (SELECT 1 FROM avatar_uses WHERE owner = ?1 AND media = ?2)";
// Somebody else's, which was shared, is theirs to use until it expires; the sweeper removes it then.
const REMOVE: &str = "DELETE FROM uploads WHERE owner = ?1 AND id = ?2 AND public = 0 AND sent = 0
        AND (owner = ?3 OR expires_at <= ?4)";

/// Erases the caller's profile; `None` when there is none.
pub(crate) fn erase(
    step: &mut Step<'_>,
    admission: &Admission,
    id: ProfileId,
) -> rusqlite::Result<Option<Erased>> {
    let place = (admission.account.get(), id.get());
    let pictures = all(step.db, PICTURES, place, |row| {
        Ok(MediaKey {
            owner: AccountId::new(row.get(0)?),
            media: MediaId::new(row.get(1)?),
            random: row.get(2)?,
        })
    })?;
    let (mut hidden, mut removed) = (Vec::new(), Vec::new());
    if replace(step, admission, id)? {
        for picture in pictures {
            let (is_hidden, is_removed) = hide(step, admission, id, picture)?;
            hidden.extend(is_hidden.then_some(picture));
            removed.extend(is_removed.then_some(picture));
        }
        note(step, admission, Action::ProfileErased, id.get(), None)?;
    }
    let profile = one(step.db, ANY, place, read_profile)?;
    Ok(profile.map(|profile| Erased { profile, hidden, removed }))
}

/// Puts the placeholder everywhere; whether there was anything to replace.
fn replace(step: &Step<'_>, admission: &Admission, id: ProfileId) -> rusqlite::Result<bool> {
    let (account, profile) = (admission.account.get(), id.get());
    let name = ProfileName::erased();
    let (name, folded) = (name.as_str(), name.folded());
    let now = admission.now.millis();
    // What a name looks like is as personal as the name. A destroyed one is forgotten already.
    if let Some(living) = one(step.db, BY_ID, (account, profile), read_profile)? {
        names::forget(step, admission.account, id, living.current.name.as_str())?;
    }
    if step.execute(ERASE, (account, profile, name, folded, now))? == 0 {
        return Ok(false);
    }
    step.execute(ERASE_REVISIONS, (account, profile, name))?;
    step.execute(ERASE_FACES, (account, profile, name))?;
    step.execute(FORGET_SHOWN, (account, profile))?;
    // What was answered when it was made told its name.
    answers::forget(step, admission.account, profile)?;
    set_tags(step, admission.account, id, &[])?;
    Ok(true)
}

/// Takes a picture from a profile; whether it is not public any more, and whether its upload is gone.
fn hide(
    step: &Step<'_>,
    admission: &Admission,
    id: ProfileId,
    picture: MediaKey,
) -> rusqlite::Result<(bool, bool)> {
    let (owner, media) = (picture.owner.get(), picture.media.get());
    let (account, now) = (admission.account.get(), admission.now.millis());
    step.execute(FORGET_USE, (owner, media, account, id.get()))?;
    if step.execute(HIDE, (owner, media))? == 0 {
        return Ok((false, false));
    }
    Ok((true, step.execute(REMOVE, (owner, media, account, now))? > 0))
}

//! Erasing a profile: one step in which nobody is left who is shown what it was.

use guise_domain::{Action, Admission, Erased, MediaKey, ProfileId, ProfileName};

use crate::answers;
use crate::edits::{ANY, set_tags};
use crate::error::Queried;
use crate::log::note;
use crate::names;
use crate::profiles::{BY_ID, read_profile};
use crate::query::{Columns, all, one};
use crate::segments::{read_key, remove_upload};
use crate::step::Step;

const PICTURES: &str = "SELECT avatar_owner, avatar_media, avatar_random FROM profiles
    WHERE account = $1 AND id = $2 AND avatar_owner IS NOT NULL
    UNION SELECT avatar_owner, avatar_media, avatar_random FROM revisions
    WHERE account = $1 AND profile = $2 AND avatar_owner IS NOT NULL
    ORDER BY avatar_owner, avatar_media";
const ERASE: &str = "UPDATE profiles SET name = $3, folded = $4, external_id = NULL,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL,
        destroyed_at = coalesce(destroyed_at, $5), erased_at = $5
    WHERE account = $1 AND id = $2 AND erased_at IS NULL";
const ERASE_REVISIONS: &str = "UPDATE revisions SET name = $3,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL
    WHERE account = $1 AND profile = $2";
const READERS: &str = "SELECT reader FROM shown WHERE account = $1 AND profile = $2";
// From box to box, by the key of each: other boxes are not looked at.
const ERASE_FACES: &str = "UPDATE faces SET name = $3,
        avatar_owner = NULL, avatar_media = NULL, avatar_random = NULL,
        avatar_format = NULL, avatar_width = NULL, avatar_height = NULL
    WHERE account = ANY($4) AND profile = $2 AND owner = $1";
const FORGET_SHOWN: &str = "DELETE FROM shown WHERE account = $1 AND profile = $2";
const FORGET_USE: &str = "DELETE FROM avatar_uses
    WHERE owner = $1 AND media = $2 AND account = $3 AND profile = $4";
// Whoever is about to show it with another profile has it locked: what is asked next sees what became of that.
const LOCK: &str = "SELECT 1 FROM uploads WHERE owner = $1 AND id = $2 FOR UPDATE";
const HIDE: &str = "UPDATE uploads SET public = false WHERE owner = $1 AND id = $2
        AND NOT EXISTS (SELECT 1 FROM avatar_uses WHERE owner = $1 AND media = $2)";
// Somebody else's, which was shared, is theirs to use until it expires; the sweeper removes it then.
const IS_TO_GO: &str =
    "SELECT 1 FROM uploads WHERE owner = $1 AND id = $2 AND NOT public AND NOT sent
        AND (owner = $3 OR expires_at <= $4)";

/// Erases the caller's profile; `None` when there is none.
pub(crate) async fn erase(
    step: &Step,
    admission: &Admission,
    id: ProfileId,
) -> Queried<Option<Erased>> {
    let place = (admission.account.get(), id.get());
    let pictures = all(&step.db, PICTURES, place, read_key).await?;
    let (mut hidden, mut removed) = (Vec::new(), Vec::new());
    if replace(step, admission, id).await? {
        for picture in pictures {
            let (is_hidden, is_removed) = hide(step, admission, id, picture).await?;
            hidden.extend(is_hidden.then_some(picture));
            removed.extend(is_removed.then_some(picture));
        }
        note(step, admission, Action::ProfileErased, id.get(), None)?;
    }
    let profile = one(&step.db, ANY, place, read_profile).await?;
    Ok(profile.map(|profile| Erased { profile, hidden, removed }))
}

/// Puts the placeholder everywhere; whether there was anything to replace.
async fn replace(step: &Step, admission: &Admission, id: ProfileId) -> Queried<bool> {
    let (account, profile) = (admission.account.get(), id.get());
    let name = ProfileName::erased();
    let (name, folded) = (name.as_str(), name.folded());
    let now = admission.now.millis();
    // What a name looks like is as personal as the name. A destroyed one is forgotten already.
    if let Some(living) = one(&step.db, BY_ID, (account, profile), read_profile).await? {
        names::forget(step, admission.account, id, living.current.name.as_str()).await?;
    }
    if step.execute(ERASE, (account, profile, name, folded, now)).await? == 0 {
        return Ok(false);
    }
    step.execute(ERASE_REVISIONS, (account, profile, name)).await?;
    let readers: Vec<i64> = all(&step.db, READERS, (account, profile), |row| row.at(0)).await?;
    step.execute(ERASE_FACES, (account, profile, name, readers)).await?;
    step.execute(FORGET_SHOWN, (account, profile)).await?;
    // What was answered when it was made told its name.
    answers::forget(step, admission.account, profile).await?;
    set_tags(step, admission.account, id, &[]).await?;
    Ok(true)
}

/// Takes a picture from a profile; whether it is not public any more, and whether its upload is gone.
async fn hide(
    step: &Step,
    admission: &Admission,
    id: ProfileId,
    picture: MediaKey,
) -> Queried<(bool, bool)> {
    let (owner, media) = (picture.owner.get(), picture.media.get());
    let (account, now) = (admission.account.get(), admission.now.millis());
    one(&step.db, LOCK, (owner, media), |_| Ok(())).await?;
    step.execute(FORGET_USE, (owner, media, account, id.get())).await?;
    if step.execute(HIDE, (owner, media)).await? == 0 {
        return Ok((false, false));
    }
    let is_to_go = one(&step.db, IS_TO_GO, (owner, media, account, now), |_| Ok(())).await?;
    if is_to_go.is_some() {
        remove_upload(step, picture).await?;
    }
    Ok((true, is_to_go.is_some()))
}

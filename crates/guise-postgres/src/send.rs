//! Sending a message: one step that leaves everything about it in place, or nothing.

use guise_domain::{
    Account, AccountId, Action, Admission, Admitted, Face, MediaId, MediaKey, Message,
    MessageContent, MessagesFrom, NewMessage, Picture, ProfileId, SendError,
};
use tokio_postgres::Row;

use crate::accounts::by_id;
use crate::admission::{Count, remember, seen};
use crate::error::{Queried, impossible};
use crate::log::note;
use crate::media::usable_upload;
use crate::messages::conversation;
use crate::profiles::{PictureColumns, read_face};
use crate::query::{Columns, Db, one};
use crate::step::Step;
use crate::text;

const IS_BLOCKED: &str = "SELECT 1 FROM blocks WHERE account = $1 AND other = $2";
const FACE: &str = "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, destroyed_at IS NOT NULL
    FROM profiles WHERE account = $1 AND id = $2";
const MARK_PROFILE: &str =
    "UPDATE profiles SET uses = uses + 1, last_used_at = greatest(last_used_at, $3)
    WHERE account = $1 AND id = $2";
const SHOW_FACE: &str = "INSERT INTO faces (account, profile, revision, owner, name,
        avatar_owner, avatar_media, avatar_random, avatar_format, avatar_width, avatar_height)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING";
const SHOWN: &str = "INSERT INTO shown (account, profile, reader) VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING";
const USE_UPLOAD: &str = "UPDATE uploads SET sent = true
    WHERE owner = $1 AND id = $2 AND (NOT sent OR shared)";
const ALT_TEXT: &str = "SELECT alt_text FROM uploads WHERE owner = $1 AND id = $2";
const CREATE: &str = "INSERT INTO messages (account, id, sender, recipient, app, profile, revision,
        media_owner, media, media_random, media_format, media_width, media_height, content)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
const WROTE: &str = "INSERT INTO conversations AS kept (account, other, wrote_at, replies, newest)
    VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account, other) DO UPDATE
        SET wrote_at = $3, replies = kept.replies + $4, newest = greatest(kept.newest, $5)";
const HEARD: &str =
    "INSERT INTO conversations AS kept (account, other, heard_at, newest) VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, other) DO UPDATE
        SET heard_at = $3, replies = 0, newest = greatest(kept.newest, $4)";

/// Counts and sends. Of a message back that is free, only what was sent is taken from the allowance; one that a rule
/// refuses is counted as any other call.
pub(crate) async fn send(
    step: &Step,
    admission: &Admission,
    new: NewMessage,
) -> Queried<Admitted<Result<Message, SendError>>> {
    let Admission { account, now, .. } = *admission;
    if seen(step, admission).await? {
        return Ok(Admitted::Replayed);
    }
    let count = Count::of(step, admission).await?;
    let free = conversation(&step.db, account, new.recipient).await?.next_is_free(now);
    let fits = count.fits();
    match fits {
        Err(quota) if !free => return Ok(Admitted::Limited(quota)),
        _ => remember(step, admission).await?,
    }
    let sent = deliver(step, admission, new, free).await?;
    let quota = match fits {
        Ok(quota) if !free || sent.is_err() => {
            count.keep(step).await?;
            quota
        }
        _ => count.left(),
    };
    Ok(Admitted::Done(quota, sent))
}

async fn deliver(
    step: &Step,
    admission: &Admission,
    new: NewMessage,
    free: bool,
) -> Queried<Result<Message, SendError>> {
    let (sender, app) = (admission.account, admission.app);
    let NewMessage { id, recipient, profile, media, content } = new;
    if let Err(refusal) = may_write(&step.db, sender, recipient).await? {
        return Ok(Err(refusal));
    }
    let face = match profile {
        Some(profile) => match face(&step.db, sender, profile).await? {
            Ok(face) => Some(face),
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => None,
    };
    // The upload last: it is the one thing that is used up.
    let (media, alt_text) = match media {
        Some(media) => match attach(step, admission, media).await? {
            Ok((picture, alt_text)) => (Some(picture), alt_text),
            Err(refusal) => return Ok(Err(refusal)),
        },
        None => (None, None),
    };
    let content = MessageContent { alt_text, ..content };
    let message = Message { id, sender, recipient, app, face, media, content };
    let at = admission.now.millis();
    if let Some(Face { profile, .. }) = &message.face {
        step.execute(MARK_PROFILE, (sender.get(), profile.get(), at)).await?;
    }
    // Two who write to each other at once meet in both boxes: always in the same one first.
    let mut boxes = vec![sender, recipient];
    boxes.sort_unstable_by_key(|account| account.get());
    boxes.dedup();
    for account in boxes {
        put_into_box(step, account, &message).await?;
        if account == sender {
            let row = (sender.get(), recipient.get(), at, i64::from(free), id.get());
            step.execute(WROTE, row).await?;
        } else {
            step.execute(HEARD, (recipient.get(), sender.get(), at, id.get())).await?;
        }
    }
    let revision = message.face.as_ref().map(|face| face.revision);
    note(step, admission, Action::MessageSent, id.get(), revision).await?;
    step.keep_id(sender, id.get());
    Ok(Ok(message))
}

/// Whether the recipient takes messages of the sender. One who writes to oneself always may.
pub(crate) async fn may_write(
    db: &Db,
    sender: AccountId,
    recipient: AccountId,
) -> Queried<Result<(), SendError>> {
    let Some(Account { messages_from, closed: false, .. }) = by_id(db, recipient).await? else {
        return Ok(Err(SendError::NoRecipient));
    };
    if recipient == sender {
        return Ok(Ok(()));
    }
    let blocked = (recipient.get(), sender.get());
    let blocked = one(db, IS_BLOCKED, blocked, |_| Ok(())).await?.is_some();
    let known = match messages_from {
        MessagesFrom::Everyone => true,
        MessagesFrom::Known => conversation(db, recipient, sender).await?.wrote_at.is_some(),
    };
    Ok(if blocked || !known { Err(SendError::RecipientClosed) } else { Ok(()) })
}

/// The sender's profile as it is now.
async fn face(db: &Db, sender: AccountId, profile: ProfileId) -> Queried<Result<Face, SendError>> {
    let read = |row: &Row| Ok((read_face(row, 0)?, row.at(9)?));
    let found = one(db, FACE, (sender.get(), profile.get()), read).await?;
    Ok(match found {
        None => Err(SendError::ProfileNotFound),
        Some((_, true)) => Err(SendError::ProfileDestroyed),
        Some((face, false)) => Ok(face),
    })
}

/// Uses an upload for this message; its picture and what that shows.
async fn attach(
    step: &Step,
    admission: &Admission,
    media: MediaId,
) -> Queried<Result<(Picture, Option<String>), SendError>> {
    let Some(upload) = usable_upload(step, admission, media).await? else {
        return Ok(Err(SendError::MediaNotFound));
    };
    let Some(picture) = upload.picture() else { return Ok(Err(SendError::NotAPicture)) };
    let MediaKey { owner, media, .. } = picture.key;
    let used = step.execute(USE_UPLOAD, (owner.get(), media.get())).await? > 0;
    if !used {
        return Ok(Err(SendError::MediaUsed));
    }
    let read = |row: &Row| row.at::<Option<String>>(0);
    let alt_text = one(&step.db, ALT_TEXT, (owner.get(), media.get()), read).await?.flatten();
    Ok(Ok((picture, alt_text.map(text::read).filter(|text| !text.is_empty()))))
}

/// Leaves a participant's copy, and what it shows, in their box.
async fn put_into_box(step: &Step, account: AccountId, message: &Message) -> Queried<()> {
    let Message { id, sender, recipient, app, face, media, content } = message;
    if let Some(face) = face {
        show_face(step, account, *sender, face).await?;
    }
    let content = content.to_stored().map_err(impossible)?;
    let picture = PictureColumns::of(*media);
    let row = (
        account.get(),
        id.get(),
        sender.get(),
        recipient.get(),
        app.get(),
        face.as_ref().map(|face| face.profile.get()),
        face.as_ref().map(|face| i64::from(face.revision)),
        picture.owner,
        picture.media,
        picture.random,
        picture.format,
        picture.width,
        picture.height,
        content,
    );
    step.execute(CREATE, row).await.map(drop)
}

async fn show_face(step: &Step, account: AccountId, owner: AccountId, face: &Face) -> Queried<()> {
    let Face { profile, revision, name, avatar } = face;
    let PictureColumns { owner: avatar_owner, media, random, format, width, height } =
        PictureColumns::of(*avatar);
    let row = (
        account.get(),
        profile.get(),
        i64::from(*revision),
        owner.get(),
        name.as_str(),
        avatar_owner,
        media,
        random,
        format,
        width,
        height,
    );
    if step.execute(SHOW_FACE, row).await? > 0 {
        step.execute(SHOWN, (owner.get(), profile.get(), account.get())).await?;
    }
    Ok(())
}

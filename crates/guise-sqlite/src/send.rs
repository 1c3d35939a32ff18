//! Sending a message: one step that leaves everything about it in place, or nothing.

use guise_domain::{
    Account, AccountId, Action, Admission, Admitted, Face, MediaId, MediaKey, Message,
    MessageContent, MessagesFrom, NewMessage, Picture, ProfileId, SendError,
};
use rusqlite::Connection;

use crate::accounts::by_id;
use crate::admission::{Count, remember};
use crate::error::impossible;
use crate::log::note;
use crate::media::usable_upload;
use crate::messages::conversation;
use crate::profiles::{PictureColumns, read_face};
use crate::query::one;
use crate::writer::Step;

const IS_BLOCKED: &str = "SELECT 1 FROM blocks WHERE account = ?1 AND other = ?2";
const FACE: &str = "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, destroyed_at IS NOT NULL
    FROM profiles WHERE account = ?1 AND id = ?2";
const MARK_PROFILE: &str = "UPDATE profiles SET uses = uses + 1, last_used_at = max(?3,
        coalesce(last_used_at, ?3))
    WHERE account = ?1 AND id = ?2";
const SHOW_FACE: &str = "INSERT OR IGNORE INTO faces (account, profile, revision, owner, name,
        avatar_owner, avatar_media, avatar_random, avatar_format, avatar_width, avatar_height)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const SHOWN: &str = "INSERT OR IGNORE INTO shown (account, profile, reader) VALUES (?1, ?2, ?3)";
const USE_UPLOAD: &str = "UPDATE uploads SET sent = 1
    WHERE owner = ?1 AND id = ?2 AND (sent = 0 OR shared = 1)";
const ALT_TEXT: &str = "SELECT alt_text FROM uploads WHERE owner = ?1 AND id = ?2";
const CREATE: &str = "INSERT INTO messages (account, id, sender, recipient, app, profile, revision,
        media_owner, media, media_random, media_format, media_width, media_height, content)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const WROTE: &str = "INSERT INTO conversations (account, other, wrote_at, replies, newest)
    VALUES (?1, ?2, ?3, ?4, ?5)
    ON CONFLICT (account, other) DO UPDATE
        SET wrote_at = ?3, replies = replies + ?4, newest = max(coalesce(newest, ?5), ?5)";
const HEARD: &str =
    "INSERT INTO conversations (account, other, heard_at, newest) VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account, other) DO UPDATE
        SET heard_at = ?3, replies = 0, newest = max(coalesce(newest, ?4), ?4)";

/// Counts and sends. Of a message back that is free, only what was sent is taken from the allowance; one that a rule
/// refuses is counted as any other call.
pub(crate) fn send(
    step: &mut Step<'_>,
    admission: &Admission,
    new: NewMessage,
) -> rusqlite::Result<Admitted<Result<Message, SendError>>> {
    let Admission { account, now, .. } = *admission;
    if step.replays.contains(admission.replay.0) {
        return Ok(Admitted::Replayed);
    }
    let count = Count::of(step, admission)?;
    let free = conversation(step.db, account, new.recipient)?.next_is_free(now);
    let fits = count.fits();
    match fits {
        Err(quota) if !free => return Ok(Admitted::Limited(quota)),
        _ => remember(step, admission)?,
    }
    let sent = deliver(step, admission, new, free)?;
    let quota = match fits {
        Ok(quota) if !free || sent.is_err() => {
            count.keep(step);
            quota
        }
        _ => count.left(),
    };
    Ok(Admitted::Done(quota, sent))
}

fn deliver(
    step: &mut Step<'_>,
    admission: &Admission,
    new: NewMessage,
    free: bool,
) -> rusqlite::Result<Result<Message, SendError>> {
    let (sender, app) = (admission.account, admission.app);
    let NewMessage { id, recipient, profile, media, content } = new;
    if let Err(refusal) = may_write(step.db, sender, recipient)? {
        return Ok(Err(refusal));
    }
    let face = match profile.map(|profile| face(step.db, sender, profile)).transpose()? {
        Some(Err(refusal)) => return Ok(Err(refusal)),
        found => found.and_then(Result::ok),
    };
    // The upload last: it is the one thing that is used up.
    let (media, alt_text) = match media.map(|media| attach(step, admission, media)).transpose()? {
        Some(Err(refusal)) => return Ok(Err(refusal)),
        found => found.and_then(Result::ok).unzip(),
    };
    let content = MessageContent { alt_text: alt_text.flatten(), ..content };
    let message = Message { id, sender, recipient, app, face, media, content };
    let at = admission.now.millis();
    put_into_box(step, sender, &message)?;
    step.execute(WROTE, (sender.get(), recipient.get(), at, u32::from(free), id.get()))?;
    if recipient != sender {
        put_into_box(step, recipient, &message)?;
        step.execute(HEARD, (recipient.get(), sender.get(), at, id.get()))?;
    }
    if let Some(Face { profile, .. }) = &message.face {
        step.execute(MARK_PROFILE, (sender.get(), profile.get(), admission.now.millis()))?;
    }
    let revision = message.face.as_ref().map(|face| face.revision);
    note(step, admission, Action::MessageSent, id.get(), revision)?;
    step.keep_id(id.get());
    Ok(Ok(message))
}

/// Whether the recipient takes messages of the sender. One who writes to oneself always may.
pub(crate) fn may_write(
    db: &Connection,
    sender: AccountId,
    recipient: AccountId,
) -> rusqlite::Result<Result<(), SendError>> {
    let Some(Account { messages_from, closed: false, .. }) = by_id(db, recipient)? else {
        return Ok(Err(SendError::NoRecipient));
    };
    if recipient == sender {
        return Ok(Ok(()));
    }
    let blocked = one(db, IS_BLOCKED, (recipient.get(), sender.get()), |_| Ok(()))?.is_some();
    let known = match messages_from {
        MessagesFrom::Everyone => true,
        MessagesFrom::Known => conversation(db, recipient, sender)?.wrote_at.is_some(),
    };
    Ok(if blocked || !known { Err(SendError::RecipientClosed) } else { Ok(()) })
}

/// The sender's profile as it is now.
fn face(
    db: &Connection,
    sender: AccountId,
    profile: ProfileId,
) -> rusqlite::Result<Result<Face, SendError>> {
    let found =
        one(db, FACE, (sender.get(), profile.get()), |row| Ok((read_face(row, 0)?, row.get(9)?)))?;
    Ok(match found {
        None => Err(SendError::ProfileNotFound),
        Some((_, true)) => Err(SendError::ProfileDestroyed),
        Some((face, false)) => Ok(face),
    })
}

/// Uses an upload for this message; its picture and what that shows.
fn attach(
    step: &Step<'_>,
    admission: &Admission,
    media: MediaId,
) -> rusqlite::Result<Result<(Picture, Option<String>), SendError>> {
    let Some(upload) = usable_upload(step.db, admission, media)? else {
        return Ok(Err(SendError::MediaNotFound));
    };
    let Some(picture) = upload.picture() else { return Ok(Err(SendError::NotAPicture)) };
    let MediaKey { owner, media, .. } = picture.key;
    let used = step.execute(USE_UPLOAD, (owner.get(), media.get()))? > 0;
    if !used {
        return Ok(Err(SendError::MediaUsed));
    }
    let alt_text: Option<Option<String>> =
        one(step.db, ALT_TEXT, (owner.get(), media.get()), |row| row.get(0))?;
    Ok(Ok((picture, alt_text.flatten().filter(|text| !text.is_empty()))))
}

/// Leaves a participant's copy, and what it shows, in their box.
fn put_into_box(step: &Step<'_>, account: AccountId, message: &Message) -> rusqlite::Result<()> {
    let Message { id, sender, recipient, app, face, media, content } = message;
    if let Some(face) = face {
        show_face(step, account, *sender, face)?;
    }
    let content = content.to_stored().map_err(impossible)?;
    let picture = PictureColumns::of(*media);
    let row = rusqlite::params![
        account.get(),
        id.get(),
        sender.get(),
        recipient.get(),
        app.get(),
        face.as_ref().map(|face| face.profile.get()),
        face.as_ref().map(|face| face.revision),
        picture.owner,
        picture.media,
        picture.random,
        picture.format,
        picture.width,
        picture.height,
        content,
    ];
    step.execute(CREATE, row).map(drop)
}

fn show_face(
    step: &Step<'_>,
    account: AccountId,
    owner: AccountId,
    face: &Face,
) -> rusqlite::Result<()> {
    let Face { profile, revision, name, avatar } = face;
    let PictureColumns { owner: avatar_owner, media, random, format, width, height } =
        PictureColumns::of(*avatar);
    let row = (
        account.get(),
        profile.get(),
        revision,
        owner.get(),
        name.as_str(),
        avatar_owner,
        media,
        random,
        format,
        width,
        height,
    );
    if step.execute(SHOW_FACE, row)? > 0 {
        step.execute(SHOWN, (owner.get(), profile.get(), account.get()))?;
    }
    Ok(())
}

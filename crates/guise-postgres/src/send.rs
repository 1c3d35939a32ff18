//! Sending a message: one step that leaves everything about it in place, or nothing.

use futures::try_join;
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
use crate::query::{Columns, Db, asked_one, one};
use crate::step::Step;
use crate::text;

const IS_BLOCKED: &str = "SELECT n FROM asked JOIN blocks ON account = p1 AND other = p2";
const FACE: &str = "SELECT id, revision, name, avatar_owner, avatar_media, avatar_random,
        avatar_format, avatar_width, avatar_height, destroyed_at IS NOT NULL, n
    FROM asked JOIN profiles ON account = p1 AND id = p2";
const MARK_PROFILE: &str =
    "UPDATE profiles SET uses = uses + 1, last_used_at = greatest(last_used_at, p3)
    FROM asked WHERE account = p1 AND id = p2";
// What is shown for the first time is noted as such.
const SHOW_FACE: &str = ", fresh AS (INSERT INTO faces (account, profile, revision, owner, name,
            avatar_owner, avatar_media, avatar_random, avatar_format, avatar_width, avatar_height)
        SELECT p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11 FROM asked ON CONFLICT DO NOTHING
        RETURNING owner, profile, account)
    INSERT INTO shown (account, profile, reader) SELECT owner, profile, account FROM fresh
    ON CONFLICT DO NOTHING";
const USE_UPLOAD: &str = "UPDATE uploads SET sent = true
    WHERE owner = $1 AND id = $2 AND (NOT sent OR shared)";
const ALT_TEXT: &str = "SELECT alt_text FROM uploads WHERE owner = $1 AND id = $2";
const CREATE: &str = "INSERT INTO messages (account, id, sender, recipient, app, profile, revision,
        media_owner, media, media_random, media_format, media_width, media_height, content)
    SELECT p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14 FROM asked";
const WROTE: &str = "INSERT INTO conversations AS kept (account, other, wrote_at, replies, newest)
    SELECT p1, p2, p3, p4, p5 FROM asked
    ON CONFLICT (account, other) DO UPDATE SET wrote_at = excluded.wrote_at,
        replies = kept.replies + excluded.replies, newest = greatest(kept.newest, excluded.newest)";
const HEARD: &str = "INSERT INTO conversations AS kept (account, other, heard_at, newest)
    SELECT p1, p2, p3, p4 FROM asked
    ON CONFLICT (account, other) DO UPDATE SET heard_at = excluded.heard_at,
        replies = 0, newest = greatest(kept.newest, excluded.newest)";

/// Counts and sends. Of a message back that is free, only what was sent is taken from the allowance; one that a rule
/// refuses is counted as any other call.
pub(crate) async fn send(
    step: &Step,
    admission: &Admission,
    new: NewMessage,
) -> Queried<Admitted<Result<Message, SendError>>> {
    let Admission { account, now, .. } = *admission;
    let (seen, count, conversation) = try_join!(
        seen(step, admission),
        Count::of(step, admission),
        conversation(&step.db, account, new.recipient),
    )?;
    if seen {
        return Ok(Admitted::Replayed);
    }
    let free = conversation.next_is_free(now);
    let fits = count.fits();
    match fits {
        Err(quota) if !free => return Ok(Admitted::Limited(quota)),
        _ => remember(step, admission)?,
    }
    let sent = deliver(step, admission, new, free).await?;
    let quota = match fits {
        Ok(quota) if !free || sent.is_err() => {
            count.keep(step)?;
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
    let (allowed, face) =
        try_join!(may_write(&step.db, sender, recipient), maybe_face(&step.db, sender, profile),)?;
    let face = match allowed.and(face) {
        Ok(face) => face,
        Err(refusal) => return Ok(Err(refusal)),
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
        step.put(MARK_PROFILE, (sender.get(), profile.get(), at))?;
    }
    put_into_box(step, sender, &message)?;
    step.put(WROTE, (sender.get(), recipient.get(), at, i64::from(free), id.get()))?;
    if recipient != sender {
        put_into_box(step, recipient, &message)?;
        step.put(HEARD, (recipient.get(), sender.get(), at, id.get()))?;
    }
    let revision = message.face.as_ref().map(|face| face.revision);
    note(step, admission, Action::MessageSent, id.get(), revision)?;
    step.keep_id(id.get());
    Ok(Ok(message))
}

/// Whether the recipient takes messages of the sender. One who writes to oneself always may.
pub(crate) async fn may_write(
    db: &Db,
    sender: AccountId,
    recipient: AccountId,
) -> Queried<Result<(), SendError>> {
    let blocked = (recipient.get(), sender.get());
    let (account, blocked) =
        try_join!(by_id(db, recipient), asked_one(db, IS_BLOCKED, blocked, |_| Ok(())))?;
    let Some(Account { messages_from, closed: false, .. }) = account else {
        return Ok(Err(SendError::NoRecipient));
    };
    if recipient == sender {
        return Ok(Ok(()));
    }
    let known = match messages_from {
        MessagesFrom::Everyone => true,
        MessagesFrom::Known => conversation(db, recipient, sender).await?.wrote_at.is_some(),
    };
    Ok(if blocked.is_some() || !known { Err(SendError::RecipientClosed) } else { Ok(()) })
}

/// The sender's profile as it is now, if it is under one.
async fn maybe_face(
    db: &Db,
    sender: AccountId,
    profile: Option<ProfileId>,
) -> Queried<Result<Option<Face>, SendError>> {
    let Some(profile) = profile else { return Ok(Ok(None)) };
    let read = |row: &Row| Ok((read_face(row, 0)?, row.at(9)?));
    let found = asked_one(db, FACE, (sender.get(), profile.get()), read).await?;
    Ok(match found {
        None => Err(SendError::ProfileNotFound),
        Some((_, true)) => Err(SendError::ProfileDestroyed),
        Some((face, false)) => Ok(Some(face)),
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
fn put_into_box(step: &Step, account: AccountId, message: &Message) -> Queried<()> {
    let Message { id, sender, recipient, app, face, media, content } = message;
    if let Some(face) = face {
        show_face(step, account, *sender, face)?;
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
    step.put(CREATE, row)
}

fn show_face(step: &Step, account: AccountId, owner: AccountId, face: &Face) -> Queried<()> {
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
    step.put(SHOW_FACE, row)
}

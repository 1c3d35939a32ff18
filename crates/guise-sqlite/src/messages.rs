//! [`Messages`] in SQL. How one is sent is in `send.rs`.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, Admission, Admitted, AppId, Conversation, Keep, MarkReadError, Message,
    MessageContent, MessageId, Messages, NewMessage, Once, Overview, Page, PageRequest, SendError,
    StoreError, Timestamp,
};
use rusqlite::{Connection, Row};

use crate::answers::{self, once};
use crate::error::impossible;
use crate::log::note;
use crate::profiles::{read_face, read_picture};
use crate::query::{all, one};
use crate::writer::Step;
use crate::{SqliteStore, send};

macro_rules! select {
    ($rest:literal) => {
        select!("", "messages", $rest)
    };
    ($also:literal, $from:literal, $rest:literal) => {
        concat!(
            "SELECT messages.id, sender, recipient, app, content,
                media_owner, media, media_random, media_format, media_width, media_height,
                faces.profile, faces.revision, name, avatar_owner, avatar_media, avatar_random,
                avatar_format, avatar_width, avatar_height",
            $also,
            " FROM ",
            $from,
            " LEFT JOIN faces ON faces.account = messages.account
                AND faces.profile = messages.profile AND faces.revision = messages.revision ",
            $rest
        )
    };
}

const BY_ID: &str = select!("WHERE messages.account = ?1 AND messages.id = ?2");
const PAGE: &str = select!(
    "WHERE messages.account = ?3 AND messages.id <= ?1 AND messages.id >= ?4
    ORDER BY messages.id DESC LIMIT ?2"
);
const AFTER: &str =
    select!("WHERE messages.account = ?1 AND messages.id > ?2 ORDER BY messages.id LIMIT ?3");
// Without statistics SQLite would rather read the whole box, so it is told which index these go by.
const WITH: &str = select!(
    "",
    "messages INDEXED BY messages_with",
    "WHERE messages.account = ?3 AND messages.other = ?4 AND messages.id <= ?1
    ORDER BY messages.id DESC LIMIT ?2"
);
const CONVERSATIONS: &str = select!(
    ", conversations.other, EXISTS (SELECT 1 FROM messages AS unread INDEXED BY messages_with
        WHERE unread.account = ?3 AND unread.other = conversations.other
            AND unread.id > coalesce(read_up_to, 0) AND unread.sender <> ?3)",
    "conversations CROSS JOIN messages
        ON messages.account = conversations.account AND messages.id = conversations.newest",
    "WHERE conversations.account = ?3 AND newest <= ?1 ORDER BY newest DESC LIMIT ?2"
);
const DESTROY: &str = "DELETE FROM messages WHERE account = ?1 AND id = ?2 RETURNING other";
const NEWEST: &str = "UPDATE conversations
    SET newest = (SELECT max(id) FROM messages INDEXED BY messages_with
        WHERE account = ?1 AND other = ?2)
    WHERE account = ?1 AND other = ?2 AND newest = ?3";
const SENDER: &str = "SELECT sender FROM messages WHERE account = ?1 AND id = ?2";
const MARK_READ: &str = "UPDATE conversations SET read_up_to = ?3
    WHERE account = ?1 AND other = ?2 AND coalesce(read_up_to, 0) < ?3";
const CONVERSATION: &str = "SELECT heard_at, wrote_at, replies, read_up_to FROM conversations
    WHERE account = ?1 AND other = ?2";

#[async_trait]
impl Messages for SqliteStore {
    async fn send_message(
        &self,
        admission: &Admission,
        new: NewMessage,
        keep: Option<Keep<Message>>,
    ) -> Result<Once<Result<Message, SendError>>, StoreError> {
        let admission = admission.clone();
        let send = |step: &mut Step<'_>, admission: &Admission| send::send(step, admission, new);
        self.write(move |step| once(step, &admission, keep, send)).await
    }

    async fn may_write(
        &self,
        sender: AccountId,
        recipient: AccountId,
    ) -> Result<Result<(), SendError>, StoreError> {
        self.glance(move |db| send::may_write(db, sender, recipient)).await
    }

    async fn message(
        &self,
        account: AccountId,
        id: MessageId,
    ) -> Result<Option<Message>, StoreError> {
        self.glance(move |db| one(db, BY_ID, (account.get(), id.get()), read_message)).await
    }

    async fn messages(
        &self,
        account: AccountId,
        page: PageRequest,
        since: Timestamp,
    ) -> Result<Page<Message>, StoreError> {
        self.read_page(page, move |db| {
            let (highest, count) = page.bounds();
            let oldest = MessageId::first_at(since).get();
            let items = all(db, PAGE, (highest, count, account.get(), oldest), read_message)?;
            Ok(page.page(items, |message| message.id.get()))
        })
        .await
    }

    async fn messages_with(
        &self,
        account: AccountId,
        other: AccountId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        self.read_page(page, move |db| {
            let (highest, count) = page.bounds();
            let items = all(db, WITH, (highest, count, account.get(), other.get()), read_message)?;
            Ok(page.page(items, |message| message.id.get()))
        })
        .await
    }

    async fn conversations(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<Overview>, StoreError> {
        self.read(move |db| {
            let (highest, count) = page.bounds();
            let items = all(db, CONVERSATIONS, (highest, count, account.get()), |row| {
                let (newest, unread) = (read_message(row)?, row.get(21)?);
                Ok(Overview { other: AccountId::new(row.get(20)?), newest, unread })
            })?;
            Ok(page.page(items, |overview| overview.newest.id.get()))
        })
        .await
    }

    async fn messages_after(
        &self,
        account: AccountId,
        after: MessageId,
        count: u32,
    ) -> Result<Vec<Message>, StoreError> {
        self.read(move |db| all(db, AFTER, (account.get(), after.get(), count), read_message)).await
    }

    async fn destroy_message(
        &self,
        admission: &Admission,
        id: MessageId,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted(admission, move |step, admission| {
            let account = admission.account.get();
            let other = one(step.db, DESTROY, (account, id.get()), |row| row.get::<_, i64>(0))?;
            let Some(other) = other else { return Ok(false) };
            step.execute(NEWEST, (account, other, id.get()))?;
            answers::forget(step, admission.account, id.get())?;
            note(step, admission, Action::MessageDestroyed, id.get(), None)?;
            Ok(true)
        })
        .await
    }

    async fn mark_read(
        &self,
        admission: &Admission,
        other: AccountId,
        up_to: MessageId,
    ) -> Result<Admitted<Result<bool, MarkReadError>>, StoreError> {
        self.admitted(admission, move |step, admission| {
            let account = admission.account.get();
            let sender: Option<i64> =
                one(step.db, SENDER, (account, up_to.get()), |row| row.get(0))?;
            if sender != Some(other.get()) {
                return Ok(Err(MarkReadError::UnknownMessage));
            }
            Ok(Ok(step.execute(MARK_READ, (account, other.get(), up_to.get()))? > 0))
        })
        .await
    }

    async fn conversation(
        &self,
        account: AccountId,
        other: AccountId,
    ) -> Result<Conversation, StoreError> {
        self.glance(move |db| conversation(db, account, other)).await
    }
}

/// What an account has to do with another; nothing yet when there is no row.
pub(crate) fn conversation(
    db: &Connection,
    account: AccountId,
    other: AccountId,
) -> rusqlite::Result<Conversation> {
    let moment = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    let found = one(db, CONVERSATION, (account.get(), other.get()), |row| {
        Ok(Conversation {
            heard_at: moment(row.get(0)?),
            wrote_at: moment(row.get(1)?),
            replies: row.get(2)?,
            read_up_to: row.get::<_, Option<i64>>(3)?.map(MessageId::new),
        })
    })?;
    Ok(found.unwrap_or_default())
}

fn read_message(row: &Row<'_>) -> rusqlite::Result<Message> {
    let content: String = row.get(4)?;
    let face = match row.get::<_, Option<i64>>(11)? {
        Some(_) => Some(read_face(row, 11)?),
        None => None,
    };
    Ok(Message {
        id: MessageId::new(row.get(0)?),
        sender: AccountId::new(row.get(1)?),
        recipient: AccountId::new(row.get(2)?),
        app: AppId::new(row.get(3)?),
        face,
        media: read_picture(row, 5)?,
        content: MessageContent::from_stored(&content).map_err(impossible)?,
    })
}

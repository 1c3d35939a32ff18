//! [`Messages`] in SQL. How one is sent is in `send.rs`.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, Admission, Admitted, AppId, Conversation, Keep, MarkReadError, Message,
    MessageContent, MessageId, Messages, NewMessage, Once, Overview, Page, PageRequest, SendError,
    StoreError, Timestamp,
};
use tokio_postgres::Row;

use crate::admission::locks;
use crate::answers::{self, once};
use crate::error::{Queried, impossible};
use crate::log::note;
use crate::profiles::{read_face, read_picture};
use crate::query::{Columns, Db, all, asked_one, one, unsigned};
use crate::{PostgresStore, send};

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

const BY_ID: &str = select!("WHERE messages.account = $1 AND messages.id = $2");
const PAGE: &str = select!(
    "WHERE messages.account = $3 AND messages.id <= $1 AND messages.id >= $4
    ORDER BY messages.id DESC LIMIT $2"
);
const AFTER: &str =
    select!("WHERE messages.account = $1 AND messages.id > $2 ORDER BY messages.id LIMIT $3");
const WITH: &str = select!(
    "",
    "messages",
    "WHERE messages.account = $3 AND messages.other = $4 AND messages.id <= $1
    ORDER BY messages.id DESC LIMIT $2"
);
const CONVERSATIONS: &str = select!(
    ", conversations.other, EXISTS (SELECT 1 FROM messages AS unread
        WHERE unread.account = $3 AND unread.other = conversations.other
            AND unread.id > coalesce(read_up_to, 0) AND unread.sender <> $3)",
    "conversations JOIN messages
        ON messages.account = conversations.account AND messages.id = conversations.newest",
    "WHERE conversations.account = $3 AND newest <= $1 ORDER BY newest DESC LIMIT $2"
);
const DESTROY: &str = "DELETE FROM messages WHERE account = $1 AND id = $2 RETURNING other";
const NEWEST: &str = "UPDATE conversations
    SET newest = (SELECT max(id) FROM messages
        WHERE account = $1 AND other = $2)
    WHERE account = $1 AND other = $2 AND newest = $3";
const SENDER: &str = "SELECT sender FROM messages WHERE account = $1 AND id = $2";
const MARK_READ: &str = "UPDATE conversations SET read_up_to = $3
    WHERE account = $1 AND other = $2 AND coalesce(read_up_to, 0) < $3";
const CONVERSATION: &str = "SELECT heard_at, wrote_at, replies, read_up_to, n
    FROM asked JOIN conversations ON account = p1 AND other = p2";

#[async_trait]
impl Messages for PostgresStore {
    async fn send_message(
        &self,
        admission: &Admission,
        new: NewMessage,
        keep: Option<Keep<Message>>,
    ) -> Result<Once<Result<Message, SendError>>, StoreError> {
        let (new, keep) = (&new, keep.as_ref());
        let locks = locks(admission).and_box_of(new.recipient);
        self.write(locks, |step| async move {
            let send = Box::pin(send::send(&step, admission, new.clone()));
            once(&step, admission, keep, send).await
        })
        .await
    }

    async fn may_write(
        &self,
        sender: AccountId,
        recipient: AccountId,
    ) -> Result<Result<(), SendError>, StoreError> {
        Ok(send::may_write(&self.db().await?, sender, recipient).await?)
    }

    async fn message(
        &self,
        account: AccountId,
        id: MessageId,
    ) -> Result<Option<Message>, StoreError> {
        Ok(one(&self.db().await?, BY_ID, (account.get(), id.get()), read_message).await?)
    }

    async fn messages(
        &self,
        account: AccountId,
        page: PageRequest,
        since: Timestamp,
    ) -> Result<Page<Message>, StoreError> {
        let (highest, count) = page.bounds();
        let params = (highest, count, account.get(), MessageId::first_at(since).get());
        let items = all(&self.db().await?, PAGE, params, read_message).await?;
        Ok(page.page(items, |message| message.id.get()))
    }

    async fn messages_with(
        &self,
        account: AccountId,
        other: AccountId,
        page: PageRequest,
    ) -> Result<Page<Message>, StoreError> {
        let (highest, count) = page.bounds();
        let params = (highest, count, account.get(), other.get());
        let items = all(&self.db().await?, WITH, params, read_message).await?;
        Ok(page.page(items, |message| message.id.get()))
    }

    async fn conversations(
        &self,
        account: AccountId,
        page: PageRequest,
    ) -> Result<Page<Overview>, StoreError> {
        let (highest, count) = page.bounds();
        let params = (highest, count, account.get());
        let items = all(&self.db().await?, CONVERSATIONS, params, |row| {
            let (newest, unread) = (read_message(row)?, row.at(21)?);
            Ok(Overview { other: AccountId::new(row.at(20)?), newest, unread })
        })
        .await?;
        Ok(page.page(items, |overview| overview.newest.id.get()))
    }

    async fn messages_after(
        &self,
        account: AccountId,
        after: MessageId,
        count: u32,
    ) -> Result<Vec<Message>, StoreError> {
        let params = (account.get(), after.get(), i64::from(count));
        Ok(all(&self.db().await?, AFTER, params, read_message).await?)
    }

    async fn destroy_message(
        &self,
        admission: &Admission,
        id: MessageId,
    ) -> Result<Admitted<bool>, StoreError> {
        self.admitted(admission, |step| async move {
            let account = admission.account.get();
            let other = one(&step.db, DESTROY, (account, id.get()), |row| row.at::<i64>(0));
            let Some(other) = other.await? else { return Ok(false) };
            step.execute(NEWEST, (account, other, id.get())).await?;
            answers::forget(&step, admission.account, id.get()).await?;
            note(&step, admission, Action::MessageDestroyed, id.get(), None)?;
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
        self.admitted(admission, |step| async move {
            let account = admission.account.get();
            let sender: Option<i64> =
                one(&step.db, SENDER, (account, up_to.get()), |row| row.at(0)).await?;
            if sender != Some(other.get()) {
                return Ok(Err(MarkReadError::UnknownMessage));
            }
            let row = (account, other.get(), up_to.get());
            Ok(Ok(step.execute(MARK_READ, row).await? > 0))
        })
        .await
    }

    async fn conversation(
        &self,
        account: AccountId,
        other: AccountId,
    ) -> Result<Conversation, StoreError> {
        Ok(conversation(&self.db().await?, account, other).await?)
    }
}

/// What an account has to do with another; nothing yet when there is no row.
pub(crate) async fn conversation(
    db: &Db,
    account: AccountId,
    other: AccountId,
) -> Queried<Conversation> {
    let moment = |millis: Option<i64>| millis.map(Timestamp::from_millis);
    let found = asked_one(db, CONVERSATION, (account.get(), other.get()), |row| {
        Ok(Conversation {
            heard_at: moment(row.at(0)?),
            wrote_at: moment(row.at(1)?),
            replies: unsigned(row, 2)?,
            read_up_to: row.at::<Option<i64>>(3)?.map(MessageId::new),
        })
    });
    Ok(found.await?.unwrap_or_default())
}

fn read_message(row: &Row) -> Queried<Message> {
    let face = match row.at::<Option<i64>>(11)? {
        Some(_) => Some(read_face(row, 11)?),
        None => None,
    };
    Ok(Message {
        id: MessageId::new(row.at(0)?),
        sender: AccountId::new(row.at(1)?),
        recipient: AccountId::new(row.at(2)?),
        app: AppId::new(row.at(3)?),
        face,
        media: read_picture(row, 5)?,
        content: MessageContent::from_stored(row.at(4)?).map_err(impossible)?,
    })
}

//! [`Sessions`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Account, AccountId, Action, AppId, Attempt, By, NewApp, NewLink, NewSession, Operator,
    PasswordHash, Session, Sessions, StoreError, TicketHash, Timestamp,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::accounts::{by_id, is_open, read_account};
use crate::credentials::changed;
use crate::error::{Queried, impossible};
use crate::group::Locks;
use crate::log::note_by;
use crate::query::{Columns, Db, bytes, execute, one};
use crate::step::Step;

const PASSWORD: &str = "SELECT password FROM accounts WHERE id = $1 AND NOT closed
    AND password IS NOT NULL";
const SET_PASSWORD: &str = "UPDATE accounts SET password = $2 WHERE id = $1 AND NOT closed";
const REHASH: &str = "UPDATE accounts SET password = $3 WHERE id = $1 AND password = $2";
const PROVEN: &str = "SELECT id, name, custom_profiles, messages_from, closed FROM accounts
    WHERE id = $1 AND NOT closed AND password = $2";
const CONSOLE: &str = "SELECT id FROM apps WHERE owner = $1 AND console";
const CREATE_CONSOLE: &str =
    "INSERT INTO apps (id, owner, name, url, consumer_key, consumer_secret, console)
    VALUES ($1, $2, $3, $4, $5, $6, true)";
const BEGIN: &str = "INSERT INTO sessions
        (ticket, account, console, operator, created_at, last_seen_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $5, $6)";
const SESSION: &str = "SELECT account, ticket, console, operator, created_at, last_seen_at
    FROM sessions WHERE ticket = $1 AND expires_at > $2";
const SEE: &str = "UPDATE sessions SET last_seen_at = greatest(last_seen_at, $2),
        expires_at = greatest(expires_at, $3)
    WHERE ticket = $1";
const END: &str = "DELETE FROM sessions WHERE account = $1 AND ticket = $2";
const END_ALL: &str = "DELETE FROM sessions WHERE account = $1";
const CREATE_LINK: &str = "INSERT INTO links (ticket, account, expires_at) VALUES ($2, $1, $3)";
const LINK: &str = "SELECT account FROM links WHERE ticket = $1 AND expires_at > $2";
const END_LINKS: &str = "DELETE FROM links WHERE account = $1";
const SWEEP: &str = "DELETE FROM sessions WHERE expires_at <= $1";
const SWEEP_LINKS: &str = "DELETE FROM links WHERE expires_at <= $1";

#[async_trait]
impl Sessions for PostgresStore {
    async fn password(&self, account: AccountId) -> Result<Option<PasswordHash>, StoreError> {
        let read = |row: &Row| row.at(0).map(PasswordHash::from_stored);
        Ok(one(&self.db().await?, PASSWORD, (account.get(),), read).await?)
    }

    async fn set_password(
        &self,
        account: AccountId,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError> {
        let (hash, by) = (&hash, &by);
        self.write(Locks::of(account), |step| async move {
            set_password(&step, account, hash, by).await
        })
        .await
    }

    async fn change_password(
        &self,
        account: AccountId,
        proven: PasswordHash,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError> {
        let (proven, hash, by) = (&proven, &hash, &by);
        self.write(Locks::of(account), |step| async move {
            let proof = (account.get(), proven.as_str());
            if one(&step.db, PROVEN, proof, |_| Ok(())).await?.is_none() {
                return Ok(false);
            }
            set_password(&step, account, hash, by).await
        })
        .await
    }

    async fn rehash_password(
        &self,
        account: AccountId,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        let row = (account.get(), old.as_str(), new.as_str());
        Ok(execute(&self.db().await?, REHASH, row).await? > 0)
    }

    async fn begin_attempt(
        &self,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Result<(), i64>, StoreError> {
        self.count_attempt(attempt, now).await
    }

    async fn end_attempt(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.take_back(attempt).await
    }

    async fn sweep_attempts(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.forget_attempts(now).await
    }

    async fn begin_session(
        &self,
        account: AccountId,
        proven: PasswordHash,
        new: NewSession,
    ) -> Result<Option<Session>, StoreError> {
        let (proven, new) = (&proven, &new);
        self.write(Locks::of(account), |step| async move {
            let proof = (account.get(), proven.as_str());
            let found = one(&step.db, PROVEN, proof, |row| read_account(row, 0)).await?;
            let Some(account) = found else { return Ok(None) };
            begin(&step, account, new.clone()).await.map(Some)
        })
        .await
    }

    async fn session(
        &self,
        ticket: TicketHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        Ok(session(&self.db().await?, ticket, now).await?)
    }

    async fn see_session(&self, ticket: TicketHash, now: Timestamp) -> Result<bool, StoreError> {
        let db = &self.db().await?;
        let found = session(db, ticket, now).await?;
        let Some(Session { created_at, last_seen_at, .. }) = found else { return Ok(false) };
        let seen = now.max(last_seen_at);
        let end = Session::end(created_at, seen);
        let row = (ticket.0.as_slice(), seen.millis(), end.millis());
        Ok(execute(db, SEE, row).await? > 0)
    }

    async fn end_session(
        &self,
        account: AccountId,
        ticket: TicketHash,
    ) -> Result<bool, StoreError> {
        let row = (account.get(), ticket.0.as_slice());
        Ok(execute(&self.db().await?, END, row).await? > 0)
    }

    async fn end_sessions(&self, account: AccountId, by: By) -> Result<u64, StoreError> {
        let by = &by;
        self.write(Locks::of(account), |step| async move {
            let ended = shut_out(&step, account).await?;
            if ended > 0 {
                note_by(&step, by, account, Action::SignedOut, account.get())?;
            }
            Ok(ended)
        })
        .await
    }

    async fn create_link(
        &self,
        account: AccountId,
        new: NewLink,
        by: By,
    ) -> Result<bool, StoreError> {
        let (NewLink { ticket, until }, by) = (&new, &by);
        self.write(Locks::of(account), |step| async move {
            if !is_open(&step.db, account).await? {
                return Ok(false);
            }
            let row = (account.get(), ticket.0.as_slice(), until.millis());
            step.execute(CREATE_LINK, row).await?;
            note_by(&step, by, account, Action::LinkMade, account.get()).map(|()| true)
        })
        .await
    }

    async fn link(
        &self,
        ticket: TicketHash,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let db = &self.db().await?;
        match link(db, ticket, now).await? {
            Some(account) => Ok(by_id(db, account).await?),
            None => Ok(None),
        }
    }

    async fn use_link(
        &self,
        ticket: TicketHash,
        hash: PasswordHash,
        by: By,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError> {
        let (hash, by) = (&hash, &by);
        self.write(Locks::default(), |step| async move {
            let Some(account) = link(&step.db, ticket, now).await? else { return Ok(None) };
            step.lock(account).await?;
            // Whoever was first has used it up.
            if link(&step.db, ticket, now).await?.is_none() {
                return Ok(None);
            }
            Ok(set_password(&step, account, hash, by).await?.then_some(account))
        })
        .await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let db = &self.db().await?;
        let links = execute(db, SWEEP_LINKS, (now.millis(),)).await?;
        Ok(execute(db, SWEEP, (now.millis(),)).await? + links)
    }
}

/// Whose link this is, if it can be used at `now`.
async fn link(db: &Db, ticket: TicketHash, now: Timestamp) -> Queried<Option<AccountId>> {
    let find = (ticket.0.as_slice(), now.millis());
    one(db, LINK, find, |row| row.at(0).map(AccountId::new)).await
}

/// The session with this ticket and its account, if it goes on at `now`.
async fn session(db: &Db, ticket: TicketHash, now: Timestamp) -> Queried<Option<Session>> {
    let find = (ticket.0.as_slice(), now.millis());
    let read = |row: &Row| Ok((AccountId::new(row.at(0)?), read_session(row)?));
    let Some((account, session)) = one(db, SESSION, find, read).await? else { return Ok(None) };
    Ok(by_id(db, account).await?.map(session))
}

/// Ends every session and link of an account; how many sessions there were.
pub(crate) async fn shut_out(step: &Step, account: AccountId) -> Queried<u64> {
    step.execute(END_LINKS, (account.get(),)).await?;
    step.execute(END_ALL, (account.get(),)).await
}

async fn set_password(
    step: &Step,
    account: AccountId,
    hash: &PasswordHash,
    by: &By,
) -> Queried<bool> {
    if step.execute(SET_PASSWORD, (account.get(), hash.as_str())).await? == 0 {
        return Ok(false);
    }
    shut_out(step, account).await?;
    note_by(step, by, account, Action::PasswordSet, account.get()).map(|()| true)
}

async fn begin(step: &Step, account: Account, new: NewSession) -> Queried<Session> {
    let NewSession { ticket, operator, console, entry, now } = new;
    let console = console_of(step, account.id, console).await?;
    let label = operator.as_ref().map(Operator::as_str);
    let end = Session::end(now, now).millis();
    let (id, ticket_hash) = (account.id.get(), ticket.0.as_slice());
    step.execute(BEGIN, (ticket_hash, id, console.get(), label, now.millis(), end)).await?;
    let by = By { entry, app: Some(console), operator: operator.clone() };
    note_by(step, &by, account.id, Action::SignedIn, account.id.get())?;
    Ok(Session { ticket, account, console, operator, created_at: now, last_seen_at: now })
}

/// The account's console app, which is made of `new` when there is none.
async fn console_of(step: &Step, owner: AccountId, new: NewApp) -> Queried<AppId> {
    let found: Option<i64> = one(&step.db, CONSOLE, (owner.get(),), |row| row.at(0)).await?;
    if let Some(id) = found {
        return Ok(AppId::new(id));
    }
    let NewApp { id, name, url, consumer_key, consumer_secret } = new;
    let secret = consumer_secret.as_bytes();
    let row = (id.get(), owner.get(), name, url, consumer_key, secret);
    step.execute(CREATE_CONSOLE, row).await?;
    step.keep_id(id.get());
    changed(step).await?;
    Ok(id)
}

/// What makes a session of its account.
fn read_session(row: &Row) -> Queried<impl FnOnce(Account) -> Session + use<>> {
    let ticket = TicketHash(bytes(row, 1)?);
    let console = AppId::new(row.at(2)?);
    let operator: Option<&str> = row.at(3)?;
    let operator = operator.map(|label| label.parse().map_err(impossible)).transpose()?;
    let created_at = Timestamp::from_millis(row.at(4)?);
    let last_seen_at = Timestamp::from_millis(row.at(5)?);
    Ok(move |account| Session { ticket, account, console, operator, created_at, last_seen_at })
}

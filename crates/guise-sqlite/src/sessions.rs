//! [`Sessions`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    Account, AccountId, Action, AppId, Attempt, By, NewApp, NewLink, NewSession, Operator,
    PasswordHash, Session, Sessions, StoreError, TicketHash, Timestamp,
};
use rusqlite::Row;

use crate::SqliteStore;
use crate::accounts::read_account;
use crate::credentials::changed;
use crate::error::impossible;
use crate::log::note_by;
use crate::query::one;
use crate::writer::Step;

const PASSWORD: &str = "SELECT password FROM accounts WHERE id = ?1 AND closed = 0
    AND password IS NOT NULL";
const SET_PASSWORD: &str = "UPDATE accounts SET password = ?2 WHERE id = ?1 AND closed = 0";
const REHASH: &str = "UPDATE accounts SET password = ?3 WHERE id = ?1 AND password = ?2";
const PROVEN: &str = "SELECT id, name, custom_profiles, messages_from, closed FROM accounts
    WHERE id = ?1 AND closed = 0 AND password = ?2";
const CONSOLE: &str = "SELECT id FROM apps WHERE owner = ?1 AND console = 1";
const CREATE_CONSOLE: &str =
    "INSERT INTO apps (id, owner, name, url, consumer_key, consumer_secret, console)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1)";
const BEGIN: &str = "INSERT INTO sessions
        (ticket, account, console, operator, created_at, last_seen_at, expires_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?5, ?6)";
const SESSION: &str = "SELECT accounts.id, name, custom_profiles, messages_from, closed,
        ticket, console, operator, created_at, last_seen_at
    FROM sessions JOIN accounts ON accounts.id = account
    WHERE ticket = ?1 AND expires_at > ?2";
const SEE: &str = "UPDATE sessions SET last_seen_at = ?2, expires_at = ?3 WHERE ticket = ?1";
const END: &str = "DELETE FROM sessions WHERE account = ?1 AND ticket = ?2";
const END_ALL: &str = "DELETE FROM sessions WHERE account = ?1";
const CREATE_LINK: &str = "INSERT INTO links (ticket, account, expires_at)
    SELECT ?2, id, ?3 FROM accounts WHERE id = ?1 AND closed = 0";
const LINK: &str = "SELECT accounts.id, name, custom_profiles, messages_from, closed
    FROM links JOIN accounts ON accounts.id = account
    WHERE ticket = ?1 AND expires_at > ?2";
const END_LINKS: &str = "DELETE FROM links WHERE account = ?1";
const SWEEP: &str = "DELETE FROM sessions WHERE expires_at <= ?1";
const SWEEP_LINKS: &str = "DELETE FROM links WHERE expires_at <= ?1";

#[async_trait]
impl Sessions for SqliteStore {
    async fn password(&self, account: AccountId) -> Result<Option<PasswordHash>, StoreError> {
        let read = |row: &Row<'_>| row.get(0).map(PasswordHash::from_stored);
        self.glance(move |db| one(db, PASSWORD, [account.get()], read)).await
    }

    async fn set_password(
        &self,
        account: AccountId,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError> {
        self.write(move |step| set_password(step, account, &hash, by)).await
    }

    async fn change_password(
        &self,
        account: AccountId,
        proven: PasswordHash,
        hash: PasswordHash,
        by: By,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            let proof = (account.get(), proven.as_str());
            if one(step.db, PROVEN, proof, |_| Ok(()))?.is_none() {
                return Ok(false);
            }
            set_password(step, account, &hash, by)
        })
        .await
    }

    async fn rehash_password(
        &self,
        account: AccountId,
        old: PasswordHash,
        new: PasswordHash,
    ) -> Result<bool, StoreError> {
        let row = (account.get(), old.as_str().to_owned(), new.as_str().to_owned());
        self.write(move |step| Ok(step.execute(REHASH, row)? > 0)).await
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
        self.write(move |step| {
            let proof = (account.get(), proven.as_str());
            let Some(account) = one(step.db, PROVEN, proof, |row| read_account(row, 0))? else {
                return Ok(None);
            };
            begin(step, account, new).map(Some)
        })
        .await
    }

    async fn session(
        &self,
        ticket: TicketHash,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        self.glance(move |db| one(db, SESSION, (ticket.0, now.millis()), read_session)).await
    }

    async fn see_session(&self, ticket: TicketHash, now: Timestamp) -> Result<bool, StoreError> {
        self.write(move |step| {
            let found = one(step.db, SESSION, (ticket.0, now.millis()), read_session)?;
            let Some(Session { created_at, last_seen_at, .. }) = found else { return Ok(false) };
            let seen = now.max(last_seen_at);
            let end = Session::end(created_at, seen);
            step.execute(SEE, (ticket.0, seen.millis(), end.millis()))?;
            Ok(true)
        })
        .await
    }

    async fn end_session(
        &self,
        account: AccountId,
        ticket: TicketHash,
    ) -> Result<bool, StoreError> {
        self.write(move |step| Ok(step.execute(END, (account.get(), ticket.0))? > 0)).await
    }

    async fn end_sessions(&self, account: AccountId, by: By) -> Result<u64, StoreError> {
        self.write(move |step| {
            let ended = shut_out(step, account)?;
            if ended > 0 {
                note_by(step, by, account, Action::SignedOut, account.get())?;
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
        self.write(move |step| {
            let NewLink { ticket, until } = new;
            if step.execute(CREATE_LINK, (account.get(), ticket.0, until.millis()))? == 0 {
                return Ok(false);
            }
            note_by(step, by, account, Action::LinkMade, account.get()).map(|()| true)
        })
        .await
    }

    async fn link(
        &self,
        ticket: TicketHash,
        now: Timestamp,
    ) -> Result<Option<Account>, StoreError> {
        let read = |row: &Row<'_>| read_account(row, 0);
        self.glance(move |db| one(db, LINK, (ticket.0, now.millis()), read)).await
    }

    async fn use_link(
        &self,
        ticket: TicketHash,
        hash: PasswordHash,
        by: By,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError> {
        self.write(move |step| {
            let find = (ticket.0, now.millis());
            let account: Option<i64> = one(step.db, LINK, find, |row| row.get(0))?;
            let Some(account) = account.map(AccountId::new) else { return Ok(None) };
            Ok(set_password(step, account, &hash, by)?.then_some(account))
        })
        .await
    }

    async fn sweep_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.write(move |step| {
            let links = step.execute(SWEEP_LINKS, [now.millis()])?;
            Ok((step.execute(SWEEP, [now.millis()])? + links) as u64)
        })
        .await
    }
}

/// Ends every session and link of an account; how many sessions there were.
pub(crate) fn shut_out(step: &Step<'_>, account: AccountId) -> rusqlite::Result<u64> {
    step.execute(END_LINKS, [account.get()])?;
    Ok(step.execute(END_ALL, [account.get()])? as u64)
}

fn set_password(
    step: &mut Step<'_>,
    account: AccountId,
    hash: &PasswordHash,
    by: By,
) -> rusqlite::Result<bool> {
    if step.execute(SET_PASSWORD, (account.get(), hash.as_str()))? == 0 {
        return Ok(false);
    }
    shut_out(step, account)?;
    note_by(step, by, account, Action::PasswordSet, account.get()).map(|()| true)
}

fn begin(step: &mut Step<'_>, account: Account, new: NewSession) -> rusqlite::Result<Session> {
    let NewSession { ticket, operator, console, entry, now } = new;
    let console = console_of(step, account.id, console)?;
    let label = operator.as_ref().map(Operator::as_str);
    let end = Session::end(now, now).millis();
    let row = (ticket.0, account.id.get(), console.get(), label, now.millis(), end);
    step.execute(BEGIN, row)?;
    let by = By { entry, app: Some(console), operator: operator.clone() };
    note_by(step, by, account.id, Action::SignedIn, account.id.get())?;
    Ok(Session { ticket, account, console, operator, created_at: now, last_seen_at: now })
}

/// The account's console app, which is made of `new` when there is none.
fn console_of(step: &mut Step<'_>, owner: AccountId, new: NewApp) -> rusqlite::Result<AppId> {
    let found: Option<i64> = one(step.db, CONSOLE, [owner.get()], |row| row.get(0))?;
    if let Some(id) = found {
        return Ok(AppId::new(id));
    }
    let NewApp { id, name, url, consumer_key, consumer_secret } = new;
    let secret = consumer_secret.as_bytes();
    step.execute(CREATE_CONSOLE, (id.get(), owner.get(), name, url, consumer_key, secret))?;
    step.keep_id(id.get());
    changed(step)?;
    Ok(id)
}

fn read_session(row: &Row<'_>) -> rusqlite::Result<Session> {
    let operator: Option<String> = row.get(7)?;
    Ok(Session {
        account: read_account(row, 0)?,
        ticket: TicketHash(row.get(5)?),
        console: AppId::new(row.get(6)?),
        operator: operator.map(|label| label.parse().map_err(impossible)).transpose()?,
        created_at: Timestamp::from_millis(row.get(8)?),
        last_seen_at: Timestamp::from_millis(row.get(9)?),
    })
}

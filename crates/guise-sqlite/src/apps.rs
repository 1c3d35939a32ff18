//! [`Apps`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, App, AppId, Apps, By, NewApp, Sealed, StoreError, Timestamp,
};
use rusqlite::{Connection, Row};

use crate::SqliteStore;
use crate::credentials::changed;
use crate::log::note_by;
use crate::query::{all, one};

const CREATE: &str = "INSERT INTO apps (id, owner, name, url, consumer_key, consumer_secret)
    SELECT ?1, id, ?3, ?4, ?5, ?6 FROM accounts WHERE id = ?2 AND closed = 0";
const OF_OWNER: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at
    FROM apps
    WHERE owner = ?1 AND console = 0 ORDER BY id";
const BY_ID: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at
    FROM apps
    WHERE id = ?1";
const OWNS: &str = "SELECT 1 FROM apps WHERE owner = ?1 AND id = ?2 AND console = 0";
const REVOKE: &str = "UPDATE apps SET revoked = 1
    WHERE owner = ?1 AND id = ?2 AND revoked = 0 AND console = 0";
const TRUST: &str = "UPDATE apps SET names_operators = ?3
    WHERE owner = ?1 AND id = ?2 AND names_operators <> ?3 AND console = 0";

#[async_trait]
impl Apps for SqliteStore {
    async fn create_app(
        &self,
        owner: AccountId,
        new: NewApp,
        by: By,
    ) -> Result<Option<App>, StoreError> {
        self.write(move |step| {
            let NewApp { id, name, url, consumer_key, consumer_secret } = new;
            let secret = consumer_secret.as_bytes();
            let row = (id.get(), owner.get(), &name, &url, &consumer_key, secret);
            if step.execute(CREATE, row)? == 0 {
                return Ok(None);
            }
            step.keep_id(id.get());
            changed(step)?;
            note_by(step, by, owner, Action::AppCreated, id.get())?;
            let (revoked, names_operators) = (false, false);
            Ok(Some(App {
                id,
                owner,
                name,
                url,
                consumer_key,
                consumer_secret,
                revoked,
                names_operators,
                last_used_at: None,
            }))
        })
        .await
    }

    async fn apps(&self, owner: AccountId) -> Result<Vec<App>, StoreError> {
        self.read(move |db| all(db, OF_OWNER, [owner.get()], |row| read_app(row, 0))).await
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        self.glance(move |db| one(db, BY_ID, [id.get()], |row| read_app(row, 0))).await
    }

    async fn revoke_app(&self, owner: AccountId, id: AppId, by: By) -> Result<bool, StoreError> {
        self.write(move |step| {
            if step.execute(REVOKE, (owner.get(), id.get()))? == 0 {
                return owns(step.db, owner, id);
            }
            changed(step)?;
            note_by(step, by, owner, Action::AppRevoked, id.get()).map(|()| true)
        })
        .await
    }

    async fn trust_app(
        &self,
        owner: AccountId,
        id: AppId,
        trusted: bool,
        by: By,
    ) -> Result<bool, StoreError> {
        self.write(move |step| {
            if step.execute(TRUST, (owner.get(), id.get(), trusted))? == 0 {
                return owns(step.db, owner, id);
            }
            changed(step)?;
            let action = if trusted { Action::AppTrusted } else { Action::AppDistrusted };
            note_by(step, by, owner, action, id.get()).map(|()| true)
        })
        .await
    }
}

/// Whether the app is there at all, where nothing about it had to be changed.
pub(crate) fn owns(db: &Connection, owner: AccountId, id: AppId) -> rusqlite::Result<bool> {
    Ok(one(db, OWNS, (owner.get(), id.get()), |_| Ok(()))?.is_some())
}

/// The app in column `first` and the eight after.
pub(crate) fn read_app(row: &Row<'_>, first: usize) -> rusqlite::Result<App> {
    Ok(App {
        id: AppId::new(row.get(first)?),
        owner: AccountId::new(row.get(first + 1)?),
        name: row.get(first + 2)?,
        url: row.get(first + 3)?,
        consumer_key: row.get(first + 4)?,
        consumer_secret: Sealed::from_bytes(row.get(first + 5)?),
        revoked: row.get(first + 6)?,
        names_operators: row.get(first + 7)?,
        last_used_at: row.get::<_, Option<_>>(first + 8)?.map(Timestamp::from_millis),
    })
}

//! [`Apps`] in SQL.

use async_trait::async_trait;
use guise_domain::{AccountId, App, AppId, Apps, NewApp, Sealed, StoreError};
use rusqlite::Row;

use crate::SqliteStore;
use crate::credentials::changed;
use crate::query::{all, one};

const CREATE: &str = "INSERT INTO apps (id, owner, name, url, consumer_key, consumer_secret)
    SELECT ?1, id, ?3, ?4, ?5, ?6 FROM accounts WHERE id = ?2 AND closed = 0";
const OF_OWNER: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked FROM apps
    WHERE owner = ?1 ORDER BY id";
const BY_ID: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked FROM apps WHERE id = ?1";
const REVOKE: &str = "UPDATE apps SET revoked = 1 WHERE owner = ?1 AND id = ?2";

#[async_trait]
impl Apps for SqliteStore {
    async fn create_app(&self, owner: AccountId, new: NewApp) -> Result<Option<App>, StoreError> {
        self.write(move |step| {
            let NewApp { id, name, url, consumer_key, consumer_secret } = new;
            let secret = consumer_secret.as_bytes();
            let row = (id.get(), owner.get(), &name, &url, &consumer_key, secret);
            if step.execute(CREATE, row)? == 0 {
                return Ok(None);
            }
            step.keep_id(id.get());
            changed(step)?;
            Ok(Some(App { id, owner, name, url, consumer_key, consumer_secret, revoked: false }))
        })
        .await
    }

    async fn apps(&self, owner: AccountId) -> Result<Vec<App>, StoreError> {
        self.read(move |db| all(db, OF_OWNER, [owner.get()], |row| read_app(row, 0))).await
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        self.read(move |db| one(db, BY_ID, [id.get()], |row| read_app(row, 0))).await
    }

    async fn revoke_app(&self, owner: AccountId, id: AppId) -> Result<bool, StoreError> {
        self.write(move |step| {
            changed(step)?;
            Ok(step.execute(REVOKE, (owner.get(), id.get()))? > 0)
        })
        .await
    }
}

/// The app in column `first` and the six after.
pub(crate) fn read_app(row: &Row<'_>, first: usize) -> rusqlite::Result<App> {
    Ok(App {
        id: AppId::new(row.get(first)?),
        owner: AccountId::new(row.get(first + 1)?),
        name: row.get(first + 2)?,
        url: row.get(first + 3)?,
        consumer_key: row.get(first + 4)?,
        consumer_secret: Sealed::from_bytes(row.get(first + 5)?),
        revoked: row.get(first + 6)?,
    })
}

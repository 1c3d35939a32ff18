//! [`Apps`] in SQL.

use async_trait::async_trait;
use guise_domain::{
    AccountId, Action, App, AppId, Apps, By, NewApp, Sealed, StoreError, Timestamp,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::accounts::is_open;
use crate::credentials::changed;
use crate::error::Queried;
use crate::group::Locks;
use crate::log::note_by;
use crate::query::{Columns, Db, all, one};
use crate::text;

const CREATE: &str = "INSERT INTO apps (id, owner, name, url, consumer_key, consumer_secret)
    VALUES ($1, $2, $3, $4, $5, $6)";
const OF_OWNER: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at
    FROM apps
    WHERE owner = $1 AND NOT console ORDER BY id";
const BY_ID: &str =
    "SELECT id, owner, name, url, consumer_key, consumer_secret, revoked, names_operators,
        last_used_at
    FROM apps
    WHERE id = $1";
const OWNS: &str = "SELECT 1 FROM apps WHERE owner = $1 AND id = $2 AND NOT console";
const REVOKE: &str = "UPDATE apps SET revoked = true
    WHERE owner = $1 AND id = $2 AND NOT revoked AND NOT console";
const TRUST: &str = "UPDATE apps SET names_operators = $3
    WHERE owner = $1 AND id = $2 AND names_operators <> $3 AND NOT console";

#[async_trait]
impl Apps for PostgresStore {
    async fn create_app(
        &self,
        owner: AccountId,
        new: NewApp,
        by: By,
    ) -> Result<Option<App>, StoreError> {
        let (new, by) = (&new, &by);
        self.write(Locks::of(owner), |step| async move {
            if !is_open(&step.db, owner).await? {
                return Ok(None);
            }
            let NewApp { id, name, url, consumer_key, consumer_secret } = new;
            let row = (
                id.get(),
                owner.get(),
                text::kept(name),
                text::kept(url),
                consumer_key,
                consumer_secret.as_bytes(),
            );
            step.execute(CREATE, row).await?;
            step.keep_id(id.get());
            changed(&step).await?;
            note_by(&step, by, owner, Action::AppCreated, id.get())?;
            Ok(Some(App {
                id: *id,
                owner,
                name: name.clone(),
                url: url.clone(),
                consumer_key: consumer_key.clone(),
                consumer_secret: consumer_secret.clone(),
                revoked: false,
                names_operators: false,
                last_used_at: None,
            }))
        })
        .await
    }

    async fn apps(&self, owner: AccountId) -> Result<Vec<App>, StoreError> {
        Ok(all(&self.db().await?, OF_OWNER, (owner.get(),), |row| read_app(row, 0)).await?)
    }

    async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        Ok(one(&self.db().await?, BY_ID, (id.get(),), |row| read_app(row, 0)).await?)
    }

    async fn revoke_app(&self, owner: AccountId, id: AppId, by: By) -> Result<bool, StoreError> {
        let by = &by;
        self.write(Locks::of(owner), |step| async move {
            if step.execute(REVOKE, (owner.get(), id.get())).await? == 0 {
                return owns(&step.db, owner, id).await;
            }
            changed(&step).await?;
            note_by(&step, by, owner, Action::AppRevoked, id.get()).map(|()| true)
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
        let by = &by;
        self.write(Locks::of(owner), |step| async move {
            if step.execute(TRUST, (owner.get(), id.get(), trusted)).await? == 0 {
                return owns(&step.db, owner, id).await;
            }
            changed(&step).await?;
            let action = if trusted { Action::AppTrusted } else { Action::AppDistrusted };
            note_by(&step, by, owner, action, id.get()).map(|()| true)
        })
        .await
    }
}

/// Whether the app is there at all, where nothing about it had to be changed.
pub(crate) async fn owns(db: &Db, owner: AccountId, id: AppId) -> Queried<bool> {
    Ok(one(db, OWNS, (owner.get(), id.get()), |_| Ok(())).await?.is_some())
}

/// The app in column `first` and the eight after.
pub(crate) fn read_app(row: &Row, first: usize) -> Queried<App> {
    Ok(App {
        id: AppId::new(row.at(first)?),
        owner: AccountId::new(row.at(first + 1)?),
        name: text::read(row.at(first + 2)?),
        url: text::read(row.at(first + 3)?),
        consumer_key: row.at(first + 4)?,
        consumer_secret: Sealed::from_bytes(row.at(first + 5)?),
        revoked: row.at(first + 6)?,
        names_operators: row.at(first + 7)?,
        last_used_at: row.at::<Option<_>>(first + 8)?.map(Timestamp::from_millis),
    })
}

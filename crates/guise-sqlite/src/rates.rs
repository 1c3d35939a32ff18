//! [`Rates`] in SQL.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::rate::{Endpoint, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, Once, Rates, Retry, StoreError, Timestamp,
};

use crate::admission::{Of, read_window, window};
use crate::query::{all, one};
use crate::{SqliteStore, answers};

/// Replay rows looked at in one step: a sweep of millions must not keep other writes waiting.
const SWEPT_AT_ONCE: i64 = 10_000;

const FORGET_READ_WINDOWS: &str = "DELETE FROM read_windows";
const KEEP_READ_WINDOW: &str =
    "INSERT OR REPLACE INTO read_windows (token, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)";
const READ_WINDOWS: &str =
    "SELECT token, endpoint, started_at, used FROM read_windows ORDER BY token, endpoint";
const REPLAY_ROWS: &str = "SELECT min(rowid), max(rowid) FROM replays";
const SWEEP_REPLAYS: &str =
    "DELETE FROM replays WHERE rowid BETWEEN ?1 AND ?2 AND until < ?3 RETURNING key";

#[async_trait]
impl Rates for SqliteStore {
    async fn count(&self, admission: &Admission) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, |_, _| Ok(())).await
    }

    async fn app_window(
        &self,
        app: AppId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError> {
        self.read(move |db| window(db, Of::App(app), endpoint)).await
    }

    async fn write_window(
        &self,
        account: AccountId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError> {
        self.read(move |db| window(db, Of::Account(account), endpoint)).await
    }

    async fn save_read_windows(
        &self,
        windows: Vec<(String, Endpoint, Window)>,
    ) -> Result<(), StoreError> {
        self.write(move |step| {
            step.execute(FORGET_READ_WINDOWS, ())?;
            for (token, endpoint, Window { started_at, used }) in windows {
                let row = (token, endpoint.path(), started_at.millis(), used);
                step.execute(KEEP_READ_WINDOW, row)?;
            }
            Ok(())
        })
        .await
    }

    async fn read_windows(&self) -> Result<Vec<(String, Endpoint, Window)>, StoreError> {
        let rows = self
            .read(|db| {
                all(db, READ_WINDOWS, (), |row| {
                    Ok((row.get(0)?, row.get::<_, String>(1)?, read_window(row, 2)?))
                })
            })
            .await?;
        // Windows of endpoints that another version knew are of no use to this one.
        let known = |(token, path, window): (_, String, _)| {
            Endpoint::from_path(&path).map(|endpoint| (token, endpoint, window))
        };
        Ok(rows.into_iter().filter_map(known).collect())
    }

    async fn sweep_replays(&self, now: Timestamp) -> Result<u64, StoreError> {
        let rows = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let rows: Option<(Option<i64>, Option<i64>)> =
            self.read(move |db| one(db, REPLAY_ROWS, (), rows)).await?;
        let Some((Some(mut first), Some(last))) = rows else { return Ok(0) };
        let mut count = 0;
        while first <= last {
            let end = first.saturating_add(SWEPT_AT_ONCE - 1);
            count += self.sweep_replay_rows(first, end, now).await?;
            first = end.saturating_add(1);
        }
        Ok(count)
    }

    async fn answered_before(
        &self,
        admission: &Admission,
        retry: &Retry,
    ) -> Result<Option<Once<Result<Infallible, Infallible>>>, StoreError> {
        self.once_more(admission, retry).await
    }

    async fn sweep_answers(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(answers::SWEEP, now).await
    }
}

impl SqliteStore {
    async fn sweep_replay_rows(
        &self,
        first: i64,
        last: i64,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        self.write(move |step| {
            let keys: Vec<[u8; 16]> =
                all(step.db, SWEEP_REPLAYS, (first, last, now.millis()), |row| row.get(0))?;
            for key in &keys {
                step.replays.remove(*key);
            }
            Ok(keys.len() as u64)
        })
        .await
    }
}

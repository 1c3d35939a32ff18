//! [`Rates`] in SQL.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::rate::{Endpoint, Reads, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, Once, Rates, Retry, StoreError, Timestamp,
};
use rusqlite::Row;

use crate::query::{all, one};
use crate::windows::{Of, read_window, window};
use crate::writer::Step;
use crate::{SqliteStore, answers};

/// Replay rows looked at in one step: a sweep of millions must not keep other writes waiting.
const SWEPT_AT_ONCE: i64 = 10_000;

const READS: &str = "SELECT started_at, used FROM read_windows WHERE token = ?1 AND endpoint = ?2";
const KEEP_READS: &str =
    "INSERT OR REPLACE INTO read_windows (token, endpoint, started_at, used, until)
    VALUES (?1, ?2, ?3, ?4, ?5)";
const READS_OF: &str =
    "SELECT endpoint, started_at, used FROM read_windows WHERE token = ?1 ORDER BY endpoint";
const ALL_READS: &str =
    "SELECT token, endpoint, started_at, used FROM read_windows ORDER BY token, endpoint";
const SWEEP_READS: &str = "DELETE FROM read_windows WHERE (token, endpoint) IN
    (SELECT token, endpoint FROM read_windows WHERE until <= ?1 LIMIT ?2)";
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
        self.glance(move |db| window(db, (Of::App(app), endpoint))).await
    }

    async fn write_window(
        &self,
        account: AccountId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError> {
        self.glance(move |db| window(db, (Of::Account(account), endpoint))).await
    }

    async fn count_reads(&self, reads: Reads, now: Timestamp) -> Result<Window, StoreError> {
        self.write(move |step| count_reads(step, &reads, now)).await
    }

    async fn keep_reads(&self, reads: Vec<Reads>, now: Timestamp) -> Result<(), StoreError> {
        self.write(move |step| {
            reads.iter().try_for_each(|reads| count_reads(step, reads, now).map(drop))
        })
        .await
    }

    async fn reads_of(&self, token: &str) -> Result<Vec<(Endpoint, Window)>, StoreError> {
        let token = token.to_owned();
        let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, read_window(row, 1)?));
        let rows = self.read(move |db| all(db, READS_OF, [token], read)).await?;
        // Windows of endpoints that another version knew are of no use to this one.
        let known = |(path, window): (String, _)| Some((Endpoint::from_path(&path)?, window));
        Ok(rows.into_iter().filter_map(known).collect())
    }

    async fn all_reads(&self) -> Result<Option<Vec<(String, Endpoint, Window)>>, StoreError> {
        let read =
            |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, String>(1)?, read_window(row, 2)?));
        let rows = self.read(move |db| all(db, ALL_READS, (), read)).await?;
        let known = |(token, path, window): (_, String, _)| {
            Some((token, Endpoint::from_path(&path)?, window))
        };
        Ok(Some(rows.into_iter().filter_map(known).collect()))
    }

    async fn sweep_reads(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(SWEEP_READS, now).await
    }

    async fn sweep_replays(&self, now: Timestamp) -> Result<u64, StoreError> {
        let rows = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
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

fn count_reads(step: &Step<'_>, reads: &Reads, now: Timestamp) -> rusqlite::Result<Window> {
    let Reads { token, endpoint, rule, window } = reads;
    let open = one(step.db, READS, (&**token, endpoint.path()), |row| read_window(row, 0))?;
    let window = Window::joined(open, *window, *rule, now);
    let (started, until) = (window.started_at.millis(), window.ends_at(*rule).millis());
    step.execute(KEEP_READS, (&**token, endpoint.path(), started, window.used, until))?;
    Ok(window)
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

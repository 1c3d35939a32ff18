//! [`Rates`] in SQL.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::rate::{Endpoint, Reads, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, Once, Rates, Retry, StoreError, Timestamp,
};
use tokio_postgres::Row;

use crate::admission::{Of, read_window, window};
use crate::error::{Queried, impossible};
use crate::query::{Columns, Db, all};
use crate::{PostgresStore, answers};

const KEEP_READS: &str =
    "INSERT INTO read_windows AS kept (token, endpoint, started_at, used, until)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[])
    ON CONFLICT (token, endpoint) DO UPDATE SET (started_at, used, until) = (
        SELECT CASE WHEN open THEN kept.started_at ELSE excluded.started_at END,
            CASE WHEN open THEN kept.used + excluded.used ELSE excluded.used END,
            CASE WHEN open THEN kept.until ELSE excluded.until END
        FROM (SELECT kept.until > $6::bigint AND
            kept.started_at <= $6 + excluded.until - excluded.started_at AS open) AS found)
    RETURNING started_at, used";
const READS_OF: &str =
    "SELECT endpoint, started_at, used FROM read_windows WHERE token = $1 ORDER BY endpoint";
const SWEEP_READS: &str = "DELETE FROM read_windows WHERE (token, endpoint) IN
    (SELECT token, endpoint FROM read_windows WHERE until <= $1 ORDER BY until LIMIT $2
        FOR UPDATE SKIP LOCKED)";
const SWEEP_REPLAYS: &str = "DELETE FROM replays WHERE (caller, key) IN
    (SELECT caller, key FROM replays WHERE until < $1 ORDER BY until LIMIT $2
        FOR UPDATE SKIP LOCKED)";

#[async_trait]
impl Rates for PostgresStore {
    async fn count(&self, admission: &Admission) -> Result<Admitted<()>, StoreError> {
        self.admitted(admission, |_| async { Ok(()) }).await
    }

    async fn app_window(
        &self,
        app: AppId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError> {
        Ok(window(&self.db().await?, Of::App(app), endpoint).await?)
    }

    async fn write_window(
        &self,
        account: AccountId,
        endpoint: Endpoint,
    ) -> Result<Option<Window>, StoreError> {
        Ok(window(&self.db().await?, Of::Account(account), endpoint).await?)
    }

    async fn count_reads(&self, reads: Reads, now: Timestamp) -> Result<Window, StoreError> {
        let counted = keep_reads(&self.db().await?, &[reads], now).await?;
        Ok(counted.first().copied().ok_or_else(|| impossible("a row that is not there"))?)
    }

    async fn keep_reads(&self, mut reads: Vec<Reads>, now: Timestamp) -> Result<(), StoreError> {
        // In one order on all nodes, which do not wait for each other crosswise then.
        reads.sort_unstable_by(|one, other| place(one).cmp(&place(other)));
        Ok(keep_reads(&self.db().await?, &reads, now).await.map(drop)?)
    }

    async fn reads_of(&self, token: &str) -> Result<Vec<(Endpoint, Window)>, StoreError> {
        let read = |row: &Row| Ok((row.at::<String>(0)?, read_window(row, 1)?));
        let rows = all(&self.db().await?, READS_OF, (token,), read).await?;
        // Windows of endpoints that another version knew are of no use to this one.
        let known = |(path, window): (String, _)| Some((Endpoint::from_path(&path)?, window));
        Ok(rows.into_iter().filter_map(known).collect())
    }

    async fn all_reads(&self) -> Result<Option<Vec<(String, Endpoint, Window)>>, StoreError> {
        Ok(None)
    }

    async fn sweep_reads(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(SWEEP_READS, now).await
    }

    async fn sweep_replays(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(SWEEP_REPLAYS, now).await
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

/// Adds reads to their windows, which come back in the order of the reads. One statement, which is a step of its own.
async fn keep_reads(db: &Db, reads: &[Reads], now: Timestamp) -> Queried<Vec<Window>> {
    let (mut tokens, mut paths) = (vec![], vec![]);
    let (mut starts, mut uses, mut ends) = (vec![], vec![], vec![]);
    for Reads { token, endpoint, rule, window } in reads {
        tokens.push(token.to_string());
        paths.push(endpoint.path().to_owned());
        starts.push(window.started_at.millis());
        uses.push(i64::from(window.used));
        ends.push(window.ends_at(*rule).millis());
    }
    let columns = (tokens, paths, starts, uses, ends, now.millis());
    all(db, KEEP_READS, columns, |row| read_window(row, 0)).await
}

/// What a window of reads is known by.
fn place(reads: &Reads) -> (&str, &str) {
    (&reads.token, reads.endpoint.path())
}

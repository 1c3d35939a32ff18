//! [`Rates`] in SQL.

use std::convert::Infallible;

use async_trait::async_trait;
use guise_domain::rate::{Endpoint, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppId, Once, Rates, Retry, StoreError, Timestamp,
};

use crate::admission::{Of, read_window, window};
use crate::group::Locks;
use crate::query::{Columns, all};
use crate::{PostgresStore, answers};

const FORGET_READ_WINDOWS: &str = "DELETE FROM read_windows";
const KEEP_READ_WINDOWS: &str = "INSERT INTO read_windows (token, endpoint, started_at, used)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    ON CONFLICT DO NOTHING";
const READ_WINDOWS: &str =
    "SELECT token, endpoint, started_at, used FROM read_windows ORDER BY token, endpoint";
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

    async fn save_read_windows(
        &self,
        windows: Vec<(String, Endpoint, Window)>,
    ) -> Result<(), StoreError> {
        let (mut tokens, mut paths, mut starts, mut uses) = (vec![], vec![], vec![], vec![]);
        for (token, endpoint, Window { started_at, used }) in windows {
            tokens.push(token);
            paths.push(endpoint.path().to_owned());
            starts.push(started_at.millis());
            uses.push(i64::from(used));
        }
        let columns = &(tokens, paths, starts, uses);
        self.write(Locks::default(), |step| async move {
            step.execute(FORGET_READ_WINDOWS, ()).await?;
            step.execute(KEEP_READ_WINDOWS, columns.clone()).await.map(drop)
        })
        .await
    }

    async fn read_windows(&self) -> Result<Vec<(String, Endpoint, Window)>, StoreError> {
        let rows = all(&self.db().await?, READ_WINDOWS, (), |row| {
            Ok((row.at(0)?, row.at::<String>(1)?, read_window(row, 2)?))
        })
        .await?;
        // Windows of endpoints that another version knew are of no use to this one.
        let known = |(token, path, window): (_, String, _)| {
            Endpoint::from_path(&path).map(|endpoint| (token, endpoint, window))
        };
        Ok(rows.into_iter().filter_map(known).collect())
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

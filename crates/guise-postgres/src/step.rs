//! Steps: one transaction each, on a connection that nobody else has meanwhile.
//!
//! A step that changes something of an account locks the account's row before it looks at anything. What it reads then
//! is what the step before it left, and nothing of it changes until it is over. Where a step touches rows of several
//! accounts, it does so in the order of their ids, after its own. What the same step of two accounts may want at once,
//! an upload that is shared or an app's window, it locks by itself. Should two steps be in each other's way all the
//! same, `PostgreSQL` ends one of them, and that one is run again.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use guise_domain::limits::STEP_TRIES_MAX;
use guise_domain::{AccountId, StoreError};

use crate::PostgresStore;
use crate::error::Queried;
use crate::query::{self, Db, Params, execute};

const BEGIN: &str = "BEGIN";
const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const LOCK: &str = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE";
const KEEP_HIGHEST_ID: &str = "INSERT INTO highest_ids AS kept (account, id) VALUES ($1, $2)
    ON CONFLICT (account) DO UPDATE SET id = excluded.id WHERE kept.id < excluded.id";

/// What a step works with.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) db: Arc<Db>,
    kept: Arc<KeptId>,
}

/// The highest id that a step keeps, and the account by which it is kept; 0 when there is none.
#[derive(Default)]
struct KeptId {
    account: AtomicI64,
    id: AtomicI64,
}

impl Step {
    /// Runs a statement; rows changed.
    pub(crate) async fn execute(&self, sql: &str, params: impl Params) -> Queried<u64> {
        query::execute(&self.db, sql, params).await
    }

    /// Has other steps that change something of this account wait until this one is over.
    pub(crate) async fn lock(&self, account: AccountId) -> Queried<()> {
        self.execute(LOCK, (account.get(),)).await.map(drop)
    }

    /// Notes an id that is being kept for an account: no later life of the program may mint it again.
    pub(crate) fn keep_id(&self, account: AccountId, id: i64) {
        self.kept.account.store(account.get(), Ordering::Relaxed);
        self.kept.id.fetch_max(id, Ordering::Relaxed);
    }

    async fn commit(&self) -> Queried<()> {
        let id = self.kept.id.load(Ordering::Relaxed);
        if id > 0 {
            let account = self.kept.account.load(Ordering::Relaxed);
            self.execute(KEEP_HIGHEST_ID, (account, id)).await?;
        }
        self.db.run(COMMIT).await
    }
}

impl PostgresStore {
    /// Runs `work` in a transaction, wholly or not at all, and answers once it is durable. It is run again from its
    /// beginning when another step was in its way.
    pub(crate) async fn write<T, F, W>(&self, work: F) -> Result<T, StoreError>
    where
        F: Fn(Step) -> W,
        W: Future<Output = Queried<T>>,
    {
        let mut tries = 1;
        loop {
            let db = Arc::new(self.db().await?);
            let step = Step { db: Arc::clone(&db), kept: Arc::default() };
            let work = async {
                // On the heap: what waits for it is small then, however much it does.
                let value = Box::pin(work(step.clone())).await?;
                step.commit().await?;
                Ok(value)
            };
            match within(&db, BEGIN, work).await {
                Err(error) if error.is_conflict() && tries < STEP_TRIES_MAX => tries += 1,
                done => return Ok(done?),
            }
        }
    }

    /// Runs several queries that see the same moment.
    pub(crate) async fn look<T, F, W>(&self, queries: F) -> Result<T, StoreError>
    where
        F: FnOnce(Arc<Db>) -> W,
        W: Future<Output = Queried<T>>,
    {
        let db = Arc::new(self.db().await?);
        let queries = async {
            let value = queries(Arc::clone(&db)).await?;
            db.run(COMMIT).await?;
            Ok(value)
        };
        Ok(within(&db, BEGIN_LOOK, queries).await?)
    }

    /// Removes rows whose time is over, so many in a step that other writes need not wait for a sweep of all; how many.
    /// The statement takes the moment and the number.
    pub(crate) async fn sweep(
        &self,
        sql: &'static str,
        now: guise_domain::Timestamp,
    ) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let swept = execute(&self.db().await?, sql, (now.millis(), SWEPT_AT_ONCE)).await?;
            count += swept;
            if swept < SWEPT_AT_ONCE.unsigned_abs() {
                return Ok(count);
            }
        }
    }
}

/// Rows removed in one step of a sweep.
const SWEPT_AT_ONCE: i64 = 1000;

/// Does `work`, which commits, in a transaction, and rolls back what fails. A connection whose transaction has no known
/// end, because the caller has gone away or the server has, is not used again.
async fn within<T>(db: &Db, begin: &str, work: impl Future<Output = Queried<T>>) -> Queried<T> {
    db.set_unfit(true);
    db.run(begin).await?;
    let done = work.await;
    let over = match &done {
        Ok(_) => true,
        Err(error) => !error.spoils_connection() && db.run(ROLLBACK).await.is_ok(),
    };
    db.set_unfit(!over);
    done
}

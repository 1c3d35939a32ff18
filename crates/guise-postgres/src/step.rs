//! Steps: what happens wholly or not at all.
//!
//! A step that changes something of an account has the account's row locked before it looks at anything. What it reads
//! then is what the step before it left, and nothing of it changes until it is over. What it does not lock that way, an
//! upload that is shared or a request token, it locks by itself. Should two steps be in each other's way all the same,
//! `PostgreSQL` ends one of them, and that one is run again.

use std::future::Future;
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use guise_domain::limits::STEP_TRIES_MAX;
use guise_domain::{AccountId, AppId, StoreError};

use crate::PostgresStore;
use crate::error::{Error, Queried};
use crate::group::{Key, Locks};
use crate::query::{self, Db, Lent, Statement, execute};
use crate::value::Params;

const BEGIN_LOOK: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const LOCK: &str = "SELECT 1 FROM accounts WHERE id = $1 FOR NO KEY UPDATE";

/// What a step works with.
#[derive(Clone)]
pub(crate) struct Step {
    pub(crate) db: Arc<Db>,
    /// The ids that it keeps.
    kept: Arc<Mutex<Vec<i64>>>,
}

impl Step {
    /// Runs a statement; rows changed.
    pub(crate) async fn execute(&self, sql: &str, params: impl Params) -> Queried<u64> {
        query::execute(&self.db, sql, params).await
    }

    /// Has a statement over `asked` run with what the step next waits for, be it its commit.
    pub(crate) fn put(&self, sql: &str, params: impl Params) -> Queried<()> {
        self.db.seat()?.put(Statement::new(sql, params))
    }

    /// Has other steps that change something of this account wait until this one is over.
    pub(crate) async fn lock(&self, account: AccountId) -> Queried<()> {
        self.execute(LOCK, (account.get(),)).await.map(drop)
    }

    /// Notes an id that is being kept: nobody may keep it again.
    pub(crate) fn keep_id(&self, id: i64) {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).push(id);
    }

    async fn commit(&self) -> Queried<()> {
        let kept = mem::take(&mut *self.kept.lock().unwrap_or_else(PoisonError::into_inner));
        self.db.seat()?.done(kept).await
    }
}

impl Locks {
    /// What a step on behalf of an account needs.
    pub(crate) fn of(account: AccountId) -> Self {
        Self { own: vec![Key::Account(account.get())], others: Vec::new() }
    }

    /// The same, with another account's box, into which it only puts what is its own.
    pub(crate) fn and_box_of(mut self, account: AccountId) -> Self {
        self.others.push(account.get());
        self
    }

    /// The same, counted in an app's window besides.
    pub(crate) fn and_app(mut self, app: AppId) -> Self {
        self.own.push(Key::App(app.get()));
        self
    }
}

impl PostgresStore {
    /// Runs `work` in a transaction, wholly or not at all, and answers once it is durable. It is run again from its
    /// beginning when another step was in its way. Others may share its transaction, whose `locks` are not its own.
    pub(crate) async fn write<T, F, W>(&self, locks: Locks, work: F) -> Result<T, StoreError>
    where
        F: Fn(Step) -> W,
        W: Future<Output = Queried<T>>,
    {
        let mut tries = 1;
        loop {
            // What locks nothing beforehand may lock what others in a group would wait for in another order.
            let alone = tries > 1 || locks.own.is_empty();
            let done = async {
                let seat = self.queue.seat(locks.clone(), alone).await?;
                let step = Step { db: Arc::new(Db::Seat(seat)), kept: Arc::default() };
                // On the heap: what waits for it is small then, however much it does.
                let value = Box::pin(work(step.clone())).await?;
                step.commit().await?;
                Ok(value)
            };
            match done.await {
                Err(error) if Error::is_conflict(&error) && tries < STEP_TRIES_MAX => tries += 1,
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
        let lent = db.lent()?;
        let queries = async {
            let value = queries(Arc::clone(&db)).await?;
            lent.run(COMMIT).await?;
            Ok(value)
        };
        Ok(within(lent, BEGIN_LOOK, queries).await?)
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
async fn within<T>(db: &Lent, begin: &str, work: impl Future<Output = Queried<T>>) -> Queried<T> {
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

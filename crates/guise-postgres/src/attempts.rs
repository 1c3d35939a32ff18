//! Attempts at passwords: what is counted of those that were wrong, or are being looked at.

use guise_domain::limits::ATTEMPTS_SECONDS;
use guise_domain::{Attempt, Guesses, StoreError, Timestamp, Tries};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::error::{Queried, impossible};
use crate::group::Locks;
use crate::query::{Columns, Db, one, unsigned};
use crate::step::Step;

const TRIES: &str = "SELECT count, last FROM attempts WHERE whose = $1";
const LOCK: &str = "INSERT INTO attempts AS kept (whose, count, last) VALUES ($1, 0, $2)
    ON CONFLICT (whose) DO UPDATE SET count = kept.count RETURNING count, last";
const KEEP: &str = "UPDATE attempts SET count = $2, last = $3 WHERE whose = $1";
const FORGET: &str = "DELETE FROM attempts WHERE whose = $1";
const SWEEP: &str = "DELETE FROM attempts WHERE whose IN
    (SELECT whose FROM attempts WHERE last <= $1 ORDER BY last LIMIT $2
        FOR UPDATE SKIP LOCKED)";

impl PostgresStore {
    /// Counts an attempt, unless it has to wait.
    pub(crate) async fn count_attempt(
        &self,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Result<(), i64>, StoreError> {
        // Most of those that guess wait: they are told so without a step.
        if let Some(wait) = wait(&self.db().await?, attempt, now).await? {
            return Ok(Err(wait));
        }
        self.write(Locks::default(), |step| async move {
            let kept = locked(&step, attempt, now).await?;
            if let Some(wait) = kept.iter().filter_map(|(of, tries)| tries.wait(*of, now)).max() {
                return Ok(Err(wait));
            }
            for (of, tries) in kept {
                keep(&step, of, Tries::more(Some(tries), now)).await?;
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Takes back an attempt that was right.
    pub(crate) async fn take_back(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.write(Locks::default(), |step| async move {
            for (of, tries) in locked(&step, attempt, Timestamp::from_millis(0)).await? {
                match tries.less(of) {
                    Tries { count: 0, .. } => {
                        step.execute(FORGET, (of.digest().as_slice(),)).await?;
                    }
                    tries => keep(&step, of, tries).await?,
                }
            }
            Ok(())
        })
        .await
    }

    /// Forgets attempts that count no more.
    pub(crate) async fn forget_attempts(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.sweep(SWEEP, now.plus_seconds(-ATTEMPTS_SECONDS)).await
    }
}

/// What is kept of an attempt's kind, which nobody else counts in until the step is over. Where there is nothing yet,
/// nothing is made to be locked.
async fn locked(step: &Step, attempt: Attempt, now: Timestamp) -> Queried<Vec<(Guesses, Tries)>> {
    let mut kept = Vec::new();
    for of in attempt.guesses() {
        let nothing = (of.digest().as_slice(), now.millis());
        let tries = one(&step.db, LOCK, nothing, read_tries).await?;
        kept.push((of, tries.ok_or_else(|| impossible("a row that is not there"))?));
    }
    Ok(kept)
}

/// How long an attempt has to wait, if it has to.
async fn wait(db: &Db, attempt: Attempt, now: Timestamp) -> Queried<Option<i64>> {
    let mut longest = None;
    for of in attempt.guesses() {
        longest = longest.max(tries(db, of).await?.and_then(|tries| tries.wait(of, now)));
    }
    Ok(longest)
}

async fn tries(db: &Db, of: Guesses) -> Queried<Option<Tries>> {
    one(db, TRIES, (of.digest().as_slice(),), read_tries).await
}

fn read_tries(row: &Row) -> Queried<Tries> {
    Ok(Tries { count: unsigned(row, 0)?, last: Timestamp::from_millis(row.at(1)?) })
}

async fn keep(step: &Step, of: Guesses, Tries { count, last }: Tries) -> Queried<()> {
    step.execute(KEEP, (of.digest().as_slice(), i64::from(count), last.millis())).await.map(drop)
}

//! Attempts at passwords: what is counted of those that were wrong, or are being looked at.

use guise_domain::limits::ATTEMPTS_SECONDS;
use guise_domain::{Attempt, Guesses, StoreError, Timestamp, Tries};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::query::one;
use crate::writer::Step;

const TRIES: &str = "SELECT count, last FROM attempts WHERE whose = ?1";
const KEEP: &str = "INSERT OR REPLACE INTO attempts (whose, count, last) VALUES (?1, ?2, ?3)";
const FORGET: &str = "DELETE FROM attempts WHERE whose = ?1";
const SWEEP: &str = "DELETE FROM attempts WHERE whose IN
    (SELECT whose FROM attempts WHERE last <= ?1 ORDER BY last LIMIT ?2)";

impl SqliteStore {
    /// Counts an attempt, unless it has to wait.
    pub(crate) async fn count_attempt(
        &self,
        attempt: Attempt,
        now: Timestamp,
    ) -> Result<Result<(), i64>, StoreError> {
        // Most of those that guess wait: they are told so without a step.
        if let Some(wait) = self.read(move |db| wait(db, attempt, now)).await? {
            return Ok(Err(wait));
        }
        self.write(move |step| {
            if let Some(wait) = wait(step.db, attempt, now)? {
                return Ok(Err(wait));
            }
            for of in attempt.guesses() {
                keep(step, of, Tries::more(tries(step.db, of)?, now))?;
            }
            Ok(Ok(()))
        })
        .await
    }

    /// Takes back an attempt that was right.
    pub(crate) async fn take_back(&self, attempt: Attempt) -> Result<(), StoreError> {
        self.write(move |step| {
            for of in attempt.guesses() {
                match tries(step.db, of)?.map(|tries| tries.less(of)) {
                    Some(Tries { count: 0, .. }) => drop(step.execute(FORGET, [of.digest()])?),
                    Some(tries) => keep(step, of, tries)?,
                    None => {}
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

/// How long an attempt has to wait, if it has to.
fn wait(db: &Connection, attempt: Attempt, now: Timestamp) -> rusqlite::Result<Option<i64>> {
    let mut longest = None;
    for of in attempt.guesses() {
        longest = longest.max(tries(db, of)?.and_then(|tries| tries.wait(of, now)));
    }
    Ok(longest)
}

fn tries(db: &Connection, of: Guesses) -> rusqlite::Result<Option<Tries>> {
    one(db, TRIES, [of.digest()], |row| {
        Ok(Tries { count: row.get(0)?, last: Timestamp::from_millis(row.get(1)?) })
    })
}

fn keep(step: &Step<'_>, of: Guesses, Tries { count, last }: Tries) -> rusqlite::Result<()> {
    step.execute(KEEP, (of.digest(), count, last.millis())).map(drop)
}

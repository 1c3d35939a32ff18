//! What is done once, however often it is asked for under the same key.

use std::convert::Infallible;

use guise_domain::{
    AccountId, Admission, Admitted, Answer, IdempotencyKey, Keep, Once, Retry, StoreError,
};
use rusqlite::{Connection, Row};

use crate::SqliteStore;
use crate::admission::{Count, admit, remember};
use crate::query::one;
use crate::writer::Step;

const KEPT: &str = "SELECT content, status, headers, body FROM answers
    WHERE account = ?1 AND app = ?2 AND key = ?3 AND until > ?4";
const KEEP: &str = "INSERT OR REPLACE INTO answers
        (account, app, key, content, until, subject, status, headers, body)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
const FORGET: &str =
    "UPDATE answers SET headers = '', body = NULL WHERE account = ?1 AND subject = ?2";
pub(crate) const SWEEP: &str = "DELETE FROM answers WHERE (account, app, key) IN
    (SELECT account, app, key FROM answers WHERE until <= ?1 ORDER BY until LIMIT ?2)";

impl SqliteStore {
    /// Does `work` once `admission` is passed, unless the same was done before.
    pub(crate) async fn admitted_once<T, E, F>(
        &self,
        admission: &Admission,
        keep: Option<Keep<T>>,
        work: F,
    ) -> Result<Once<Result<T, E>>, StoreError>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce(&mut Step<'_>, &Admission) -> rusqlite::Result<Result<T, E>> + Send + 'static,
    {
        let admission = admission.clone();
        let work = move |step: &mut Step<'_>, admission: &Admission| admit(step, admission, work);
        self.write(move |step| once(step, &admission, keep, work)).await
    }

    /// Answers a request that was answered before. Only looks, when it was not.
    pub(crate) async fn once_more(
        &self,
        admission: &Admission,
        retry: &Retry,
    ) -> Result<Option<Once<Result<Infallible, Infallible>>>, StoreError> {
        let (looked, named) = (admission.clone(), retry.clone());
        let known = self.glance(move |db| kept(db, &looked, &named.key)).await?.is_some();
        if !known {
            return Ok(None);
        }
        let (admission, retry) = (admission.clone(), retry.clone());
        self.write(move |step| before(step, &admission, &retry)).await
    }
}

/// Does `work`, which sees to its own admission, and keeps what it is answered with; unless the same was done before.
pub(crate) fn once<T, E>(
    step: &mut Step<'_>,
    admission: &Admission,
    keep: Option<Keep<T>>,
    work: impl FnOnce(&mut Step<'_>, &Admission) -> rusqlite::Result<Admitted<Result<T, E>>>,
) -> rusqlite::Result<Once<Result<T, E>>> {
    let Some(keep) = keep else { return work(step, admission).map(Once::First) };
    if let Some(before) = before(step, admission, &keep.retry)? {
        return Ok(before);
    }
    let done = work(step, admission)?;
    if let Admitted::Done(_, Ok(value)) = &done {
        keep_answer(step, admission, keep, value)?;
    }
    Ok(Once::First(done))
}

/// What became of a request whose key was used before: for the same, or for something else.
fn before<T>(
    step: &mut Step<'_>,
    admission: &Admission,
    retry: &Retry,
) -> rusqlite::Result<Option<Once<T>>> {
    if step.replays.contains(admission.replay.0) {
        return Ok(Some(Once::First(Admitted::Replayed)));
    }
    let Some((content, answer)) = kept(step.db, admission, &retry.key)? else { return Ok(None) };
    let count = Count::of(step, admission)?;
    if content == retry.content {
        remember(step, admission)?;
        return Ok(Some(Once::Again(count.left(), answer)));
    }
    Ok(Some(match count.fits() {
        Ok(quota) => {
            count.keep(step);
            remember(step, admission)?;
            Once::KeyTaken(quota)
        }
        Err(quota) => Once::First(Admitted::Limited(quota)),
    }))
}

/// Empties the answers that tell of something. Whoever asks again makes no second one, and is told nothing.
pub(crate) fn forget(step: &Step<'_>, account: AccountId, subject: i64) -> rusqlite::Result<()> {
    step.execute(FORGET, (account.get(), subject)).map(drop)
}

/// What is kept under a key of the caller's: a hash of what was asked for, and what was answered.
fn kept(
    db: &Connection,
    admission: &Admission,
    key: &IdempotencyKey,
) -> rusqlite::Result<Option<([u8; 32], Option<Answer>)>> {
    let Admission { account, app, now, .. } = admission;
    one(db, KEPT, (account.get(), app.get(), key.as_str(), now.millis()), read_answer)
}

fn keep_answer<T>(
    step: &Step<'_>,
    admission: &Admission,
    keep: Keep<T>,
    value: &T,
) -> rusqlite::Result<()> {
    let Keep { retry: Retry { key, content }, until, subject, write } = keep;
    let Answer { status, headers, body } = write(value);
    let headers: String =
        headers.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]).collect();
    let (account, app) = (admission.account.get(), admission.app.get());
    let row = rusqlite::params![
        account,
        app,
        key.as_str(),
        content,
        until.millis(),
        subject,
        status,
        headers,
        body
    ];
    step.execute(KEEP, row).map(drop)
}

/// A hash of what was asked for, and what was answered.
fn read_answer(row: &Row<'_>) -> rusqlite::Result<([u8; 32], Option<Answer>)> {
    let headers: String = row.get(2)?;
    let header =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (status, headers) = (row.get(1)?, headers.lines().filter_map(header).collect());
    let body: Option<Vec<u8>> = row.get(3)?;
    Ok((row.get(0)?, body.map(|body| Answer { status, headers, body })))
}

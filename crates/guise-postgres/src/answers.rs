//! What is done once, however often it is asked for under the same key.

use std::convert::Infallible;
use std::future::Future;

use guise_domain::{
    AccountId, Admission, Admitted, Answer, IdempotencyKey, Keep, Once, Retry, StoreError,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::admission::{Count, admit, locks, remember, seen};
use crate::error::Queried;
use crate::query::{Columns, Db, bytes, one, unsigned};
use crate::step::Step;

const KEPT: &str = "SELECT content, status, headers, body FROM answers
    WHERE account = $1 AND app = $2 AND key = $3 AND until > $4";
const KEEP: &str = "INSERT INTO answers
        (account, app, key, content, until, subject, status, headers, body)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT (account, app, key) DO UPDATE
        SET content = $4, until = $5, subject = $6, status = $7, headers = $8, body = $9";
const FORGET: &str =
    "UPDATE answers SET headers = '', body = NULL WHERE account = $1 AND subject = $2";
pub(crate) const SWEEP: &str = "DELETE FROM answers WHERE (account, app, key) IN
    (SELECT account, app, key FROM answers WHERE until <= $1 ORDER BY until LIMIT $2
        FOR UPDATE SKIP LOCKED)";

impl PostgresStore {
    /// Does `work` once `admission` is passed, unless the same was done before.
    pub(crate) async fn admitted_once<T, E, F, W>(
        &self,
        admission: &Admission,
        keep: Option<Keep<T>>,
        work: F,
    ) -> Result<Once<Result<T, E>>, StoreError>
    where
        F: Fn(Step) -> W,
        W: Future<Output = Queried<Result<T, E>>>,
    {
        let (keep, work) = (keep.as_ref(), &work);
        self.write(locks(admission), |step| async move {
            once(&step, admission, keep, admit(&step, admission, Box::pin(work(step.clone()))))
                .await
        })
        .await
    }

    /// Answers a request that was answered before. Only looks, when it was not.
    pub(crate) async fn once_more(
        &self,
        admission: &Admission,
        retry: &Retry,
    ) -> Result<Option<Once<Result<Infallible, Infallible>>>, StoreError> {
        if kept(&self.db().await?, admission, &retry.key).await?.is_none() {
            return Ok(None);
        }
        self.write(locks(admission), |step| async move { before(&step, admission, retry).await })
            .await
    }
}

/// Does `work`, which sees to its own admission, and keeps what it is answered with; unless the same was done before.
pub(crate) async fn once<T, E>(
    step: &Step,
    admission: &Admission,
    keep: Option<&Keep<T>>,
    work: impl Future<Output = Queried<Admitted<Result<T, E>>>>,
) -> Queried<Once<Result<T, E>>> {
    let Some(keep) = keep else { return work.await.map(Once::First) };
    if let Some(before) = before(step, admission, &keep.retry).await? {
        return Ok(before);
    }
    let done = work.await?;
    if let Admitted::Done(_, Ok(value)) = &done {
        keep_answer(step, admission, keep, value).await?;
    }
    Ok(Once::First(done))
}

/// What became of a request whose key was used before: for the same, or for something else.
async fn before<T>(step: &Step, admission: &Admission, retry: &Retry) -> Queried<Option<Once<T>>> {
    if seen(step, admission).await? {
        return Ok(Some(Once::First(Admitted::Replayed)));
    }
    let Some((content, answer)) = kept(&step.db, admission, &retry.key).await? else {
        return Ok(None);
    };
    let count = Count::of(step, admission).await?;
    if content == retry.content {
        remember(step, admission)?;
        return Ok(Some(Once::Again(count.left(), answer)));
    }
    Ok(Some(match count.fits() {
        Ok(quota) => {
            count.keep(step)?;
            remember(step, admission)?;
            Once::KeyTaken(quota)
        }
        Err(quota) => Once::First(Admitted::Limited(quota)),
    }))
}

/// Empties the answers that tell of something. Whoever asks again makes no second one, and is told nothing.
pub(crate) async fn forget(step: &Step, account: AccountId, subject: i64) -> Queried<()> {
    step.execute(FORGET, (account.get(), subject)).await.map(drop)
}

/// What is kept under a key of the caller's: a hash of what was asked for, and what was answered.
async fn kept(
    db: &Db,
    admission: &Admission,
    key: &IdempotencyKey,
) -> Queried<Option<([u8; 32], Option<Answer>)>> {
    let Admission { account, app, now, .. } = admission;
    one(db, KEPT, (account.get(), app.get(), key.as_str(), now.millis()), read_answer).await
}

async fn keep_answer<T>(
    step: &Step,
    admission: &Admission,
    keep: &Keep<T>,
    value: &T,
) -> Queried<()> {
    let Keep { retry: Retry { key, content }, until, subject, write } = keep;
    let Answer { status, headers, body } = write(value);
    let headers: String =
        headers.iter().flat_map(|(name, value)| [name, ": ", value, "\n"]).collect();
    let (account, app) = (admission.account.get(), admission.app.get());
    let row = (
        account,
        app,
        key.as_str(),
        content.as_slice(),
        until.millis(),
        subject,
        i64::from(status),
        headers,
        body,
    );
    step.execute(KEEP, row).await.map(drop)
}

/// A hash of what was asked for, and what was answered.
fn read_answer(row: &Row) -> Queried<([u8; 32], Option<Answer>)> {
    let headers: &str = row.at(2)?;
    let header =
        |line: &str| line.split_once(": ").map(|(name, value)| (name.to_owned(), value.to_owned()));
    let (status, headers) = (unsigned(row, 1)?, headers.lines().filter_map(header).collect());
    let body: Option<Vec<u8>> = row.at(3)?;
    Ok((bytes(row, 0)?, body.map(|body| Answer { status, headers, body })))
}

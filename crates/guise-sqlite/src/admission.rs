//! What a caller's write must pass: not seen before, and within its rate window. All in the write's own step.

use guise_domain::rate::Window;
use guise_domain::{Admission, Admitted, StoreError, Timestamp};
use rusqlite::{Connection, Row};

use crate::writer::Step;
use crate::{SqliteStore, query};

const WINDOW: &str =
    "SELECT started_at, used FROM write_windows WHERE account = ?1 AND endpoint = ?2";
const KEEP_WINDOW: &str = "INSERT INTO write_windows (account, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account, endpoint) DO UPDATE SET started_at = ?3, used = ?4";
const KEEP_REPLAY: &str = "INSERT INTO replays (key, until) VALUES (?1, ?2)";

impl SqliteStore {
    /// Does `work` once `admission` is passed. A refusal in what `work` returns is counted; its failure is not.
    pub(crate) async fn admitted<T, F>(
        &self,
        admission: &Admission,
        work: F,
    ) -> Result<Admitted<T>, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Step<'_>, &Admission) -> rusqlite::Result<T> + Send + 'static,
    {
        let admission = *admission;
        self.write(move |step| admit(step, &admission, work)).await
    }
}

fn admit<T>(
    step: &mut Step<'_>,
    admission: &Admission,
    work: impl FnOnce(&mut Step<'_>, &Admission) -> rusqlite::Result<T>,
) -> rusqlite::Result<Admitted<T>> {
    let Admission { account, replay, replay_until, endpoint, rule, now } = *admission;
    if step.replays.contains(replay.0) {
        return Ok(Admitted::Replayed);
    }
    let open = window(step.db, account.get(), endpoint.path())?;
    let (window, counted) = Window::count(open, rule, now);
    let quota = match counted {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    let row = (account.get(), endpoint.path(), window.started_at.millis(), window.used);
    step.execute(KEEP_WINDOW, row)?;
    step.execute(KEEP_REPLAY, (replay.0, replay_until.millis()))?;
    step.replays.add(replay.0);
    Ok(Admitted::Done(quota, work(step, admission)?))
}

/// An account's window for an endpoint.
pub(crate) fn window(
    db: &Connection,
    account: i64,
    endpoint: &str,
) -> rusqlite::Result<Option<Window>> {
    query::one(db, WINDOW, (account, endpoint), |row| read_window(row, 0))
}

/// The window in columns `first` and the one after.
pub(crate) fn read_window(row: &Row<'_>, first: usize) -> rusqlite::Result<Window> {
    let started_at = Timestamp::from_millis(row.get(first)?);
    Ok(Window { started_at, used: row.get(first + 1)? })
}

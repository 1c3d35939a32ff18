//! What a caller's write must pass: not seen before, and within its rate windows. All in the write's own step.

use guise_domain::rate::{Endpoint, Quota, Rule, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppAdmission, AppId, AppRule, ReplayKey, StoreError, Timestamp,
};
use rusqlite::{Connection, Row};

use crate::writer::Step;
use crate::{SqliteStore, query};

const WINDOW: &str =
    "SELECT started_at, used FROM write_windows WHERE account = ?1 AND endpoint = ?2";
const KEEP_WINDOW: &str = "INSERT INTO write_windows (account, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (account, endpoint) DO UPDATE SET started_at = ?3, used = ?4";
const APP_WINDOW: &str =
    "SELECT started_at, used FROM app_windows WHERE app = ?1 AND endpoint = ?2";
const KEEP_APP_WINDOW: &str = "INSERT INTO app_windows (app, endpoint, started_at, used)
    VALUES (?1, ?2, ?3, ?4)
    ON CONFLICT (app, endpoint) DO UPDATE SET started_at = ?3, used = ?4";
const KEEP_REPLAY: &str = "INSERT INTO replays (caller, key, until) VALUES (?1, ?2, ?3)";

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
        let admission = admission.clone();
        self.write(move |step| admit(step, &admission, work)).await
    }

    /// The same for an app's own write.
    pub(crate) async fn admitted_app<T, F>(
        &self,
        admission: &AppAdmission,
        work: F,
    ) -> Result<Admitted<T>, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Step<'_>, &AppAdmission) -> rusqlite::Result<T> + Send + 'static,
    {
        let admission = admission.clone();
        self.write(move |step| admit_app(step, &admission, work)).await
    }
}

/// The same within a step.
pub(crate) fn admit<T>(
    step: &mut Step<'_>,
    admission: &Admission,
    work: impl FnOnce(&mut Step<'_>, &Admission) -> rusqlite::Result<T>,
) -> rusqlite::Result<Admitted<T>> {
    if step.replays.contains(admission.replay.0) {
        return Ok(Admitted::Replayed);
    }
    let count = Count::of(step.db, admission)?;
    let quota = match count.fits() {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    count.keep(step)?;
    remember(step, admission)?;
    Ok(Admitted::Done(quota, work(step, admission)?))
}

fn admit_app<T>(
    step: &mut Step<'_>,
    admission: &AppAdmission,
    work: impl FnOnce(&mut Step<'_>, &AppAdmission) -> rusqlite::Result<T>,
) -> rusqlite::Result<Admitted<T>> {
    let AppAdmission { app, replay, endpoint, rule, now, .. } = *admission;
    if replay.is_some_and(|(key, _)| step.replays.contains(key.0)) {
        return Ok(Admitted::Replayed);
    }
    let counted = Counted::of(step.db, Of::App(app), endpoint, rule, now)?;
    let quota = match counted.fits {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    counted.keep(step)?;
    if let Some((key, until)) = replay {
        keep_replay(step, app.get(), key, until)?;
    }
    Ok(Admitted::Done(quota, work(step, admission)?))
}

/// Keeps that this request was here.
pub(crate) fn remember(step: &mut Step<'_>, admission: &Admission) -> rusqlite::Result<()> {
    keep_replay(step, admission.account.get(), admission.replay, admission.replay_until)
}

fn keep_replay(
    step: &mut Step<'_>,
    caller: i64,
    ReplayKey(key): ReplayKey,
    until: Timestamp,
) -> rusqlite::Result<()> {
    step.execute(KEEP_REPLAY, (caller, key, until.millis()))?;
    step.replays.add(key);
    Ok(())
}

/// A write in its windows: its account's and, where its app has one too, that. Nothing is kept until it is said.
pub(crate) struct Count {
    account: Counted,
    app: Option<Counted>,
}

impl Count {
    /// Counts a write as far as its windows allow.
    pub(crate) fn of(db: &Connection, admission: &Admission) -> rusqlite::Result<Self> {
        let Admission { account, app, endpoint, rule, by_app, now, .. } = *admission;
        let account = Counted::of(db, Of::Account(account), endpoint, rule, now)?;
        let app = by_app
            .map(|AppRule { endpoint, rule }| Counted::of(db, Of::App(app), endpoint, rule, now));
        Ok(Self { account, app: app.transpose()? })
    }

    /// What is left of the account's window with this write counted; or of the window that it does not fit into.
    pub(crate) fn fits(&self) -> Result<Quota, Quota> {
        let account = self.account.fits?;
        match &self.app {
            Some(Counted { fits: Err(app), .. }) => Err(*app),
            _ => Ok(account),
        }
    }

    /// What is left of the account's window without this write.
    pub(crate) fn left(&self) -> Quota {
        self.account.left
    }

    /// Keeps that the write was counted.
    pub(crate) fn keep(&self, step: &Step<'_>) -> rusqlite::Result<()> {
        std::iter::once(&self.account).chain(&self.app).try_for_each(|counted| counted.keep(step))
    }
}

struct Counted {
    of: Of,
    endpoint: Endpoint,
    window: Window,
    fits: Result<Quota, Quota>,
    left: Quota,
}

impl Counted {
    fn of(
        db: &Connection,
        of: Of,
        endpoint: Endpoint,
        rule: Rule,
        now: Timestamp,
    ) -> rusqlite::Result<Self> {
        let open = window(db, of, endpoint)?;
        let (window, fits) = Window::count(open, rule, now);
        Ok(Self { of, endpoint, window, fits, left: Window::peek(open, rule, now) })
    }

    fn keep(&self, step: &Step<'_>) -> rusqlite::Result<()> {
        let Window { started_at, used } = self.window;
        let (sql, id) = match self.of {
            Of::Account(id) => (KEEP_WINDOW, id.get()),
            Of::App(id) => (KEEP_APP_WINDOW, id.get()),
        };
        step.execute(sql, (id, self.endpoint.path(), started_at.millis(), used)).map(drop)
    }
}

/// Whose window.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Account(AccountId),
    App(AppId),
}

/// The window of an account or app for an endpoint.
pub(crate) fn window(
    db: &Connection,
    of: Of,
    endpoint: Endpoint,
) -> rusqlite::Result<Option<Window>> {
    let (sql, id) = match of {
        Of::Account(id) => (WINDOW, id.get()),
        Of::App(id) => (APP_WINDOW, id.get()),
    };
    query::one(db, sql, (id, endpoint.path()), |row| read_window(row, 0))
}

/// The window in columns `first` and the one after.
pub(crate) fn read_window(row: &Row<'_>, first: usize) -> rusqlite::Result<Window> {
    let started_at = Timestamp::from_millis(row.get(first)?);
    Ok(Window { started_at, used: row.get(first + 1)? })
}

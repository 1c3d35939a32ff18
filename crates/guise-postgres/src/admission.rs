//! What a caller's write must pass: not seen before, and within its rate windows. All in the write's own step.

use std::future::Future;

use guise_domain::rate::{Endpoint, Quota, Rule, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppAdmission, AppId, AppRule, ReplayKey, StoreError, Timestamp,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::error::Queried;
use crate::query::{Columns, Db, one, unsigned};
use crate::step::Step;

const WINDOW: &str =
    "SELECT started_at, used FROM write_windows WHERE account = $1 AND endpoint = $2";
const KEEP_WINDOW: &str = "INSERT INTO write_windows (account, endpoint, started_at, used)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (account, endpoint) DO UPDATE SET started_at = $3, used = $4";
const APP_WINDOW: &str =
    "SELECT started_at, used FROM app_windows WHERE app = $1 AND endpoint = $2 AND used > 0";
const LOCK_APP_WINDOW: &str =
    "SELECT started_at, used FROM app_windows WHERE app = $1 AND endpoint = $2 FOR UPDATE";
const OPEN_APP_WINDOW: &str = "INSERT INTO app_windows (app, endpoint, started_at, used)
    VALUES ($1, $2, 0, 0) ON CONFLICT DO NOTHING";
const KEEP_APP_WINDOW: &str = "INSERT INTO app_windows (app, endpoint, started_at, used)
    VALUES ($1, $2, $3, $4)
    ON CONFLICT (app, endpoint) DO UPDATE SET started_at = $3, used = $4";
const SEEN: &str = "SELECT 1 FROM replays WHERE caller = $1 AND key = $2";
const KEEP_REPLAY: &str = "INSERT INTO replays (caller, key, until) VALUES ($1, $2, $3)";

impl PostgresStore {
    /// Does `work` once `admission` is passed. A refusal in what `work` returns is counted; its failure is not.
    pub(crate) async fn admitted<T, F, W>(
        &self,
        admission: &Admission,
        work: F,
    ) -> Result<Admitted<T>, StoreError>
    where
        F: Fn(Step) -> W,
        W: Future<Output = Queried<T>>,
    {
        let work = &work;
        self.write(
            |step| async move { admit(&step, admission, Box::pin(work(step.clone()))).await },
        )
        .await
    }

    /// The same for an app's own write.
    pub(crate) async fn admitted_app<T, F, W>(
        &self,
        admission: &AppAdmission,
        work: F,
    ) -> Result<Admitted<T>, StoreError>
    where
        F: Fn(Step) -> W,
        W: Future<Output = Queried<T>>,
    {
        let work = &work;
        self.write(
            |step| async move { admit_app(&step, admission, Box::pin(work(step.clone()))).await },
        )
        .await
    }
}

/// The same within a step.
pub(crate) async fn admit<T>(
    step: &Step,
    admission: &Admission,
    work: impl Future<Output = Queried<T>>,
) -> Queried<Admitted<T>> {
    if seen(step, admission).await? {
        return Ok(Admitted::Replayed);
    }
    let count = Count::of(step, admission).await?;
    let quota = match count.fits() {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    count.keep(step).await?;
    remember(step, admission).await?;
    Ok(Admitted::Done(quota, work.await?))
}

async fn admit_app<T>(
    step: &Step,
    admission: &AppAdmission,
    work: impl Future<Output = Queried<T>>,
) -> Queried<Admitted<T>> {
    let AppAdmission { app, replay, endpoint, rule, now, .. } = *admission;
    // Locks the window, and with it whatever this app does of the kind.
    let counted = Counted::of(step, Of::App(app), endpoint, rule, now).await?;
    if let Some((ReplayKey(key), _)) = replay
        && was_seen(&step.db, app.get(), key).await?
    {
        return Ok(Admitted::Replayed);
    }
    let quota = match counted.fits {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    counted.keep(step).await?;
    if let Some((ReplayKey(key), until)) = replay {
        keep_replay(step, app.get(), key, until).await?;
    }
    Ok(Admitted::Done(quota, work.await?))
}

/// Locks the caller's account; whether this very request was here before.
pub(crate) async fn seen(step: &Step, admission: &Admission) -> Queried<bool> {
    step.lock(admission.account).await?;
    was_seen(&step.db, admission.account.get(), admission.replay.0).await
}

async fn was_seen(db: &Db, caller: i64, key: [u8; 16]) -> Queried<bool> {
    Ok(one(db, SEEN, (caller, key.as_slice()), |_| Ok(())).await?.is_some())
}

/// Keeps that this request was here.
pub(crate) async fn remember(step: &Step, admission: &Admission) -> Queried<()> {
    let Admission { account, replay, replay_until, .. } = admission;
    keep_replay(step, account.get(), replay.0, *replay_until).await
}

async fn keep_replay(step: &Step, caller: i64, key: [u8; 16], until: Timestamp) -> Queried<()> {
    step.execute(KEEP_REPLAY, (caller, key.as_slice(), until.millis())).await.map(drop)
}

/// A write in its windows: its account's and, where its app has one too, that. Nothing is kept until it is said.
pub(crate) struct Count {
    account: Counted,
    app: Option<Counted>,
}

impl Count {
    /// Counts a write as far as its windows allow. Its account is locked; its app's window is from now on.
    pub(crate) async fn of(step: &Step, admission: &Admission) -> Queried<Self> {
        let Admission { account, app, endpoint, rule, by_app, now, .. } = *admission;
        let account = Counted::of(step, Of::Account(account), endpoint, rule, now).await?;
        let app = match by_app {
            Some(AppRule { endpoint, rule }) => {
                Some(Counted::of(step, Of::App(app), endpoint, rule, now).await?)
            }
            None => None,
        };
        Ok(Self { account, app })
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
    pub(crate) async fn keep(&self, step: &Step) -> Queried<()> {
        for counted in std::iter::once(&self.account).chain(&self.app) {
            counted.keep(step).await?;
        }
        Ok(())
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
    async fn of(
        step: &Step,
        of: Of,
        endpoint: Endpoint,
        rule: Rule,
        now: Timestamp,
    ) -> Queried<Self> {
        let open = match of {
            Of::Account(_) => window(&step.db, of, endpoint).await?,
            Of::App(app) => locked(step, app, endpoint).await?,
        };
        let (window, fits) = Window::count(open, rule, now);
        Ok(Self { of, endpoint, window, fits, left: Window::peek(open, rule, now) })
    }

    async fn keep(&self, step: &Step) -> Queried<()> {
        let Window { started_at, used } = self.window;
        let (sql, id) = match self.of {
            Of::Account(id) => (KEEP_WINDOW, id.get()),
            Of::App(id) => (KEEP_APP_WINDOW, id.get()),
        };
        let row = (id, self.endpoint.path(), started_at.millis(), i64::from(used));
        step.execute(sql, row).await.map(drop)
    }
}

/// Whose window.
#[derive(Clone, Copy)]
pub(crate) enum Of {
    Account(AccountId),
    App(AppId),
}

/// The window of an account or app for an endpoint.
pub(crate) async fn window(db: &Db, of: Of, endpoint: Endpoint) -> Queried<Option<Window>> {
    let (sql, id) = match of {
        Of::Account(id) => (WINDOW, id.get()),
        Of::App(id) => (APP_WINDOW, id.get()),
    };
    one(db, sql, (id, endpoint.path()), |row| read_window(row, 0)).await
}

/// An app's window, which nobody else counts in until the step is over. Where there is none yet, an empty one is made to
/// be locked.
async fn locked(step: &Step, app: AppId, endpoint: Endpoint) -> Queried<Option<Window>> {
    let place = (app.get(), endpoint.path());
    let found = one(&step.db, LOCK_APP_WINDOW, place, |row| read_window(row, 0)).await?;
    let window = if found.is_some() {
        found
    } else {
        step.execute(OPEN_APP_WINDOW, place).await?;
        one(&step.db, LOCK_APP_WINDOW, place, |row| read_window(row, 0)).await?
    };
    Ok(window.filter(|window| window.used > 0))
}

/// The window in columns `first` and the one after.
pub(crate) fn read_window(row: &Row, first: usize) -> Queried<Window> {
    let started_at = Timestamp::from_millis(row.at(first)?);
    Ok(Window { started_at, used: unsigned(row, first + 1)? })
}

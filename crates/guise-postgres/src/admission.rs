//! What a caller's write must pass: not seen before, and within its rate windows. All in the write's own step.

use std::future::Future;

use futures::try_join;
use guise_domain::rate::{Endpoint, Quota, Rule, Window};
use guise_domain::{
    AccountId, Admission, Admitted, AppAdmission, AppId, AppRule, ReplayKey, StoreError, Timestamp,
};
use tokio_postgres::Row;

use crate::PostgresStore;
use crate::error::Queried;
use crate::group::Locks;
use crate::query::{Columns, Db, asked_one, unsigned};
use crate::step::Step;

const WINDOW: &str =
    "SELECT started_at, used, n FROM asked JOIN write_windows ON account = p1 AND endpoint = p2";
const KEEP_WINDOW: &str = "INSERT INTO write_windows (account, endpoint, started_at, used)
    SELECT p1, p2, p3, p4 FROM asked ON CONFLICT (account, endpoint)
        DO UPDATE SET started_at = excluded.started_at, used = excluded.used";
const APP_WINDOW: &str =
    "SELECT started_at, used, n FROM asked JOIN app_windows ON app = p1 AND endpoint = p2";
const KEEP_APP_WINDOW: &str = "INSERT INTO app_windows (app, endpoint, started_at, used)
    SELECT p1, p2, p3, p4 FROM asked ON CONFLICT (app, endpoint)
        DO UPDATE SET started_at = excluded.started_at, used = excluded.used";
const SEEN: &str = "SELECT n FROM asked JOIN replays ON caller = p1 AND key = p2";
const KEEP_REPLAY: &str = "INSERT INTO replays (caller, key, until) SELECT p1, p2, p3 FROM asked";

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
        self.write(locks(admission), |step| async move {
            admit(&step, admission, Box::pin(work(step.clone()))).await
        })
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
        self.write(Locks::default().and_app(admission.app), |step| async move {
            admit_app(&step, admission, Box::pin(work(step.clone()))).await
        })
        .await
    }
}

/// What a step that an admission is for needs locked.
pub(crate) fn locks(admission: &Admission) -> Locks {
    let locks = Locks::of(admission.account);
    if admission.by_app.is_some() { locks.and_app(admission.app) } else { locks }
}

/// The same within a step.
pub(crate) async fn admit<T>(
    step: &Step,
    admission: &Admission,
    work: impl Future<Output = Queried<T>>,
) -> Queried<Admitted<T>> {
    let (seen, count) = try_join!(seen(step, admission), Count::of(step, admission))?;
    if seen {
        return Ok(Admitted::Replayed);
    }
    let quota = match count.fits() {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    count.keep(step)?;
    remember(step, admission)?;
    Ok(Admitted::Done(quota, work.await?))
}

async fn admit_app<T>(
    step: &Step,
    admission: &AppAdmission,
    work: impl Future<Output = Queried<T>>,
) -> Queried<Admitted<T>> {
    let AppAdmission { app, replay, endpoint, rule, now, .. } = *admission;
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
    counted.keep(step)?;
    if let Some((ReplayKey(key), until)) = replay {
        keep_replay(step, app.get(), key, until)?;
    }
    Ok(Admitted::Done(quota, work.await?))
}

/// Whether this very request was here before.
pub(crate) async fn seen(step: &Step, admission: &Admission) -> Queried<bool> {
    was_seen(&step.db, admission.account.get(), admission.replay.0).await
}

async fn was_seen(db: &Db, caller: i64, key: [u8; 16]) -> Queried<bool> {
    Ok(asked_one(db, SEEN, (caller, key.as_slice()), |_| Ok(())).await?.is_some())
}

/// Keeps that this request was here.
pub(crate) fn remember(step: &Step, admission: &Admission) -> Queried<()> {
    let Admission { account, replay, replay_until, .. } = admission;
    keep_replay(step, account.get(), replay.0, *replay_until)
}

fn keep_replay(step: &Step, caller: i64, key: [u8; 16], until: Timestamp) -> Queried<()> {
    step.put(KEEP_REPLAY, (caller, key.as_slice(), until.millis()))
}

/// A write in its windows: its account's and, where its app has one too, that. Nothing is kept until it is said.
pub(crate) struct Count {
    account: Counted,
    app: Option<Counted>,
}

impl Count {
    /// Counts a write as far as its windows allow.
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
    pub(crate) fn keep(&self, step: &Step) -> Queried<()> {
        for counted in std::iter::once(&self.account).chain(&self.app) {
            counted.keep(step)?;
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
        let open = window(&step.db, of, endpoint).await?;
        let (window, fits) = Window::count(open, rule, now);
        Ok(Self { of, endpoint, window, fits, left: Window::peek(open, rule, now) })
    }

    fn keep(&self, step: &Step) -> Queried<()> {
        let Window { started_at, used } = self.window;
        let (sql, id) = match self.of {
            Of::Account(id) => (KEEP_WINDOW, id.get()),
            Of::App(id) => (KEEP_APP_WINDOW, id.get()),
        };
        let row = (id, self.endpoint.path(), started_at.millis(), i64::from(used));
        step.put(sql, row)
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
    asked_one(db, sql, (id, endpoint.path()), |row| read_window(row, 0)).await
}

/// The window in columns `first` and the one after.
pub(crate) fn read_window(row: &Row, first: usize) -> Queried<Window> {
    let started_at = Timestamp::from_millis(row.at(first)?);
    Ok(Window { started_at, used: unsigned(row, first + 1)? })
}

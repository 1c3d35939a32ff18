//! What a caller's write must pass: not seen before, and within its rate windows. All in the write's own step.

use guise_domain::rate::{Quota, Rule, Window};
use guise_domain::{Admission, Admitted, AppAdmission, AppRule, ReplayKey, StoreError, Timestamp};

use crate::SqliteStore;
use crate::windows::{Of, Which};
use crate::writer::Step;

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
    let count = Count::of(step, admission)?;
    let quota = match count.fits() {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    count.keep(step);
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
    let counted = Counted::of(step, (Of::App(app), endpoint), rule, now)?;
    let quota = match counted.fits {
        Ok(quota) => quota,
        Err(quota) => return Ok(Admitted::Limited(quota)),
    };
    counted.keep(step);
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
    pub(crate) fn of(step: &mut Step<'_>, admission: &Admission) -> rusqlite::Result<Self> {
        let Admission { account, app, endpoint, rule, by_app, now, .. } = *admission;
        let account = Counted::of(step, (Of::Account(account), endpoint), rule, now)?;
        let app = by_app.map(|AppRule { endpoint, rule }| {
            Counted::of(step, (Of::App(app), endpoint), rule, now)
        });
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
    pub(crate) fn keep(&self, step: &mut Step<'_>) {
        std::iter::once(&self.account).chain(&self.app).for_each(|counted| counted.keep(step));
    }
}

struct Counted {
    which: Which,
    window: Window,
    fits: Result<Quota, Quota>,
    left: Quota,
}

impl Counted {
    fn of(step: &mut Step<'_>, which: Which, rule: Rule, now: Timestamp) -> rusqlite::Result<Self> {
        let open = step.windows.get(step.db, which)?;
        let (window, fits) = Window::count(open, rule, now);
        Ok(Self { which, window, fits, left: Window::peek(open, rule, now) })
    }

    fn keep(&self, step: &mut Step<'_>) {
        step.windows.set(self.which, self.window);
    }
}

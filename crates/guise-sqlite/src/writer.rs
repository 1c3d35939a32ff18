//! The writer: one thread, one connection, one commit for all jobs that wait.
//!
//! Each job runs in a savepoint of its own and is answered after the commit, so nothing is answered before it is
//! durable and one job's failure does not touch the others. There is no timer: a lone write is committed at once.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use guise_domain::StoreError;
use guise_domain::limits::{COMMIT_GROUP_MAX, WRITER_QUEUE_MAX};
use rusqlite::{Connection, Params};
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoints;
use crate::error::{OpenError, closed, store_error};
use crate::query;
use crate::replays::Replays;
use crate::windows::Windows;

const BEGIN: &str = "BEGIN IMMEDIATE";
const SAVEPOINT: &str = "SAVEPOINT job";
const RELEASE: &str = "RELEASE job";
const ROLLBACK_TO: &str = "ROLLBACK TO job";
const COMMIT: &str = "COMMIT";
const ROLLBACK: &str = "ROLLBACK";
const KEEP_HIGHEST_ID: &str = "UPDATE installation SET highest_id = max(highest_id, ?1)";

/// What a job works with.
pub(crate) struct Step<'a> {
    pub(crate) db: &'a Connection,
    pub(crate) replays: &'a mut Replays,
    pub(crate) windows: &'a mut Windows,
    highest_id: &'a mut i64,
}

impl Step<'_> {
    /// Runs a statement; rows changed.
    pub(crate) fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        query::execute(self.db, sql, params)
    }

    /// Notes an id that is being kept: no later life of the program may mint it again.
    pub(crate) fn keep_id(&mut self, id: i64) {
        *self.highest_id = id.max(*self.highest_id);
    }
}

trait Job: Send {
    /// Does the work, inside a savepoint.
    fn run(&mut self, step: &mut Step<'_>) -> Result<(), StoreError>;
    /// Answers the caller: with the work's result if it was kept.
    fn answer(self: Box<Self>, kept: Result<(), StoreError>);
}

struct Task<F, T> {
    work: Option<F>,
    result: Option<T>,
    caller: oneshot::Sender<Result<T, StoreError>>,
}

impl<F, T> Job for Task<F, T>
where
    F: FnOnce(&mut Step<'_>) -> rusqlite::Result<T> + Send,
    T: Send,
{
    fn run(&mut self, step: &mut Step<'_>) -> Result<(), StoreError> {
        let work = self.work.take().ok_or_else(closed)?;
        self.result = Some(work(step).map_err(|error| store_error(&error))?);
        Ok(())
    }

    fn answer(self: Box<Self>, kept: Result<(), StoreError>) {
        let Self { result, caller, .. } = *self;
        // A caller that has gone away does not need its answer.
        let _ = caller.send(kept.and_then(|()| result.ok_or_else(closed)));
    }
}

/// The way to the writer's thread. A message without a job asks it to end.
pub(crate) struct Writer {
    queue: SyncSender<Option<Box<dyn Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread. `on_end` is called there if it ends unasked.
    pub(crate) fn start(
        mut db: Connection,
        wal_pages_max: u32,
        on_end: Option<Box<dyn FnOnce() + Send>>,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = sync_channel(WRITER_QUEUE_MAX);
        let replays = Replays::load(&db)?;
        let checkpoints = Checkpoints::start(&mut db, wal_pages_max)?;
        let committer = Committer {
            db,
            checkpoints,
            replays,
            windows: Windows::default(),
            highest_id: 0,
            highest_id_kept: 0,
        };
        let thread = std::thread::Builder::new()
            .name("guise-writer".to_owned())
            .spawn(move || committer.run(&jobs, Alarm(on_end)))?;
        Ok(Self { queue, thread: Mutex::new(Some(thread)) })
    }

    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Step<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        let (caller, answer) = oneshot::channel();
        let job = Box::new(Task { work: Some(work), result: None, caller });
        self.queue.try_send(Some(job)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Unavailable("the writer's queue is full".into()),
            TrySendError::Disconnected(_) => closed(),
        })?;
        answer.await.map_err(|_| closed())?
    }

    /// Has everything queued written, and waits for the thread to end.
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return Ok(()) };
        // It cannot be sent when the thread has ended already.
        let _ = self.queue.send(None);
        thread.join().map_err(|_| StoreError::Failed("the writer had ended".to_owned()))
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.close();
    }
}

/// Calls what it holds when it is dropped, also by a panic.
struct Alarm(Option<Box<dyn FnOnce() + Send>>);

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call();
        }
    }
}

struct Committer {
    db: Connection,
    checkpoints: Checkpoints,
    replays: Replays,
    windows: Windows,
    highest_id: i64,
    highest_id_kept: i64,
}

impl Committer {
    fn run(mut self, jobs: &Receiver<Option<Box<dyn Job>>>, mut alarm: Alarm) {
        let mut open = true;
        while open {
            let Ok(first) = jobs.recv() else { break };
            let mut group = Vec::new();
            for job in std::iter::once(first).chain(jobs.try_iter()).take(COMMIT_GROUP_MAX) {
                open = open && job.is_some();
                group.extend(job);
            }
            self.commit_group(group);
            if !self.db.is_autocommit() {
                tracing::error!("a transaction can neither be committed nor rolled back");
                return;
            }
            self.checkpoints.tend(&self.db);
        }
        drop(self.checkpoints);
        if let Err(error) = self.db.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())) {
            tracing::warn!(%error, "the write-ahead log stays for the next start");
        }
        alarm.0 = None;
    }

    fn commit_group(&mut self, jobs: Vec<Box<dyn Job>>) {
        let mut ran = Vec::with_capacity(jobs.len());
        for mut job in jobs {
            let result = self.attempt(job.as_mut());
            // A full disk rolls back the whole transaction, and whatever is done next is a transaction of its own:
            // the group so far is lost, and the next job opens a new one.
            let lost = self.db.is_autocommit().then(|| result.clone().err()).flatten();
            ran.push((job, result));
            if self.db.is_autocommit() {
                let lost = lost.unwrap_or_else(|| StoreError::Unavailable("rolled back".into()));
                self.forget_group();
                answer(ran.drain(..), &Err(lost));
            }
        }
        if ran.is_empty() {
            return;
        }
        let kept = self.commit();
        if kept.is_ok() {
            self.replays.commit();
            self.windows.end();
            self.highest_id_kept = self.highest_id;
        } else {
            self.roll_back();
        }
        answer(ran.into_iter(), &kept);
    }

    /// Runs a job in a savepoint. Afterwards its work is in the transaction, or no trace of it is, or the transaction
    /// is gone.
    fn attempt(&mut self, job: &mut dyn Job) -> Result<(), StoreError> {
        if self.db.is_autocommit() {
            self.execute(BEGIN)?;
        }
        self.execute(SAVEPOINT).inspect_err(|_| self.roll_back())?;
        let marks = (self.replays.mark(), self.windows.mark());
        let Self { db, replays, windows, highest_id, .. } = self;
        let result = job.run(&mut Step { db, replays, windows, highest_id });
        if result.is_err() {
            self.replays.roll_back_to(marks.0);
            self.windows.roll_back_to(marks.1);
            if !self.db.is_autocommit() {
                self.execute(ROLLBACK_TO).inspect_err(|_| self.roll_back())?;
            }
        }
        if !self.db.is_autocommit() {
            self.execute(RELEASE).inspect_err(|_| self.roll_back())?;
        }
        result
    }

    fn commit(&self) -> Result<(), StoreError> {
        self.windows.keep(&self.db).map_err(|error| store_error(&error))?;
        if self.highest_id > self.highest_id_kept {
            query::execute(&self.db, KEEP_HIGHEST_ID, [self.highest_id])
                .map_err(|error| store_error(&error))?;
        }
        self.execute(COMMIT)
    }

    /// Forgets what the group did beside the database.
    fn forget_group(&mut self) {
        self.replays.roll_back();
        self.windows.end();
    }

    fn roll_back(&mut self) {
        self.forget_group();
        if !self.db.is_autocommit()
            && let Err(error) = self.execute(ROLLBACK)
        {
            tracing::error!(%error, "rolling back failed");
        }
    }

    fn execute(&self, sql: &str) -> Result<(), StoreError> {
        query::execute(&self.db, sql, ()).map(drop).map_err(|error| store_error(&error))
    }
}

/// Answers jobs that ran: with their own failure, or else with what became of the group.
fn answer(
    jobs: impl Iterator<Item = (Box<dyn Job>, Result<(), StoreError>)>,
    kept: &Result<(), StoreError>,
) {
    for (job, result) in jobs {
        job.answer(result.and_then(|()| kept.clone()));
    }
}

//! Writing the write-ahead log back into the database while the writer goes on.
//!
//! A checkpoint of thousands of pages takes tens of milliseconds, and the log can begin anew only once all of it is
//! written back and nobody reads from it: whoever writes without a pause would either wait for that or let the log grow.
//! So a thread of its own writes back nearly all, and the writer only the few pages that came meanwhile.

use std::ffi::c_int;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::hooks::Wal;
use rusqlite::wal::CheckpointMode;
use rusqlite::{Connection, ErrorCode, MAIN_DB, OpenFlags};

use crate::error::OpenError;
use crate::schema::BUSY_MILLIS;

/// How long the writer waits for readers of the log: they take far less, and there will be another time.
const READERS_MILLIS: u64 = 20;

/// The writer's end of it.
pub(crate) struct Checkpoints {
    /// Pages in the log, and from how many on it is written back.
    pages: Arc<AtomicU32>,
    pages_max: u32,
    /// Whether the other thread was asked, and whether it has done what it was asked for.
    asked: bool,
    done: Arc<AtomicBool>,
    trouble: Trouble,
    ask: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Starts the thread for the database of `writer`, whose own automatic checkpoints end.
    pub(crate) fn start(writer: &mut Connection, pages_max: u32) -> Result<Self, OpenError> {
        let pages = Arc::new(AtomicU32::new(0));
        let noted = Arc::clone(&pages);
        writer.wal_hook(Some(move |_: &mut Wal, pages: c_int| {
            noted.store(pages.unsigned_abs(), Ordering::Relaxed);
            Ok(())
        }))?;
        let done = Arc::new(AtomicBool::new(false));
        let (ask, asked) = sync_channel(1);
        let worker = Worker {
            path: writer.path().map(PathBuf::from).unwrap_or_default(),
            done: Arc::clone(&done),
        };
        let thread = std::thread::Builder::new()
            .name("guise-checkpoint".to_owned())
            .spawn(move || worker.run(&asked))?;
        let trouble = Trouble::default();
        let (ask, thread) = (Some(ask), Some(thread));
        Ok(Self { pages, pages_max, asked: false, done, trouble, ask, thread })
    }

    /// Sees to it, after a commit, that the log does not grow.
    pub(crate) fn tend(&mut self, db: &Connection) {
        if self.asked && self.done.load(Ordering::Acquire) {
            self.asked = false;
            self.trouble.tell(begin_anew(db));
        } else if !self.asked && self.pages.load(Ordering::Relaxed) >= self.pages_max {
            self.done.store(false, Ordering::Release);
            self.asked = self.ask.as_ref().is_some_and(|ask| ask.try_send(()).is_ok());
        }
    }
}

impl Drop for Checkpoints {
    /// Waits for the thread: the last checkpoint of all is the writer's.
    fn drop(&mut self) {
        self.ask = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Writes back the last pages, so that the next write begins the log anew.
fn begin_anew(db: &Connection) -> rusqlite::Result<()> {
    db.busy_timeout(Duration::from_millis(READERS_MILLIS))?;
    let begun = db.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::RESTART);
    db.busy_timeout(Duration::from_millis(BUSY_MILLIS))?;
    begun.map(drop)
}

/// Whether checkpoints fail, which is told once and not for every commit.
#[derive(Default)]
struct Trouble(bool);

impl Trouble {
    /// Somebody who reads or writes for long only puts a checkpoint off.
    fn tell(&mut self, checkpoint: rusqlite::Result<()>) {
        let failed =
            checkpoint.err().filter(|it| it.sqlite_error_code() != Some(ErrorCode::DatabaseBusy));
        if let Some(error) = failed.as_ref().filter(|_| !self.0) {
            tracing::error!(%error, "the write-ahead log cannot be written back: it grows");
        }
        self.0 = failed.is_some();
    }
}

/// The other thread.
struct Worker {
    path: PathBuf,
    done: Arc<AtomicBool>,
}

impl Worker {
    fn run(self, asked: &Receiver<()>) {
        let (mut db, mut trouble) = (None, Trouble::default());
        while asked.recv().is_ok() {
            trouble.tell(self.write_back(&mut db));
            self.done.store(true, Ordering::Release);
        }
    }

    fn write_back(&self, db: &mut Option<Connection>) -> rusqlite::Result<()> {
        let db = match db {
            Some(db) => db,
            None => db.insert(self.connect()?),
        };
        db.wal_checkpoint_v2(Some(MAIN_DB), CheckpointMode::PASSIVE).map(drop)
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags)?;
        // Pages count as written back only once they are on the disk.
        db.execute_batch("PRAGMA synchronous = full;")?;
        Ok(db)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROWS: u32 = 1000;
    const PAGES_MAX: u32 = 20;

    #[test]
    fn the_log_stays_short_although_there_is_always_somebody_who_writes_and_reads() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("guise.db");
        let mut db = Connection::open(&path).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = full; CREATE TABLE t (row BLOB);",
        )
        .unwrap();
        let mut checkpoints = Checkpoints::start(&mut db, PAGES_MAX).unwrap();
        let written = Arc::new(AtomicBool::new(false));
        let reader = std::thread::spawn({
            let (path, written) = (path.clone(), Arc::clone(&written));
            move || {
                let db = Connection::open(path).unwrap();
                while !written.load(Ordering::Relaxed) {
                    let newest = db.query_row("SELECT max(rowid) FROM t", (), |row| row.get(0));
                    assert!(newest.unwrap_or(Some(u32::MAX)) <= Some(ROWS));
                }
            }
        });
        let mut longest = 0;
        for _ in 0..ROWS {
            db.execute("INSERT INTO t VALUES (zeroblob(3000))", ()).unwrap();
            checkpoints.tend(&db);
            longest = longest.max(checkpoints.pages.load(Ordering::Relaxed));
        }
        written.store(true, Ordering::Relaxed);
        reader.join().unwrap();
        drop(checkpoints);
        assert!((PAGES_MAX..ROWS / 2).contains(&longest), "{longest} pages in the log");
        drop(db);
        let count =
            Connection::open(path)
                .unwrap()
                .query_row("SELECT count(*) FROM t", (), |row| row.get::<_, u32>(0));
        assert_eq!(count.unwrap(), ROWS);
    }
}

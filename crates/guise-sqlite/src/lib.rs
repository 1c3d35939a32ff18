//! The embedded store: `SQLite` behind a group-committing writer.
//!
//! One thread owns the one connection that writes. Jobs queue while the disk is busy with the commit before them; the
//! thread takes all that wait, commits once, and answers all. Readers have read-only connections of their own. Other
//! processes may read and write the same file, but only one of them may serve requests: the keys of requests already
//! seen are held in its memory.

mod accounts;
mod admission;
mod answers;
mod apps;
mod attempts;
mod checkpoint;
mod credentials;
mod edits;
mod erasure;
mod error;
mod exchange;
mod grants;
mod installation;
mod log;
mod media;
mod messages;
pub mod moving;
mod names;
mod profiles;
mod query;
mod rates;
mod readers;
mod replays;
mod schema;
mod segments;
mod send;
mod sessions;
mod signals;
mod tokens;
mod windows;
mod writer;

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use guise_domain::{PageRequest, StoreError, Timestamp};
use rusqlite::Connection;

pub use crate::error::OpenError;
use crate::readers::Readers;
use crate::writer::{Step, Writer};

/// Rows removed in one step of a sweep.
const SWEPT_AT_ONCE: i64 = 1000;

/// Items of a page that is read at a glance.
const SHORT_PAGE: u32 = 50;

/// How to open a [`SqliteStore`].
pub struct Options {
    /// Pages of write-ahead log after which they are written back into the database, beside the writer. Larger is
    /// faster and leaves a larger `-wal` file.
    pub wal_checkpoint_pages: u32,
    /// Connections that read.
    pub readers: u32,
    /// Pages beyond which the database is full, for testing what happens then.
    pub pages_max: Option<u32>,
    /// Called on the writer's thread when it ends although nobody closed the store: a bug, or a broken disk. Nothing
    /// is written from then on, so the program had better exit.
    pub on_writer_end: Option<Box<dyn FnOnce() + Send>>,
    /// Whether a server runs on the database: asked before an upgrade, which it would not know of.
    pub in_use: Option<Box<dyn Fn() -> bool + Send>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            wal_checkpoint_pages: 16_000,
            readers: 4,
            pages_max: None,
            on_writer_end: None,
            in_use: None,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("wal_checkpoint_pages", &self.wal_checkpoint_pages)
            .field("readers", &self.readers)
            .field("pages_max", &self.pages_max)
            .finish_non_exhaustive()
    }
}

/// A store in one `SQLite` file. Clones share it; the last one to go closes it, after everything queued is written.
#[derive(Clone)]
pub struct SqliteStore {
    readers: Arc<Readers>,
    writer: Arc<Writer>,
}

impl SqliteStore {
    /// Opens the database at `path`, making or migrating it when needed. Before an existing database is migrated to
    /// version N it is copied to `<path>.before-vN`.
    ///
    /// # Errors
    /// When the file is not Guise's, was written by a newer Guise, or cannot be opened.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let db = schema::open(path, &options)?;
        let readers = Readers::open(path, options.readers)?;
        let writer = Writer::start(db, options.wal_checkpoint_pages, options.on_writer_end)?;
        Ok(Self { readers: Arc::new(readers), writer: Arc::new(writer) })
    }

    /// Runs `step` on the writer's thread, wholly or not at all, and answers once it is durable.
    async fn write<T, F>(&self, step: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Step<'_>) -> rusqlite::Result<T> + Send + 'static,
    {
        self.writer.write(step).await
    }

    /// Removes rows whose time is over at `now`, so many in a step that other writes need not wait for a sweep of all;
    /// how many. The statement takes the moment and the number.
    async fn sweep(&self, sql: &'static str, now: Timestamp) -> Result<u64, StoreError> {
        let mut count = 0;
        loop {
            let swept = self.write(move |step| step.execute(sql, (now.millis(), SWEPT_AT_ONCE)));
            let swept = swept.await? as u64;
            count += swept;
            if swept < SWEPT_AT_ONCE.unsigned_abs() {
                return Ok(count);
            }
        }
    }

    /// Runs `query` on a connection that only reads.
    async fn read<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.readers.read(query).await
    }

    /// The same for a query of a few rows that are found at once.
    async fn glance<T, F>(&self, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        self.readers.glance(query).await
    }

    /// The same for a page, whose rows lie together.
    async fn read_page<T, F>(&self, page: PageRequest, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        if page.count > SHORT_PAGE { self.read(query).await } else { self.glance(query).await }
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

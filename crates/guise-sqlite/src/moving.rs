//! Moving an installation out of its file, from another process and while a server goes on working with it.
//!
//! Triggers, which act on the server's connection too, note the key of every row that changes. A row that nobody noted
//! is as it was when that began, so rows can be read a few at a time and yet be those of one moment. What was noted is
//! read afterwards, again and again, each time in a snapshot. In the end other triggers refuse every change, and the last
//! of what was noted is read. Nothing is taken away from the tables themselves.

mod notes;
mod snapshot;

use std::path::{Path, PathBuf};
use std::time::Duration;

use guise_domain::StoreError;
use guise_domain::moving::{Row, Table, Value};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior};

use crate::error::{OpenError, store_error};
use crate::schema;

use notes::Notes;
pub use snapshot::{Noted, Snapshot};

/// How long a statement waits for the server, which may be writing all the time.
const BUSY_SECONDS: u64 = 60;
/// Notes that are removed in one transaction, for which the server has to wait.
const FORGOTTEN_AT_ONCE: i64 = 10_000;

/// How far the move of an installation is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Nobody moves it.
    Still,
    /// It is being moved. The bytes name this move.
    Moving(Vec<u8>),
    /// The same, and nothing of it can be changed any more.
    Sealed(Vec<u8>),
    /// It was moved.
    Moved(Vec<u8>),
}

/// An installation that is moved out of a file.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    /// Writes notes' tables and triggers.
    db: Connection,
    /// Only reads.
    look: Connection,
    notes: Vec<Notes>,
}

/// Rows that were read one after the other, and the place of the last one; none when there are no more.
pub type Chunk = Option<(Vec<Row>, Row)>;

impl Source {
    /// Opens the database at `path`, of which `tables` are to be moved.
    ///
    /// # Errors
    /// When the file is not Guise's, is of another version, or cannot be opened; and when it has tables or columns that
    /// would be left behind.
    pub fn open(path: &Path, tables: &[Table]) -> Result<Self, OpenError> {
        Self::connect(path, |db| Notes::of(db, tables))
    }

    fn connect(
        path: &Path,
        notes: impl FnOnce(&Connection) -> Result<Vec<Notes>, OpenError>,
    ) -> Result<Self, OpenError> {
        // One that is not there must not be made.
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let db = Connection::open_with_flags(path, flags)?;
            db.busy_timeout(Duration::from_secs(BUSY_SECONDS))?;
            // Notes name what is erased, too.
            db.execute_batch("PRAGMA trusted_schema = off; PRAGMA secure_delete = on;")?;
            Ok::<_, rusqlite::Error>(db)
        };
        let (mut db, look) = (open()?, open()?);
        if !schema::is_of_this_version(&mut db, path)? {
            return Err(OpenError::Older(path.to_owned()));
        }
        db.execute_batch("PRAGMA synchronous = full;")?;
        let notes = notes(&db)?;
        Ok(Self { path: path.to_owned(), db, look, notes })
    }

    /// Opens the database at `path` only to take a move back.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_to_abandon(path: &Path) -> Result<Self, OpenError> {
        Self::connect(path, |_| Ok(Vec::new()))
    }

    /// How far it is moved.
    ///
    /// # Errors
    /// When the database cannot be read, or was brought up to date since the move began: triggers may be gone.
    pub fn stage(&self) -> Result<Stage, StoreError> {
        match self.kept()? {
            Some((version, _)) if version != schema::known() => {
                let what = "it was brought up to date while it was being moved: take the move back with --abandon, and \
                            begin it anew with an empty database";
                Err(StoreError::Failed(what.to_owned()))
            }
            kept => Ok(kept.map_or(Stage::Still, |(_, stage)| stage)),
        }
    }

    /// The same whatever was brought up to date.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn stage_to_abandon(&self) -> Result<Stage, StoreError> {
        Ok(self.kept()?.map_or(Stage::Still, |(_, stage)| stage))
    }

    fn kept(&self) -> Result<Option<(i64, Stage)>, StoreError> {
        let exists = "SELECT 1 FROM sqlite_schema WHERE name = 'moving'";
        if read(self.look.query_row(exists, (), |_| Ok(())).optional())?.is_none() {
            return Ok(None);
        }
        let kept = "SELECT version, id, stage FROM moving";
        let row = |row: &rusqlite::Row<'_>| row.try_into();
        let (version, id, stage): (i64, Vec<u8>, i64) = read(self.look.query_row(kept, (), row))?;
        let stage = match stage {
            0 => Stage::Moving(id),
            1 => Stage::Sealed(id),
            _ => Stage::Moved(id),
        };
        Ok(Some((version, stage)))
    }

    /// The proof of the key that its secrets are sealed with, if it has any.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn key_proof(&self) -> Result<Option<Vec<u8>>, StoreError> {
        read(self.look.query_row("SELECT key_proof FROM installation", (), |row| row.get(0)))
    }

    /// How many requests that were seen have no caller, being from before that was kept, and until when they matter, in
    /// milliseconds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn callers_unknown_until(&self) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(until) FROM replays WHERE caller IS NULL";
        read(self.look.query_row(sql, (), |row| row.get(0)))
    }

    /// Begins a move called `id`: from now on what changes is noted. One that was begun before is forgotten.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn begin(&mut self, id: &[u8]) -> Result<(), StoreError> {
        let mut sql = "CREATE TABLE moving (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL,
            id BLOB NOT NULL, stage INTEGER NOT NULL, target TEXT) STRICT;"
            .to_owned();
        sql.extend(self.notes.iter().map(Notes::make));
        let step = begin(&mut self.db)?;
        let made = remove(&step, &["moving", "sealed"])
            .and_then(|()| step.execute_batch(&sql))
            .and_then(|()| {
                let keep = "INSERT INTO moving VALUES (1, ?1, ?2, 0, NULL)";
                step.execute(keep, (schema::known(), id))
            });
        read(made.and_then(|_| step.commit()))
    }

    /// Has every change refused from now on, because all is moved to `target`.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn seal(&mut self, target: &str) -> Result<(), StoreError> {
        let sql: String = sources(&self.notes).map(seals).collect();
        let step = begin(&mut self.db)?;
        let done = remove(&step, &["sealed"])
            .and_then(|()| step.execute_batch(&sql))
            .and_then(|()| step.execute("UPDATE moving SET stage = 1, target = ?1", [target]));
        read(done.and_then(|_| step.commit()))
    }

    /// Takes changes again, and goes on noting them.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn unseal(&mut self) -> Result<(), StoreError> {
        let step = begin(&mut self.db)?;
        let done = remove(&step, &["sealed"])
            .and_then(|()| step.execute("UPDATE moving SET stage = 0, target = NULL", ()));
        read(done.and_then(|_| step.commit()))
    }

    /// Keeps that all of it is in its new place. It stays sealed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn finish(&mut self) -> Result<(), StoreError> {
        let step = begin(&mut self.db)?;
        let done = remove(&step, &["moving_"])
            .and_then(|()| step.execute("UPDATE moving SET stage = 2", ()));
        read(done.and_then(|_| step.commit()))
    }

    /// Takes away whatever a move left in the database.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn abandon(&mut self) -> Result<(), StoreError> {
        let step = begin(&mut self.db)?;
        read(remove(&step, &["moving", "sealed"]).and_then(|()| step.commit()))
    }

    /// The number of a table's rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn count(&self, table: usize) -> Result<u64, StoreError> {
        self.notes(table).and_then(|notes| notes.count(&self.look))
    }

    /// The next rows of a table after a place, at most so many, without those that were noted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn chunk(&self, table: usize, after: Option<&Row>, of: u32) -> Result<Chunk, StoreError> {
        self.notes(table).and_then(|notes| notes.chunk(&self.look, after, of))
    }

    /// What is in the database now, whatever is written meanwhile.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot<'_>, StoreError> {
        Snapshot::new(&self.look, &self.notes)
    }

    /// Forgets what was noted up to these numbers, one for each table.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn forget(&mut self, up_to: &[i64]) -> Result<(), StoreError> {
        for (notes, up_to) in self.notes.iter().zip(up_to) {
            let sql = notes.forget();
            while read(self.db.execute(&sql, (up_to, FORGOTTEN_AT_ONCE)))? > 0 {}
        }
        Ok(())
    }

    fn notes(&self, table: usize) -> Result<&Notes, StoreError> {
        let name = || format!("{} has no table {table}", self.path.display());
        self.notes.get(table).ok_or_else(|| StoreError::Failed(name()))
    }
}

fn begin(db: &mut Connection) -> Result<rusqlite::Transaction<'_>, StoreError> {
    read(db.transaction_with_behavior(TransactionBehavior::Immediate))
}

/// Removes the triggers and tables whose names begin so.
fn remove(db: &Connection, prefixes: &[&str]) -> rusqlite::Result<()> {
    // Triggers first: those of the tables that are moved stay when the tables of notes go.
    let ours = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'trigger')
        AND substr(name, 1, length(?1)) = ?1 ORDER BY type DESC";
    for prefix in prefixes {
        for (kind, name) in crate::query::all(db, ours, [prefix], |row| row.try_into())? {
            let (kind, name): (String, String) = (kind, name);
            db.execute_batch(&format!("DROP {kind} {name}"))?;
        }
    }
    Ok(())
}

/// The tables that are moved from, each once.
fn sources(notes: &[Notes]) -> impl Iterator<Item = &str> {
    let mut names: Vec<&str> = notes.iter().map(Notes::source).chain(["installation"]).collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter()
}

/// What refuses every change to a table.
fn seals(table: &str) -> String {
    let refusing = |change: &str| {
        format!(
            "CREATE TRIGGER sealed_{table}_{change} BEFORE {change} ON {table}
            BEGIN SELECT raise(ABORT, '{SEALED}'); END;"
        )
    };
    ["INSERT", "UPDATE", "DELETE"].map(refusing).concat()
}

/// What a change to a sealed database is refused with.
pub(crate) const SEALED: &str = "the installation is moved to another store";

/// Where the installation in this database is moved to, if it is sealed; and whether that is over.
pub(crate) fn moved_to(db: &Connection) -> rusqlite::Result<Option<(String, bool)>> {
    let exists = "SELECT 1 FROM sqlite_schema WHERE name = 'moving'";
    if db.query_row(exists, (), |_| Ok(())).optional()?.is_none() {
        return Ok(None);
    }
    let sealed = "SELECT target, stage = 2 FROM moving WHERE stage > 0";
    db.query_row(sealed, (), |row| row.try_into()).optional()
}

fn read<T>(done: rusqlite::Result<T>) -> Result<T, StoreError> {
    done.map_err(|error| store_error(&error))
}

/// A row's columns from `first` on, `count` of them.
fn values(row: &rusqlite::Row<'_>, first: usize, count: usize) -> rusqlite::Result<Row> {
    (first..first + count).map(|column| value(row.get_ref(column)?)).collect()
}

fn value(found: ValueRef<'_>) -> rusqlite::Result<Value> {
    Ok(match found {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Number(number),
        ValueRef::Text(text) => {
            Value::Text(std::str::from_utf8(text).map_err(crate::error::impossible)?.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_owned()),
        ValueRef::Real(number) => return Err(crate::error::impossible(number)),
    })
}

//! One moment of the database.

use guise_domain::StoreError;
use guise_domain::moving::{Row, Sum};
use rusqlite::{Connection, Transaction};

use super::notes::Notes;
use super::read;
use crate::error::impossible;

/// Keys that were noted, and what became of their rows.
#[derive(Debug, Default)]
pub struct Noted {
    /// All of them.
    pub keys: Vec<Row>,
    /// Those that nothing is kept under.
    pub gone: Vec<Row>,
    /// What is kept under the others.
    pub rows: Vec<Row>,
}

/// What is in the database at one moment, for as long as this is kept. The log of what is written grows meanwhile.
#[derive(Debug)]
pub struct Snapshot<'a> {
    db: Transaction<'a>,
    notes: &'a [Notes],
    /// The number of the last note of each table.
    pub last: Vec<i64>,
}

impl<'a> Snapshot<'a> {
    pub(super) fn new(db: &'a Connection, notes: &'a [Notes]) -> Result<Self, StoreError> {
        let db = read(db.unchecked_transaction())?;
        let last = notes.iter().map(|notes| notes.last(&db)).collect::<Result<_, _>>()?;
        Ok(Self { db, notes, last })
    }

    /// What was noted of a table after a number, at most so many notes, with the last one's number; `None` when there is
    /// nothing more.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn noted(
        &self,
        table: usize,
        after: i64,
        of: u32,
    ) -> Result<Option<(Noted, i64)>, StoreError> {
        let up_to = self.last.get(table).copied().unwrap_or_default();
        self.notes(table)?.noted(&self.db, (after, up_to), of)
    }

    /// What a table holds.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn sum(&self, table: usize) -> Result<Sum, StoreError> {
        let mut sum = Sum::default();
        self.notes(table)?.each(&self.db, |row| sum.add(&row))?;
        Ok(sum)
    }

    /// The number of a table's rows.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn count(&self, table: usize) -> Result<u64, StoreError> {
        self.notes(table)?.count(&self.db)
    }

    /// The highest id that was ever kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn highest_id(&self) -> Result<i64, StoreError> {
        read(self.db.query_row("SELECT highest_id FROM installation", (), |row| row.get(0)))
    }

    fn notes(&self, table: usize) -> Result<&Notes, StoreError> {
        let missing = || impossible(format!("no table {table}"));
        self.notes.get(table).ok_or_else(|| crate::error::store_error(&missing()))
    }
}

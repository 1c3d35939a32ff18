//! Putting in place what changed, all of it or nothing.

use guise_domain::StoreError;
use guise_domain::moving::Row;

use super::table::Shape;
use crate::error::{Queried, impossible};
use crate::query::Db;

/// A transaction. What is not committed is not kept.
pub struct Pass<'a> {
    db: Db,
    shapes: &'a [Shape],
}

impl std::fmt::Debug for Pass<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pass").finish_non_exhaustive()
    }
}

impl<'a> Pass<'a> {
    pub(super) fn new(db: Db, shapes: &'a [Shape]) -> Self {
        Self { db, shapes }
    }

    /// Removes rows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn remove(&self, table: usize, keys: &[Row]) -> Result<(), StoreError> {
        Ok(self.shape(table)?.remove(&self.db, keys).await?)
    }

    /// Makes room for rows: what no two may have the same of, those with these keys have no longer.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn make_room(&self, table: usize, keys: &[Row]) -> Result<(), StoreError> {
        Ok(self.shape(table)?.make_room(&self.db, keys).await?)
    }

    /// Puts rows, in the place of those with the same keys.
    ///
    /// # Errors
    /// When the database does not answer, or refuses them.
    pub async fn put(&self, table: usize, rows: &[Row]) -> Result<(), StoreError> {
        Ok(self.shape(table)?.put(&self.db, rows).await?)
    }

    /// Keeps all of it.
    ///
    /// # Errors
    /// When the database does not answer; it may have been kept all the same.
    pub async fn commit(self) -> Result<(), StoreError> {
        Ok(super::close(self.db).await?)
    }

    fn shape(&self, table: usize) -> Queried<&Shape> {
        self.shapes.get(table).ok_or_else(|| impossible(format!("no table {table}")))
    }
}

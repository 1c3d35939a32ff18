//! Moving an installation into a database, whose servers do not start until all of it is there.
//!
//! What is to be moved, and what it is called where it comes from, is read from the database's own catalogue: a table or
//! column that is added to the schema is moved without a word here, or is told to be missing there.

mod pass;
mod table;

use guise_domain::StoreError;
use guise_domain::moving::{Row, Sum, Table};

use crate::address::Address;
use crate::error::{OpenError, Queried};
use crate::query::{Columns, Db, execute, one};
use crate::{Options, pool, schema, tls};

pub use pass::Pass;
use table::{Shape, tables};

const BEGIN: &str = "BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0;
    SET LOCAL idle_in_transaction_session_timeout = 0";
const COMMIT: &str = "COMMIT";
const EXISTS: &str = "SELECT to_regclass('moving') IS NOT NULL";
const STAGE: &str = "SELECT id, complete FROM moving";
const IS_USED: &str =
    "SELECT key_proof IS NOT NULL OR EXISTS (SELECT 1 FROM accounts) FROM installation";
// `after` is the place of the last row that was copied.
const MAKE: &str = "CREATE TABLE moving (one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one), id BYTEA NOT NULL,
        complete BOOLEAN NOT NULL DEFAULT false);
    CREATE TABLE moving_tables (name TEXT PRIMARY KEY, after TEXT, complete BOOLEAN NOT NULL DEFAULT false)";
const KEEP: &str = "INSERT INTO moving (id) VALUES ($1)";
const POINT: &str = "SELECT after, complete FROM moving_tables WHERE name = $1";
const KEEP_POINT: &str = "INSERT INTO moving_tables (name, after, complete) VALUES ($1, $2, $3)
    ON CONFLICT (name) DO UPDATE SET after = coalesce(excluded.after, moving_tables.after), complete = $3";
// Whatever number a server gets, its ids are higher.
const KEEP_HIGHEST_ID: &str = "UPDATE nodes SET ceiling = greatest(ceiling, $1)";
const KEEP_KEY_PROOF: &str = "UPDATE installation SET key_proof = $1";
const COMPLETE: &str = "UPDATE moving SET complete = true";
const CLEAR: &str = "DROP TABLE moving_tables";

/// How far an installation is moved here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    Empty,
    /// One is being moved here. The bytes name this move.
    Moving(Vec<u8>),
    /// It was moved here.
    Moved(Vec<u8>),
    /// There is one that came otherwise.
    Used,
}

/// How far a table is copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Point {
    /// The place of the last row that was; nothing when there is none.
    pub after: Option<String>,
    /// Whether that is all.
    pub complete: bool,
}

/// A database that an installation is moved to.
pub struct Target {
    pool: deadpool_postgres::Pool,
    shapes: Vec<Shape>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target").finish_non_exhaustive()
    }
}

impl Target {
    /// Opens the database at `address`, making its tables when needed.
    ///
    /// # Errors
    /// As [`crate::PostgresStore::open`].
    pub async fn open(address: &str, options: Options) -> Result<Self, OpenError> {
        let address = Address::parse(address)?;
        let pool = pool(&address, tls::connector(&address)?, options)?;
        let mut target = Self { pool, shapes: Vec::new() };
        let db = target.db().await?;
        schema::open_to_move(&db, &address.name()).await?;
        target.shapes = tables(&db).await?;
        Ok(target)
    }

    /// What is moved, in the order that it is put in.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        self.shapes.iter().map(|shape| shape.table.clone()).collect()
    }

    /// How far an installation is moved here.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn stage(&self) -> Result<Stage, StoreError> {
        Ok(stage(&self.db().await?).await?)
    }

    /// Begins a move called `id`. Servers are refused from now on.
    ///
    /// # Errors
    /// When the database does not answer, or has an installation already.
    pub async fn begin(&self, id: &[u8]) -> Result<(), StoreError> {
        let db = self.opened().await?;
        db.lent()?.run(MAKE).await?;
        execute(&db, KEEP, (id,)).await?;
        Ok(close(db).await?)
    }

    /// How far a table is copied.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn point(&self, table: usize) -> Result<Point, StoreError> {
        let db = self.db().await?;
        let name = &*self.shape(table)?.table.name;
        let read =
            |row: &tokio_postgres::Row| Ok(Point { after: row.at(0)?, complete: row.at(1)? });
        Ok(one(&db, POINT, (name,), read).await?.unwrap_or_default())
    }

    /// Puts rows into a table, in the place of those with the same keys, and keeps how far it is copied.
    ///
    /// # Errors
    /// When the database does not answer, or refuses them.
    pub async fn copy(&self, table: usize, rows: &[Row], point: &Point) -> Result<(), StoreError> {
        let shape = self.shape(table)?;
        let db = self.opened().await?;
        shape.put(&db, rows).await?;
        let name = &*shape.table.name;
        execute(&db, KEEP_POINT, (name, point.after.as_deref(), point.complete)).await?;
        Ok(close(db).await?)
    }

    /// Begins to put in place what was noted.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn pass(&self) -> Result<Pass<'_>, StoreError> {
        Ok(Pass::new(self.opened().await?, &self.shapes))
    }

    /// What a table holds.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn sum(&self, table: usize) -> Result<Sum, StoreError> {
        let db = self.opened().await?;
        let sum = self.shape(table)?.sum(&db).await?;
        close(db).await?;
        Ok(sum)
    }

    /// The number of a table's rows.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn count(&self, table: usize) -> Result<u64, StoreError> {
        let db = self.opened().await?;
        let count = self.shape(table)?.count(&db).await?;
        close(db).await?;
        Ok(count)
    }

    /// Those rows of a table that are kept under these keys.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn rows(&self, table: usize, keys: &[Row]) -> Result<Vec<Row>, StoreError> {
        Ok(self.shape(table)?.rows(&self.db().await?, keys).await?)
    }

    /// Says that all of it is here: servers may start. No id up to `highest_id` is made again.
    ///
    /// # Errors
    /// When the database does not answer; it may have been kept all the same.
    pub async fn complete(
        &self,
        highest_id: i64,
        key_proof: Option<&[u8]>,
    ) -> Result<(), StoreError> {
        let db = self.opened().await?;
        execute(&db, KEEP_HIGHEST_ID, (highest_id,)).await?;
        execute(&db, KEEP_KEY_PROOF, (key_proof,)).await?;
        db.lent()?.run(CLEAR).await?;
        db.lent()?.run(COMPLETE).await?;
        // What it knows of its tables is of when they were empty.
        close(db).await?;
        Ok(self.db().await?.lent()?.run("ANALYZE").await?)
    }

    fn shape(&self, table: usize) -> Queried<&Shape> {
        self.shapes.get(table).ok_or_else(|| crate::error::impossible(format!("no table {table}")))
    }

    async fn db(&self) -> Queried<Db> {
        Db::of(&self.pool).await
    }

    /// A connection in a transaction that may take as long as it takes. It is closed unless that ends well.
    async fn opened(&self) -> Queried<Db> {
        let db = self.db().await?;
        let lent = db.lent()?;
        lent.set_unfit(true);
        lent.run(BEGIN).await?;
        Ok(db)
    }
}

async fn close(db: Db) -> Queried<()> {
    let lent = db.lent()?;
    lent.run(COMMIT).await?;
    lent.set_unfit(false);
    Ok(())
}

async fn stage(db: &Db) -> Queried<Stage> {
    if one(db, EXISTS, (), |row| row.at(0)).await? == Some(true) {
        let found = one(db, STAGE, (), |row| Ok((row.at::<Vec<u8>>(0)?, row.at(1)?))).await?;
        if let Some((id, complete)) = found {
            return Ok(if complete { Stage::Moved(id) } else { Stage::Moving(id) });
        }
    }
    let used = one(db, IS_USED, (), |row| row.at(0)).await?;
    Ok(if used == Some(true) { Stage::Used } else { Stage::Empty })
}

/// Whether an installation is being moved here, and not all of it is here yet.
pub(crate) async fn is_incomplete(db: &Db) -> Queried<bool> {
    Ok(matches!(stage(db).await?, Stage::Moving(_)))
}

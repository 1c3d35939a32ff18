//! Running one statement, prepared once per connection; whole numbers.

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::impossible;

/// Statements kept prepared per connection; more than there are in this crate.
const STATEMENTS: usize = 128;

/// Has every statement prepared once: there is room for all, and none is planned anew for the values it is given.
pub(crate) fn keep_statements(db: &Connection) -> rusqlite::Result<()> {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// Rows changed.
pub(crate) fn execute(db: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    db.prepare_cached(sql)?.execute(params)
}

/// The first row, if there is one.
pub(crate) fn one<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Option<T>> {
    db.prepare_cached(sql)?.query_row(params, read).optional()
}

/// Every row.
pub(crate) fn all<T>(
    db: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> rusqlite::Result<Vec<T>> {
    db.prepare_cached(sql)?.query_map(params, read)?.collect()
}

/// A count as `SQLite` keeps it.
pub(crate) fn signed(count: u64) -> rusqlite::Result<i64> {
    i64::try_from(count).map_err(impossible)
}

/// A count as `SQLite` kept it.
pub(crate) fn unsigned(count: i64) -> rusqlite::Result<u64> {
    u64::try_from(count).map_err(impossible)
}

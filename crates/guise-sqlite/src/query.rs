//! Running one statement, prepared once per connection; whole numbers; pages.

use guise_domain::{Page, PageRequest};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::impossible;

/// Statements kept prepared per connection; more than there are in this crate.
const STATEMENTS: usize = 128;

/// Makes room for every statement.
pub(crate) fn keep_statements(db: &Connection) {
    db.set_prepared_statement_cache_capacity(STATEMENTS);
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

/// Parameters of a statement that reads a page: the highest id, and one item more than the page has, which tells
/// whether there is another page.
pub(crate) fn below(page: PageRequest) -> (i64, i64) {
    let highest = page.before.map_or(i64::MAX, |before| before.saturating_sub(1));
    (highest, i64::from(page.count) + 1)
}

/// The page made of what such a statement read.
pub(crate) fn page_of<T>(mut items: Vec<T>, page: PageRequest, id: impl Fn(&T) -> i64) -> Page<T> {
    let count = usize::try_from(page.count).unwrap_or(usize::MAX);
    let more = items.len() > count;
    items.truncate(count);
    let next = if more { items.last().map(id) } else { None };
    Page { items, next }
}

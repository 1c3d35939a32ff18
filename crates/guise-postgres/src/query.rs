//! Running one statement, prepared once per connection; whole numbers.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::Client;
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Row, Statement};

use crate::error::{Error, Queried, impossible};

/// A connection on loan. It goes back to the pool unless it is spoilt, or a transaction is still open on it.
pub(crate) struct Db {
    client: Option<Client>,
    unfit: AtomicBool,
}

impl Db {
    pub(crate) fn new(client: Client) -> Self {
        Self { client: Some(client), unfit: AtomicBool::new(false) }
    }

    /// Says whether the connection would have to be closed now rather than used again.
    pub(crate) fn set_unfit(&self, unfit: bool) {
        self.unfit.store(unfit, Ordering::Relaxed);
    }

    /// Runs statements without parameters.
    pub(crate) async fn run(&self, sql: &str) -> Queried<()> {
        Ok(self.client()?.batch_execute(sql).await?)
    }

    async fn prepared(&self, sql: &str) -> Queried<(&Client, Statement)> {
        let client = self.client()?;
        Ok((client, client.prepare_cached(sql).await?))
    }

    fn client(&self) -> Queried<&Client> {
        self.client.as_ref().ok_or_else(|| impossible("a connection that was given back"))
    }
}

impl Drop for Db {
    fn drop(&mut self) {
        if *self.unfit.get_mut()
            && let Some(client) = self.client.take()
        {
            drop(Client::take(client));
        }
    }
}

/// Reading a row's columns.
pub(crate) trait Columns {
    /// What is in a column.
    fn at<'a, T: FromSql<'a>>(&'a self, column: usize) -> Queried<T>;
}

impl Columns for Row {
    fn at<'a, T: FromSql<'a>>(&'a self, column: usize) -> Queried<T> {
        Ok(self.try_get(column)?)
    }
}

/// What a statement takes.
pub(crate) trait Params {
    /// In their order.
    fn list(&self) -> Vec<&(dyn ToSql + Sync)>;
}

macro_rules! tuples {
    ($(($($name:ident),*))*) => {
        $(impl<$($name: ToSql + Sync),*> Params for ($($name,)*) {
            #[expect(clippy::allow_attributes, reason = "the empty tuple has no names")]
            #[allow(non_snake_case, reason = "names of types serve as names of values")]
            fn list(&self) -> Vec<&(dyn ToSql + Sync)> {
                let ($($name,)*) = self;
                vec![$($name),*]
            }
        })*
    };
}

tuples! {
    ()
    (A)
    (A, B)
    (A, B, C)
    (A, B, C, D)
    (A, B, C, D, E)
    (A, B, C, D, E, F)
    (A, B, C, D, E, F, G)
    (A, B, C, D, E, F, G, H)
    (A, B, C, D, E, F, G, H, I)
    (A, B, C, D, E, F, G, H, I, J)
    (A, B, C, D, E, F, G, H, I, J, K)
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N)
    (A, B, C, D, E, F, G, H, I, J, K, L, M, N, O)
}

/// Rows changed.
pub(crate) async fn execute(db: &Db, sql: &str, params: impl Params) -> Queried<u64> {
    let (client, statement) = db.prepared(sql).await?;
    Ok(client.execute(&statement, &params.list()).await?)
}

/// The first row, if there is one.
pub(crate) async fn one<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row) -> Queried<T>,
) -> Queried<Option<T>> {
    let (client, statement) = db.prepared(sql).await?;
    client.query(&statement, &params.list()).await?.first().map(read).transpose()
}

/// Every row.
pub(crate) async fn all<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row) -> Queried<T>,
) -> Queried<Vec<T>> {
    let (client, statement) = db.prepared(sql).await?;
    client.query(&statement, &params.list()).await?.iter().map(read).collect()
}

/// A count as `PostgreSQL` keeps it.
pub(crate) fn signed(count: u64) -> Queried<i64> {
    i64::try_from(count).map_err(impossible)
}

/// A count as `PostgreSQL` kept it.
pub(crate) fn unsigned<T: TryFrom<i64>>(row: &Row, column: usize) -> Queried<T>
where
    T::Error: std::fmt::Display,
{
    T::try_from(row.at(column)?).map_err(impossible)
}

/// Bytes of a known number.
pub(crate) fn bytes<const N: usize>(row: &Row, column: usize) -> Queried<[u8; N]> {
    row.at::<&[u8]>(column)?.try_into().map_err(impossible)
}

/// What `read` makes of a word; it knows every word that is kept.
pub(crate) fn known<T>(
    row: &Row,
    column: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> Queried<T> {
    maybe(row, column, read)?.ok_or_else(|| impossible(format!("no word in column {column}")))
}

/// The same of a column that may be absent.
pub(crate) fn maybe<T>(
    row: &Row,
    column: usize,
    read: impl FnOnce(&str) -> Option<T>,
) -> Queried<Option<T>> {
    let Some(word) = row.at::<Option<&str>>(column)? else { return Ok(None) };
    read(word).map(Some).ok_or_else(|| Error::Impossible(format!("{word} in column {column}")))
}

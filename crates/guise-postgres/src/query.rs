//! Running statements, each prepared once per connection; whole numbers.
//!
//! Most are written for one who runs them, with `$1` and so on. Those that many steps run at once are written for all
//! of them, over a table `asked` that has a row for each: what it asks with in `p1`, `p2`…, and its number in `n`,
//! which is the last column of what comes back.

use std::sync::atomic::{AtomicBool, Ordering};

use deadpool_postgres::{Client, Pool};
use tokio_postgres::types::{FromSql, ToSql};
use tokio_postgres::{Row, RowStream, Statement as Prepared};

use crate::error::{Error, Queried, impossible};
use crate::seat::Seat;
use crate::value::{Column, Param, Params, Value};

/// Where statements are run.
pub(crate) enum Db {
    /// On a connection that nobody else has meanwhile.
    Lent(Box<Lent>),
    /// In a transaction that other steps share.
    Seat(Seat),
}

/// A connection on loan. It goes back to the pool unless it is spoilt, or a transaction is still open on it.
pub(crate) struct Lent {
    client: Option<Client>,
    unfit: AtomicBool,
}

/// A statement, and what it takes.
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

/// A statement over `asked`, and who asks with what.
pub(crate) struct Many {
    pub(crate) sql: String,
    pub(crate) columns: Vec<Column>,
}

/// What a statement came to.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) rows: Vec<Row>,
    /// Rows found or changed.
    pub(crate) count: u64,
}

impl Lent {
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

    /// Prepares a statement, unless it was before on this connection.
    pub(crate) async fn prepare(&self, sql: &str) -> Queried<Prepared> {
        Ok(self.client()?.prepare_cached(sql).await?)
    }

    /// Runs a statement.
    pub(crate) async fn found(&self, prepared: &Prepared, params: &[Param]) -> Queried<Found> {
        let params: Vec<_> = params.iter().map(|param| &**param as &(dyn ToSql + Sync)).collect();
        let client = self.client()?;
        if prepared.columns().is_empty() {
            let count = client.execute(prepared, &params).await?;
            return Ok(Found { rows: Vec::new(), count });
        }
        let rows = client.query(prepared, &params).await?;
        let count = rows.len() as u64;
        Ok(Found { rows, count })
    }

    /// Runs a statement that takes nothing and finds much, of which no more is kept than is read.
    pub(crate) async fn stream(&self, sql: &str) -> Queried<RowStream> {
        let prepared = self.prepare(sql).await?;
        Ok(self.client()?.query_raw(&prepared, Vec::<i64>::new()).await?)
    }

    async fn find(&self, mut statement: Statement) -> Queried<Found> {
        self.found(&self.prepare(&statement.sql).await?, &statement.take()).await
    }

    async fn find_many(&self, mut many: Many) -> Queried<Found> {
        self.found(&self.prepare(&many.text()).await?, &many.take()).await
    }

    fn client(&self) -> Queried<&Client> {
        self.client.as_ref().ok_or_else(|| impossible("a connection that was given back"))
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if *self.unfit.get_mut()
            && let Some(client) = self.client.take()
        {
            drop(Client::take(client));
        }
    }
}

impl Statement {
    pub(crate) fn new(sql: &str, params: impl Params) -> Self {
        Self { sql: sql.to_owned(), values: params.list() }
    }

    /// What it takes.
    pub(crate) fn take(&mut self) -> Vec<Param> {
        std::mem::take(&mut self.values).into_iter().map(Value::param).collect()
    }
}

impl Many {
    /// A statement that one asks.
    pub(crate) fn of(statement: Statement) -> Queried<Self> {
        let columns: Option<_> = statement.values.into_iter().map(Column::of).collect();
        let columns = columns.ok_or_else(|| impossible("a list among what is asked with"))?;
        Ok(Self { sql: statement.sql, columns })
    }

    /// Has one more ask the same.
    pub(crate) fn join(&mut self, values: Vec<Value>) -> Queried<()> {
        let fits = values.len() == self.columns.len()
            && self.columns.iter_mut().zip(values).all(|(column, value)| column.push(value));
        if fits { Ok(()) } else { Err(impossible("one statement, asked with different things")) }
    }

    /// What they ask with.
    pub(crate) fn take(&mut self) -> Vec<Param> {
        std::mem::take(&mut self.columns).into_iter().map(Column::param).collect()
    }

    /// The statement with its table `asked`.
    pub(crate) fn text(&self) -> String {
        let (mut arrays, mut names) = (Vec::new(), Vec::new());
        for (column, number) in self.columns.iter().zip(1..) {
            arrays.push(format!("${number}::{}", column.array()));
            names.push(format!("p{number}"));
        }
        let (arrays, names, sql) = (arrays.join(", "), names.join(", "), &self.sql);
        format!(
            "WITH asked AS (SELECT * FROM unnest({arrays}) WITH ORDINALITY AS asked ({names}, n)) {sql}"
        )
    }
}

impl Db {
    /// A connection of its own, once the pool has one.
    pub(crate) async fn of(pool: &Pool) -> Queried<Self> {
        Ok(Self::Lent(Box::new(Lent::new(pool.get().await?))))
    }

    /// The connection on which nobody else is.
    pub(crate) fn lent(&self) -> Queried<&Lent> {
        match self {
            Self::Lent(lent) => Ok(lent),
            Self::Seat(_) => Err(impossible("a connection that is shared")),
        }
    }

    /// The seat in a transaction that others share.
    pub(crate) fn seat(&self) -> Queried<&Seat> {
        match self {
            Self::Seat(seat) => Ok(seat),
            Self::Lent(_) => Err(impossible("a step without a seat")),
        }
    }

    async fn find(&self, sql: &str, params: impl Params) -> Queried<Found> {
        let statement = Statement::new(sql, params);
        match self {
            Self::Lent(lent) => lent.find(statement).await,
            Self::Seat(seat) => seat.find(statement).await,
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

/// Rows changed.
pub(crate) async fn execute(db: &Db, sql: &str, params: impl Params) -> Queried<u64> {
    Ok(db.find(sql, params).await?.count)
}

/// The first row, if there is one.
pub(crate) async fn one<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&Row) -> Queried<T>,
) -> Queried<Option<T>> {
    db.find(sql, params).await?.rows.first().map(read).transpose()
}

/// Every row.
pub(crate) async fn all<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row) -> Queried<T>,
) -> Queried<Vec<T>> {
    db.find(sql, params).await?.rows.iter().map(read).collect()
}

/// The rows of one who asks a statement over `asked`.
pub(crate) async fn asked<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row) -> Queried<T>,
) -> Queried<Vec<T>> {
    let statement = Statement::new(sql, params);
    let found = match db {
        Db::Lent(lent) => lent.find_many(Many::of(statement)?).await?.rows,
        Db::Seat(seat) => seat.ask(statement).await?,
    };
    found.iter().map(read).collect()
}

/// The row of one who asks a statement over `asked`, if there is one.
pub(crate) async fn asked_one<T>(
    db: &Db,
    sql: &str,
    params: impl Params,
    read: impl FnMut(&Row) -> Queried<T>,
) -> Queried<Option<T>> {
    Ok(asked(db, sql, params, read).await?.into_iter().next())
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

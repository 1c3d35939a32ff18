//! A table as the catalogue describes it, and the statements that are made of that.

use futures::TryStreamExt;
use guise_domain::moving::{Column, Holds, Row, Sum, Table, Value};

use crate::error::{Queried, impossible};
use crate::query::{Columns, Db, Found, all, one, unsigned};
use crate::text;
use crate::value::{Column as Array, Param};

/// What belongs to the database and not to the installation in it, or is moved by a function of its own.
const APART: [&str; 6] =
    ["guise_format", "installation", "nodes", "jobs", "moving", "moving_tables"];

/// What the embedded store has in another place: the columns of a table here, and the table and column there.
const ELSEWHERE: [(&str, &str, &str, &str); 2] = [
    ("account_names", "folded", "accounts", "folded"),
    ("account_names", "account", "accounts", "id"),
];

// Tables that refer to others come last.
const CATALOGUE: &str = "SELECT tables.relname::text, columns.attname::text, format_type(atttypid, NULL),
        EXISTS (SELECT 1 FROM pg_index WHERE indrelid = tables.oid AND indisprimary AND attnum = ANY (indkey)),
        NOT attnotnull AND EXISTS (SELECT 1 FROM pg_index
            WHERE indrelid = tables.oid AND indisunique AND NOT indisprimary AND attnum = ANY (indkey)),
        EXISTS (SELECT 1 FROM pg_constraint WHERE conrelid = tables.oid AND contype = 'f') AS refers,
        EXISTS (SELECT 1 FROM pg_trigger WHERE tgrelid = tables.oid AND NOT tgisinternal)
    FROM pg_class AS tables JOIN pg_attribute AS columns ON attrelid = tables.oid
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p')
        AND relname::text <> ALL ($1) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY refers, tables.relname, attnum";

/// A table with its statements.
pub(super) struct Shape {
    pub(super) table: Table,
    put: String,
    /// The beginning of a statement and what it says of keys.
    keys: String,
}

/// Every table that is moved.
pub(super) async fn tables(db: &Db) -> Queried<Vec<Shape>> {
    let mut tables: Vec<Table> = Vec::new();
    let rows = all(db, CATALOGUE, (APART.map(str::to_owned).to_vec(),), |row| {
        let holds = match row.at(2)? {
            "bigint" => Holds::Numbers,
            "boolean" => Holds::Truths,
            "text" => Holds::Texts,
            "bytea" => Holds::Bytes,
            other => return Err(impossible(format!("a column of {other}"))),
        };
        let (table, name): (String, String) = (row.at(0)?, row.at(1)?);
        let elsewhere = ELSEWHERE.iter().find(|(a, b, ..)| *a == table && *b == name);
        let (source_table, source) =
            elsewhere.map_or((&*table, &*name), |(.., table, column)| (*table, *column));
        let (source_table, source) = (source_table.to_owned(), source.to_owned());
        let (is_key, is_unique) = (row.at(3)?, row.at(4)?);
        let column = Column { name, source, holds, is_key, is_unique };
        let (refers, only_added_to) = (row.at(5)?, row.at(6)?);
        let columns = vec![column];
        Ok(Table { name: table, source: source_table, columns, refers, only_added_to })
    });
    for column in rows.await? {
        match tables.last_mut() {
            Some(table) if table.name == column.name => table.columns.extend(column.columns),
            _ => tables.push(column),
        }
    }
    Ok(tables.into_iter().map(Shape::of).collect())
}

impl Shape {
    fn of(table: Table) -> Self {
        let names = |columns: &mut dyn Iterator<Item = &Column>| {
            columns.map(|column| column.name.clone()).collect::<Vec<_>>().join(", ")
        };
        let every = names(&mut table.columns.iter());
        let keys = names(&mut keys(&table));
        let others = table.columns.iter().filter(|column| !column.is_key && !table.only_added_to);
        let set: Vec<_> = others.map(|column| format!("{0} = excluded.{0}", column.name)).collect();
        let conflict = match &*set {
            [] => "NOTHING".to_owned(),
            set => format!("UPDATE SET {}", set.join(", ")),
        };
        let put = format!(
            "INSERT INTO {} ({every}) SELECT * FROM unnest({}) ON CONFLICT ({keys}) DO {conflict}",
            table.name,
            arrays(&mut table.columns.iter()),
        );
        let same: Vec<_> = keys_of(&table).map(|key| format!("kept.{key} = named.{key}")).collect();
        let keys = format!(
            "unnest({}) AS named ({keys}) WHERE {}",
            arrays(&mut self::keys(&table)),
            same.join(" AND ")
        );
        Self { table, put, keys }
    }

    pub(super) async fn put(&self, db: &Db, rows: &[Row]) -> Queried<()> {
        self.run(db, &self.put, &mut self.table.columns.iter(), rows).await
    }

    pub(super) async fn remove(&self, db: &Db, keys: &[Row]) -> Queried<()> {
        let sql = format!("DELETE FROM {} AS kept USING {}", self.table.name, self.keys);
        self.run(db, &sql, &mut self::keys(&self.table), keys).await
    }

    pub(super) async fn make_room(&self, db: &Db, keys: &[Row]) -> Queried<()> {
        for column in self.table.columns.iter().filter(|column| column.is_unique) {
            let (table, name) = (&self.table.name, &column.name);
            let sql = format!(
                "UPDATE {table} AS kept SET {name} = NULL FROM {} AND kept.{name} IS NOT NULL",
                self.keys
            );
            self.run(db, &sql, &mut self::keys(&self.table), keys).await?;
        }
        Ok(())
    }

    pub(super) async fn count(&self, db: &Db) -> Queried<u64> {
        let sql = format!("SELECT count(*) FROM {}", self.table.name);
        let count = one(db, &sql, (), |row| unsigned(row, 0)).await?;
        count.ok_or_else(|| impossible("no count"))
    }

    pub(super) async fn sum(&self, db: &Db) -> Queried<Sum> {
        let sql = format!("SELECT {} FROM {} AS kept", self.cells(), self.table.name);
        let mut rows = std::pin::pin!(db.lent()?.stream(&sql).await?);
        let mut sum = Sum::default();
        while let Some(row) = rows.try_next().await? {
            sum.add(&self.read(&row)?);
        }
        Ok(sum)
    }

    pub(super) async fn rows(&self, db: &Db, keys: &[Row]) -> Queried<Vec<Row>> {
        let sql =
            format!("SELECT {} FROM {} AS kept, {}", self.cells(), self.table.name, self.keys);
        let found = ask(db, &sql, &mut self::keys(&self.table), keys).await?;
        found.rows.iter().map(|row| self.read(row)).collect()
    }

    fn cells(&self) -> String {
        let cells = self.table.columns.iter().map(|column| format!("kept.{}", column.name));
        cells.collect::<Vec<_>>().join(", ")
    }

    fn read(&self, row: &tokio_postgres::Row) -> Queried<Row> {
        let each = self.table.columns.iter().enumerate();
        each.map(|(place, column)| value(row, place, column.holds)).collect()
    }

    async fn run(
        &self,
        db: &Db,
        sql: &str,
        columns: &mut dyn Iterator<Item = &Column>,
        rows: &[Row],
    ) -> Queried<()> {
        if !rows.is_empty() {
            ask(db, sql, columns, rows).await?;
        }
        Ok(())
    }
}

/// Runs a statement that takes these columns of rows.
async fn ask(
    db: &Db,
    sql: &str,
    columns: &mut dyn Iterator<Item = &Column>,
    rows: &[Row],
) -> Queried<Found> {
    let params = columns.enumerate().map(|(place, column)| array(place, column, rows));
    let params = params.collect::<Queried<Vec<_>>>()?;
    let lent = db.lent()?;
    lent.found(&lent.prepare(sql).await?, &params).await
}

fn keys(table: &Table) -> impl Iterator<Item = &Column> {
    table.columns.iter().filter(|column| column.is_key)
}

fn keys_of(table: &Table) -> impl Iterator<Item = &str> {
    keys(table).map(|column| &*column.name)
}

/// The parameters, an array for each column.
fn arrays(columns: &mut dyn Iterator<Item = &Column>) -> String {
    let array = |(place, column): (usize, &Column)| {
        let of = match column.holds {
            Holds::Numbers => "bigint",
            Holds::Truths => "boolean",
            Holds::Texts => "text",
            Holds::Bytes => "bytea",
        };
        format!("${}::{of}[]", place + 1)
    };
    columns.enumerate().map(array).collect::<Vec<_>>().join(", ")
}

/// A column of these rows.
fn array(place: usize, column: &Column, rows: &[Row]) -> Queried<Param> {
    let wrong = || impossible(format!("a value that {} cannot hold", column.name));
    let values = rows.iter().map(|row| row.get(place).ok_or_else(wrong));
    macro_rules! array {
        ($of:ident: $($value:pat => $kept:expr),*) => {
            Array::$of(values.map(|value| match value? {
                Value::Null => Ok(None),
                $($value => Ok(Some($kept)),)*
                _ => Err(wrong()),
            }).collect::<Queried<Vec<_>>>()?)
        };
    }
    let array = match column.holds {
        Holds::Numbers => array!(Integers: Value::Number(number) => *number),
        Holds::Truths => array!(Booleans: Value::Number(0) => false, Value::Number(1) => true),
        Holds::Texts => array!(Texts: Value::Text(text) => text::kept(text).into_owned()),
        Holds::Bytes => array!(Bytes: Value::Bytes(bytes) => bytes.clone()),
    };
    Ok(array.param())
}

fn value(row: &tokio_postgres::Row, place: usize, holds: Holds) -> Queried<Value> {
    let found = match holds {
        Holds::Numbers => row.at::<Option<i64>>(place)?.map(Value::Number),
        Holds::Truths => row.at::<Option<bool>>(place)?.map(|truth| Value::Number(truth.into())),
        Holds::Texts => row.at::<Option<String>>(place)?.map(|kept| Value::Text(text::read(kept))),
        Holds::Bytes => row.at::<Option<Vec<u8>>>(place)?.map(Value::Bytes),
    };
    Ok(found.unwrap_or(Value::Null))
}

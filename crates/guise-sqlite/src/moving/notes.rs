//! What was noted of a table: the statements that are made of its columns.

use std::collections::BTreeSet;

use guise_domain::StoreError;
use guise_domain::moving::{Row, Table};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, ToSql, params_from_iter};

use super::{Chunk, read, values};
use crate::error::OpenError;
use crate::query::{all, unsigned};

/// What is moved otherwise: by a function of its own, or not at all.
const INSTALLATION: &str = "installation";

/// A table that is moved, and where the keys of its changed rows are noted.
#[derive(Debug)]
pub(super) struct Notes {
    table: Table,
    /// What its rows are ordered by.
    order: Vec<String>,
    /// What of a row is noted: what it is known by, here and where it is moved to.
    noted: Vec<String>,
    /// The same with what each holds, for making a table of it.
    declared: Vec<String>,
}

/// A column as the catalogue has it.
struct Known {
    table: String,
    name: String,
    declared: String,
    is_key: bool,
}

impl Notes {
    /// Notes for all `tables`, which have to be all there are.
    pub(super) fn of(db: &Connection, tables: &[Table]) -> Result<Vec<Self>, OpenError> {
        let known = columns(db)?;
        let moved: BTreeSet<(&str, &str)> = tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|column| (&*table.source, &*column.source)))
            .collect();
        let there: BTreeSet<(&str, &str)> = known
            .iter()
            .filter(|column| column.table != INSTALLATION)
            .map(|column| (&*column.table, &*column.name))
            .collect();
        if let Some((table, column)) = there.symmetric_difference(&moved).next() {
            return Err(OpenError::Unmovable(format!("{table}.{column}")));
        }
        Ok(tables.iter().map(|table| Self::of_table(table, &known)).collect())
    }

    fn of_table(table: &Table, known: &[Known]) -> Self {
        let mine = || known.iter().filter(|column| column.table == table.source);
        let mut order: Vec<_> =
            mine().filter(|column| column.is_key).map(|column| column.name.clone()).collect();
        if order.is_empty() {
            order.push("rowid".to_owned());
        }
        let mut noted = order.clone();
        let keys = table.columns.iter().filter(|column| column.is_key);
        noted.extend(keys.map(|column| column.source.clone()).filter(|name| !order.contains(name)));
        let declare = |name: &String| {
            let declared = mine().find(|column| column.name == *name);
            format!("{name} {}", declared.map_or("INTEGER", |column| &column.declared))
        };
        let declared = noted.iter().map(declare).collect();
        Self { table: table.clone(), order, noted, declared }
    }

    pub(super) fn source(&self) -> &str {
        &self.table.source
    }

    /// Makes the table of notes and the triggers that fill it. No number is given twice, also once all notes are forgotten:
    /// what comes meanwhile is not to be forgotten with them. Where rows refer to those of other tables all of them are
    /// noted at once: they are moved together with what they refer to.
    pub(super) fn make(&self) -> String {
        let Self { table: Table { name, source, refers, .. }, noted, declared, .. } = self;
        let declared = declared.join(", ");
        let columns = noted.join(", ");
        let insert = format!("INSERT INTO moving_{name} ({columns})");
        let (new, old) = (of("NEW", noted).join(", "), of("OLD", noted).join(", "));
        let all = if *refers {
            format!("{insert} SELECT {columns} FROM {source};")
        } else {
            String::new()
        };
        format!(
            "CREATE TABLE moving_{name} (number INTEGER PRIMARY KEY AUTOINCREMENT, {declared}) STRICT;
            CREATE INDEX moving_{name}_keys ON moving_{name} ({columns});
            CREATE TRIGGER moving_{name}_insert AFTER INSERT ON {source}
                BEGIN {insert} VALUES ({new}); END;
            CREATE TRIGGER moving_{name}_update AFTER UPDATE ON {source}
                BEGIN {insert} SELECT {old} UNION SELECT {new}; END;
            CREATE TRIGGER moving_{name}_delete AFTER DELETE ON {source}
                BEGIN {insert} VALUES ({old}); END;
            {all}"
        )
    }

    /// Forgets notes up to a number, at most so many.
    pub(super) fn forget(&self) -> String {
        let name = &self.table.name;
        format!(
            "DELETE FROM moving_{name} WHERE number IN
            (SELECT number FROM moving_{name} WHERE number <= ?1 ORDER BY number LIMIT ?2)"
        )
    }

    pub(super) fn count(&self, db: &Connection) -> Result<u64, StoreError> {
        let source = self.source();
        let sql = format!("SELECT count(*) FROM {source} AS kept WHERE {}", self.movable("kept"));
        read(db.query_row(&sql, (), |row| row.get(0)).and_then(unsigned))
    }

    /// The number of the last note.
    pub(super) fn last(&self, db: &Connection) -> Result<i64, StoreError> {
        let sql = format!("SELECT coalesce(max(number), 0) FROM moving_{}", self.table.name);
        read(db.query_row(&sql, (), |row| row.get(0)))
    }

    pub(super) fn chunk(
        &self,
        db: &Connection,
        after: Option<&Row>,
        of_rows: u32,
    ) -> Result<Chunk, StoreError> {
        let Self { table: Table { name, source, columns, .. }, order, noted, .. } = self;
        let cells: Vec<_> = columns.iter().map(|column| &*column.source).collect();
        let (cells, places) = (cells.join(", "), order.join(", "));
        let marks: Vec<_> = (1..=order.len()).map(|number| format!("?{number}")).collect();
        let mut only = vec![self.movable("kept")];
        if after.is_some() {
            only.push(format!("({places}) > ({})", marks.join(", ")));
        }
        let same = same("note", "kept", noted);
        let sql = format!(
            "SELECT {cells}, {places} FROM {source} AS kept WHERE {}
                AND NOT EXISTS (SELECT 1 FROM moving_{name} AS note WHERE {same})
            ORDER BY {places} LIMIT {of_rows}",
            only.join(" AND ")
        );
        let params = after.into_iter().flatten().map(Param);
        let found = db.prepare_cached(&sql).and_then(|mut query| {
            let both = |row: &rusqlite::Row<'_>| {
                Ok((values(row, 0, columns.len())?, values(row, columns.len(), order.len())?))
            };
            query
                .query_map(params_from_iter(params), both)?
                .collect::<rusqlite::Result<(Vec<_>, Vec<_>)>>()
        });
        let (rows, places) = read(found)?;
        Ok(places.into_iter().next_back().map(|last| (rows, last)))
    }

    /// What was noted after a number and up to another, at most so many notes: each key, what is kept under it now if
    /// there is anything, and the last number.
    pub(super) fn noted(
        &self,
        db: &Connection,
        (after, up_to): (i64, i64),
        of_notes: u32,
    ) -> Result<Option<(super::Noted, i64)>, StoreError> {
        let Self { table: Table { name, source, columns, .. }, noted, .. } = self;
        let end = format!(
            "SELECT max(number) FROM (SELECT number FROM moving_{name} WHERE number > ?1 AND number <= ?2
            ORDER BY number LIMIT ?3)"
        );
        let end: Option<i64> =
            read(db.query_row(&end, (after, up_to, of_notes), |row| row.get(0)))?;
        let Some(end) = end else { return Ok(None) };
        let keys: Vec<_> = columns.iter().filter(|column| column.is_key).collect();
        let known: Vec<_> = keys.iter().map(|column| column.source.clone()).collect();
        let cells: Vec<_> = columns.iter().map(|column| column.source.clone()).collect();
        let (keys_of, cells_of) = (of("note", &known).join(", "), of("kept", &cells).join(", "));
        let sql = format!(
            "SELECT {keys_of}, kept.{} IS NOT NULL, {cells_of}
            FROM (SELECT DISTINCT {} FROM moving_{name} WHERE number > ?1 AND number <= ?2) AS note
            LEFT JOIN {source} AS kept ON {} WHERE {}",
            known.first().map_or("", |name| name),
            noted.join(", "),
            same("note", "kept", noted),
            self.movable("note"),
        );
        let mut found = super::Noted::default();
        let rows = all(db, &sql, (after, end), |row| {
            let is_there: bool = row.get(known.len())?;
            let key = values(row, 0, known.len())?;
            Ok((key, is_there.then(|| values(row, known.len() + 1, cells.len())).transpose()?))
        });
        for (key, row) in read(rows)? {
            match row {
                Some(row) => found.rows.push(row),
                None => found.gone.push(key.clone()),
            }
            found.keys.push(key);
        }
        Ok(Some((found, end)))
    }

    /// Reads every row.
    pub(super) fn each(
        &self,
        db: &Connection,
        mut take: impl FnMut(Row),
    ) -> Result<(), StoreError> {
        let columns = &self.table.columns;
        let cells: Vec<_> = columns.iter().map(|column| &*column.source).collect();
        let sql = format!(
            "SELECT {} FROM {} AS kept WHERE {}",
            cells.join(", "),
            self.source(),
            self.movable("kept")
        );
        let done = db.prepare_cached(&sql).and_then(|mut query| {
            let mut rows = query.query(())?;
            while let Some(row) = rows.next()? {
                take(values(row, 0, columns.len())?);
            }
            Ok(())
        });
        read(done)
    }

    /// Whether a row can be known where it is moved to: nothing that it is known by there is absent.
    fn movable(&self, row: &str) -> String {
        let more = self.noted.iter().skip(self.order.len());
        let there = more.map(|column| format!("{row}.{column} IS NOT NULL"));
        std::iter::once("true".to_owned()).chain(there).collect::<Vec<_>>().join(" AND ")
    }
}

/// Every column of every table that is not the move's own, in the order of what rows are known by.
fn columns(db: &Connection) -> rusqlite::Result<Vec<Known>> {
    let sql = "SELECT tables.name, columns.name, columns.type, columns.pk > 0
        FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
        WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite!_%' ESCAPE '!'
            AND tables.name <> 'moving' AND tables.name NOT LIKE 'moving!_%' ESCAPE '!'
        ORDER BY columns.pk, columns.cid";
    all(db, sql, (), |row| {
        let (table, name, declared, is_key) = row.try_into()?;
        Ok(Known { table, name, declared, is_key })
    })
}

fn of(table: &str, columns: &[String]) -> Vec<String> {
    columns.iter().map(|column| format!("{table}.{column}")).collect()
}

fn same(one: &str, other: &str, columns: &[String]) -> String {
    let same = columns.iter().map(|column| format!("{one}.{column} = {other}.{column}"));
    same.collect::<Vec<_>>().join(" AND ")
}

/// A value as `SQLite` takes it.
struct Param<'a>(&'a guise_domain::moving::Value);

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        use guise_domain::moving::Value::{Bytes, Null, Number, Text};
        match self.0 {
            Null => rusqlite::types::Null.to_sql(),
            Number(number) => number.to_sql(),
            Text(text) => text.to_sql(),
            Bytes(bytes) => bytes.to_sql(),
        }
    }
}

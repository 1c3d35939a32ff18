//! Where a server keeps what it is told: pictures in a folder, and all else there too, or in `PostgreSQL` where
//! `TEST_STORE` says so.

use std::sync::Arc;

use guise_domain::Store;
use guise_sqlite::{Options, SqliteStore};
use rusqlite::types::ValueRef;
use tempfile::TempDir;
use tokio_postgres::SimpleQueryMessage;

use super::Database;

#[derive(Clone)]
pub(crate) struct Home {
    pub(crate) folder: Arc<TempDir>,
    database: Option<Arc<Database>>,
}

impl Home {
    /// As `TEST_STORE` says.
    pub(crate) async fn new() -> Self {
        match std::env::var("TEST_STORE").as_deref() {
            Ok("postgres") => Self::shared().await,
            Ok(other) => panic!("TEST_STORE is {other}, and may only be postgres"),
            Err(_) => Self::in_files(),
        }
    }

    /// All in a folder.
    pub(crate) fn in_files() -> Self {
        Self { folder: Arc::new(tempfile::tempdir().unwrap()), database: None }
    }

    /// In a database that several servers share, whatever `TEST_STORE` says.
    pub(crate) async fn shared() -> Self {
        Self { database: Some(Arc::new(Database::new().await)), ..Self::in_files() }
    }

    pub(crate) async fn store(&self) -> Arc<dyn Store> {
        if let Some(database) = &self.database {
            return Arc::new(database.store().await);
        }
        let path = self.folder.path().join("guise.db");
        Arc::new(SqliteStore::open(&path, Options::default()).unwrap())
    }

    /// Runs a statement past the store: its rows, every column as text, or why it was refused.
    pub(crate) async fn run(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, String> {
        let Some(database) = &self.database else {
            return self.run_in_file(sql).map_err(|error| error.to_string());
        };
        let answer = database.client().await.simple_query(sql).await;
        let refused =
            |error: tokio_postgres::Error| error.as_db_error().unwrap().message().to_owned();
        let row = |message| match message {
            SimpleQueryMessage::Row(row) => {
                Some((0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect())
            }
            _ => None,
        };
        Ok(answer.map_err(refused)?.into_iter().filter_map(row).collect())
    }

    fn run_in_file(&self, sql: &str) -> rusqlite::Result<Vec<Vec<Option<String>>>> {
        let db = rusqlite::Connection::open(self.folder.path().join("guise.db"))?;
        let mut statement = db.prepare(sql)?;
        let columns = statement.column_count();
        let text = |value: ValueRef<'_>| match value {
            ValueRef::Null => None,
            ValueRef::Integer(number) => Some(number.to_string()),
            other => Some(other.as_str().unwrap().to_owned()),
        };
        let rows = statement.query_map((), |row| {
            (0..columns).map(|column| row.get_ref(column).map(text)).collect()
        })?;
        rows.collect()
    }
}

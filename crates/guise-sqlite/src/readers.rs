//! The readers: a few read-only connections, lent one query at a time.
//!
//! Queries run on the blocking pool. What touches only a few pages runs where it is asked for: it takes less time than
//! the way to another thread and back.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use guise_domain::StoreError;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{closed, store_error};
use crate::query::keep_statements;

const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA trusted_schema = off;";

/// Connections that wait for a query. There are as many permits as connections.
pub(crate) struct Readers {
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
    count: u32,
}

impl Readers {
    pub(crate) fn open(path: &Path, count: u32) -> rusqlite::Result<Self> {
        let count = count.max(1);
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || {
            let db = Connection::open_with_flags(path, flags)?;
            db.execute_batch(PRAGMAS)?;
            keep_statements(&db)?;
            Ok(db)
        };
        let idle = (0..count).map(|_| open()).collect::<rusqlite::Result<_>>()?;
        let permits = Arc::new(Semaphore::new(count as usize));
        Ok(Self { idle: Mutex::new(idle), permits, count })
    }

    pub(crate) async fn read<T, F>(self: &Arc<Self>, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| closed())?;
        let readers = Arc::clone(self);
        tokio::task::spawn_blocking(move || readers.run(permit, query))
            .await
            .map_err(|error| StoreError::Failed(error.to_string()))?
    }

    /// The same for a query of a few rows that are found at once.
    pub(crate) async fn glance<T, F>(self: &Arc<Self>, query: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        // Whoever asks again and again lets others go on in between, as if it had waited.
        tokio::task::coop::consume_budget().await;
        match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => self.run(permit, query),
            Err(_) => self.read(query).await,
        }
    }

    /// Runs a query.
    fn run<T>(
        &self,
        permit: OwnedSemaphorePermit,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, StoreError> {
        // The connection goes back before the permit does.
        let _permit = permit;
        let lent = Lent { db: self.idle().pop(), readers: self };
        let db = lent.db.as_ref().ok_or_else(closed)?;
        query(db).map_err(|error| store_error(&error))
    }

    /// Waits for queries that run, and closes the connections.
    pub(crate) async fn close(&self) {
        if let Ok(_all) = self.permits.acquire_many(self.count).await {
            self.permits.close();
        }
        self.idle().clear();
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that goes back where it came from, also by a panic.
struct Lent<'a> {
    db: Option<Connection>,
    readers: &'a Readers,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.readers.idle().extend(self.db.take());
    }
}

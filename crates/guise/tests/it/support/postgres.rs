//! A database of its own for each test, on a server that `tests/backends/run` starts.

use std::sync::atomic::{AtomicU32, Ordering};

use guise_domain::Installation;
use guise_postgres::{Options, PostgresStore};
use tokio::runtime::Runtime;
use tokio::sync::OnceCell;
use tokio_postgres::{Client, NoTls};

/// Made once in a run, and copied for each test: that is quicker than making every table anew.
static TEMPLATE: OnceCell<String> = OnceCell::const_new();
static MADE: AtomicU32 = AtomicU32::new(0);

/// Tables that do not grow, as a list in SQL.
pub(crate) const SMALL: &str = "'guise_format', 'installation', 'nodes', 'jobs'";

/// A database that is dropped when the test is over.
pub(crate) struct Database {
    name: String,
}

impl Database {
    /// A database as a new installation has it.
    pub(crate) async fn new() -> Self {
        let template = TEMPLATE.get_or_init(template).await;
        let name = format!("{template}_{}", MADE.fetch_add(1, Ordering::Relaxed));
        run(&format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        Self { name }
    }

    /// A database without anything in it.
    pub(crate) async fn empty() -> Self {
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("guise_{}_empty_{number}", std::process::id());
        run(&format!("CREATE DATABASE {name}")).await;
        Self { name }
    }

    /// Its address, with `also` after it.
    pub(crate) fn address(&self, also: &str) -> String {
        format!("{}/{}{also}", server(), self.name)
    }

    /// A store in it.
    pub(crate) async fn store(&self) -> PostgresStore {
        PostgresStore::open(&self.address(""), Options::default()).await.unwrap()
    }

    /// The tables of any size that were read as a whole all the same, once all stores in it are closed.
    pub(crate) async fn read_as_a_whole(&self) -> Vec<String> {
        let client = self.client().await;
        let others = "SELECT count(*) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        // Whoever goes says before that what it read.
        while client.query_one(others, &[]).await.unwrap().get::<_, i64>(0) > 0 {}
        let tables = format!(
            "SELECT relname::text FROM pg_stat_user_tables WHERE seq_scan > 0 AND relname NOT IN ({SMALL})
            ORDER BY relname"
        );
        let tables = client.query(&tables, &[]).await.unwrap();
        tables.iter().map(|row| row.get(0)).collect()
    }

    /// A way in beside the store.
    pub(crate) async fn client(&self) -> Client {
        connect(&self.address("")).await
    }
}

impl Drop for Database {
    /// Drops it, whoever is still connected to it. In a thread of its own, because nobody can wait here.
    fn drop(&mut self) {
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let dropping = std::thread::spawn(move || Runtime::new().unwrap().block_on(run(&sql)));
        // A test that failed has said why already.
        let _ = dropping.join();
    }
}

async fn template() -> String {
    let name = format!("guise_{}", std::process::id());
    run(&format!("CREATE DATABASE {name}")).await;
    let address = format!("{}/{name}", server());
    let store = PostgresStore::open(&address, Options::default()).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    // Nobody may be connected to what is copied.
    let gone = format!(
        "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = '{name}'"
    );
    run(&gone).await;
    name
}

async fn run(sql: &str) {
    connect(&format!("{}/postgres", server())).await.batch_execute(sql).await.unwrap();
}

async fn connect(address: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(address, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The server's address, without a database.
fn server() -> String {
    std::env::var("TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("there is no PostgreSQL to test with: run ./check tests, or tests/backends/run cargo test")
    })
}

/// Its host and port.
pub(super) fn host() -> String {
    server().rsplit('@').next().unwrap().to_owned()
}

//! The scaled-out store: `PostgreSQL`, for any number of nodes.
//!
//! Each step is one transaction on a connection from a pool. Steps of one account come one after another, those of
//! different accounts at once; what they wait for together is the server's commit, which takes all that are ready.

mod accounts;
mod address;
mod admission;
mod answers;
mod apps;
mod attempts;
mod credentials;
mod edits;
mod erasure;
mod error;
mod exchange;
mod grants;
mod group;
mod installation;
mod log;
mod media;
mod messages;
pub mod moving;
mod names;
mod nodes;
mod profiles;
mod query;
mod queue;
mod rates;
mod round;
mod schema;
mod seat;
mod segments;
mod send;
mod sessions;
mod signals;
mod step;
mod text;
mod tls;
mod tokens;
mod value;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use guise_domain::StoreError;
use guise_domain::limits::{
    CONNECT_SECONDS_MAX, CONNECTION_WAIT_SECONDS_MAX, STATEMENT_SECONDS_MAX, WRITER_QUEUE_MAX,
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::address::Address;
pub use crate::address::without_password;
pub use crate::error::OpenError;
use crate::nodes::Node;
use crate::query::Db;
use crate::queue::Queue;
use crate::signals::Ear;

/// How to open a [`PostgresStore`].
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections to the database at once.
    pub connections: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { connections: 16 }
    }
}

/// A store in a `PostgreSQL` database. Clones share its connections.
#[derive(Clone)]
pub struct PostgresStore {
    pool: Pool,
    queue: Queue,
    ear: Arc<Ear>,
    node: Arc<Node>,
}

impl PostgresStore {
    /// Opens the database at `address`, a `postgres://` URL that may name several hosts of which one takes writes,
    /// making or migrating its tables when needed.
    ///
    /// # Errors
    /// When the address is wrong, the database cannot be reached, is not Guise's, or was left by a newer Guise in a form
    /// that this one cannot work with.
    pub async fn open(address: &str, options: Options) -> Result<Self, OpenError> {
        let address = Address::parse(address)?;
        let tls = tls::connector(&address)?;
        let ear = Ear::new(address.config.clone(), tls.clone());
        let pool = pool(&address, tls, options)?;
        let node = Arc::<Node>::default();
        let queue = Queue::new(pool.clone(), Arc::clone(&node));
        let store = Self { pool, queue, ear: Arc::new(ear), node };
        schema::open(&store.lent().await?, &address.name()).await?;
        Ok(store)
    }

    /// A connection, once there is one.
    async fn db(&self) -> Result<Db, StoreError> {
        if self.pool.status().waiting > WRITER_QUEUE_MAX {
            return Err(StoreError::Unavailable("too many wait for the database".to_owned()));
        }
        Ok(self.lent().await?)
    }

    async fn lent(&self) -> error::Queried<Db> {
        Db::of(&self.pool).await
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}

fn pool(address: &Address, tls: MakeRustlsConnect, options: Options) -> Result<Pool, OpenError> {
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    let manager = Manager::from_config(address.config.clone(), tls, recycling);
    // A transaction that its program forgot, or a node that stands still, must not keep locks for ever. Every statement
    // finds its few rows by an index, also in a table of which the database believes that it is still small.
    let bounds = format!(
        "SET statement_timeout = '{STATEMENT_SECONDS_MAX}s'; SET lock_timeout = '{STATEMENT_SECONDS_MAX}s';
        SET idle_in_transaction_session_timeout = '{STATEMENT_SECONDS_MAX}s';
        SET plan_cache_mode = force_generic_plan; SET jit = off;
        SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off"
    );
    let bound = Hook::async_fn(move |client, _| {
        let bounds = bounds.clone();
        Box::pin(async move { client.batch_execute(&bounds).await.map_err(HookError::Backend) })
    });
    Pool::builder(manager)
        .max_size(usize::try_from(options.connections).unwrap_or(usize::MAX).max(1))
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(Duration::from_secs(CONNECTION_WAIT_SECONDS_MAX)))
        .create_timeout(Some(Duration::from_secs(2 * CONNECT_SECONDS_MAX)))
        .recycle_timeout(Some(Duration::from_secs(CONNECT_SECONDS_MAX)))
        .post_create(bound)
        .build()
        .map_err(|error| OpenError::Failed(error.to_string()))
}

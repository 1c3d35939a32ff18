//! The number that ids are made of here, and the fence around it.
//!
//! A number is on lease: whoever has it says so every few seconds, and is given time by the database's clock. That only
//! decides when somebody else may take it. What keeps two from making the same id is the fence, whatever clocks do and
//! however long a program stood still: a transaction that keeps ids locks their number, together with others that do,
//! and then looks whether it is still this program's; whoever takes a number locks it alone. And no id above the
//! number's ceiling is kept before that is raised, while whoever takes the number begins above it.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use deadpool_postgres::Pool;
use guise_domain::limits::{
    NODE_AGAIN_SECONDS, NODE_AHEAD_SECONDS, NODE_LEASE_SECONDS, NODE_RENEWED_SECONDS,
};
use guise_domain::{EntryId, Ids, Timestamp, node_of};
use tokio::sync::{Notify, OnceCell};
use tokio::task::AbortHandle;
use tokio::time::{sleep, timeout};

use crate::error::{Error, Queried, impossible};
use crate::query::{Columns, Db, Found, Statement, all, execute, one};

const NOW: &str = "SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint";
// Those first whose ids lie in the past, so that new ones do not run ahead of the clock; of them whatever was free for
// the longest time, so that who stood still for a while finds its number as it was.
const FREE: &str = "SELECT number FROM nodes WHERE until < clock_timestamp()
    ORDER BY ceiling >= $1, until, number";
// Who keeps ids of it has locked it, or will find another holder once it has.
const TAKE: &str = "UPDATE nodes SET holder = gen_random_uuid()::text,
        until = clock_timestamp() + $2::bigint * interval '1 second'
    WHERE number = $1 AND until < clock_timestamp()
        AND pg_try_advisory_xact_lock(x'477569736500'::bigint + number)
    RETURNING holder, ceiling";
const RENEW: &str = "UPDATE nodes SET until = clock_timestamp() + $3::bigint * interval '1 second'
    WHERE number = $1 AND holder = $2";
const RELEASE: &str = "UPDATE nodes SET holder = NULL, until = clock_timestamp()
    WHERE number = $1 AND holder = $2";
const LOCK: &str = "SELECT pg_advisory_xact_lock_shared(x'477569736500'::bigint + $1)";
const CEILING: &str = "SELECT ceiling FROM nodes WHERE number = $1 AND holder = $2";
const RAISE: &str = "UPDATE nodes SET ceiling = greatest(ceiling, $2) WHERE number = $1";

/// The number that this program has, once it asked for one.
#[derive(Default)]
pub(crate) struct Node {
    ids: OnceCell<Arc<Ids>>,
    held: Mutex<Option<Held>>,
    /// Tells whoever renews the lease that it is somebody else's.
    lost: Arc<Notify>,
    renewing: Mutex<Option<AbortHandle>>,
}

/// A number that is on lease.
#[derive(Clone)]
struct Held {
    number: u16,
    /// The lease, in the database.
    holder: String,
    /// All ids that were kept before are at most this.
    floor: i64,
}

impl Node {
    /// The mint of this program's ids. The first to ask for it has a number taken.
    pub(crate) async fn ids(self: &Arc<Self>, pool: &Pool) -> Queried<Arc<Ids>> {
        let ids = self.ids.get_or_try_init(|| async {
            let held = take(&Db::of(pool).await?).await?;
            let ids = Arc::new(Ids::new(held.number, held.floor));
            self.set_held(held);
            let lost = Arc::clone(&self.lost);
            let renewing = tokio::spawn(renew(Arc::downgrade(self), pool.clone(), lost));
            *self.renewing.lock().unwrap_or_else(PoisonError::into_inner) =
                Some(renewing.abort_handle());
            Ok::<_, Error>(ids)
        });
        Ok(Arc::clone(ids.await?))
    }

    /// The lease's name in the database, if there is one.
    pub(crate) fn holder(&self) -> Option<String> {
        self.held().map(|held| held.holder)
    }

    /// What a transaction that keeps ids has to pass. A program that never asked for a number brings ids from elsewhere.
    pub(crate) fn fence(&self) -> Option<Fence> {
        Some(Fence { held: self.held()?, lost: Arc::clone(&self.lost) })
    }

    /// Gives the number back.
    pub(crate) async fn release(&self, pool: &Pool) -> Queried<()> {
        let renewing = self.renewing.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(renewing), Some(held)) = (renewing, self.held()) else { return Ok(()) };
        renewing.abort();
        let db = Db::of(pool).await?;
        execute(&db, RELEASE, (i64::from(held.number), &held.holder)).await.map(drop)
    }

    /// Renews the lease, or takes another number where it is lost.
    async fn renew(&self, pool: &Pool) -> Queried<()> {
        let (Some(held), Some(ids)) = (self.held(), self.ids.get()) else { return Ok(()) };
        let db = Db::of(pool).await?;
        let lease = (i64::from(held.number), &held.holder, NODE_LEASE_SECONDS);
        if execute(&db, RENEW, lease).await? == 0 {
            let taken = take(&db).await?;
            let (lost, number, floor) = (held.number, taken.number, taken.floor);
            tracing::warn!(lost, number, "another program has this one's number by now");
            self.set_held(taken);
            ids.seat(number, floor);
        }
        Ok(())
    }

    fn held(&self) -> Option<Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_held(&self, held: Held) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(held);
    }
}

/// What a transaction that keeps ids has to pass.
pub(crate) struct Fence {
    held: Held,
    lost: Arc<Notify>,
}

impl Fence {
    /// Has whoever wants to take the number wait until the transaction is over.
    pub(crate) fn lock(&self) -> Statement {
        Statement::new(LOCK, (i64::from(self.held.number),))
    }

    /// Looks for the number's ceiling. A statement of its own: it has to see what was committed while the first one
    /// waited.
    pub(crate) fn ceiling(&self) -> Statement {
        Statement::new(CEILING, (i64::from(self.held.number), &self.held.holder))
    }

    /// Lets the transaction keep these ids, which it commits next, perhaps with a ceiling that is raised for them; or
    /// refuses them because the number that they are made of is not this program's any more.
    pub(crate) fn pass(&self, ids: &[i64], ceiling: &Found) -> Queried<Option<Statement>> {
        let Some(ceiling) = ceiling.rows.first() else {
            self.lost.notify_one();
            return Err(Error::NumberLost);
        };
        if !ids.iter().all(|id| self.held.made(*id)) {
            return Err(Error::NumberLost);
        }
        let highest = ids.iter().copied().max().unwrap_or_default();
        if highest <= ceiling.at(0)? {
            return Ok(None);
        }
        let ahead = EntryId::new(highest).created_at().plus_seconds(NODE_AHEAD_SECONDS);
        let ceiling = EntryId::first_at(ahead).get().max(highest);
        Ok(Some(Statement::new(RAISE, (i64::from(self.held.number), ceiling))))
    }
}

impl Held {
    /// Whether an id was made under this lease. One below the floor may be of an earlier one of the same number.
    fn made(&self, id: i64) -> bool {
        node_of(id) == i64::from(self.number) && id > self.floor
    }
}

/// Takes a number that nobody has.
async fn take(db: &Db) -> Queried<Held> {
    let now = one(db, NOW, (), |row| row.at(0)).await?.unwrap_or_default();
    let present = EntryId::first_at(Timestamp::from_millis(now)).get();
    let free: Vec<i64> = all(db, FREE, (present,), |row| row.at(0)).await?;
    for number in free {
        let held = one(db, TAKE, (number, NODE_LEASE_SECONDS), |row| {
            let number = u16::try_from(number).map_err(impossible)?;
            Ok(Held { number, holder: row.at(0)?, floor: row.at(1)? })
        });
        // Somebody else may have been quicker.
        if let Some(held) = held.await? {
            return Ok(held);
        }
    }
    Err(Error::NoNumber)
}

/// Renews the lease for as long as there is somebody to have it.
async fn renew(node: Weak<Node>, pool: Pool, lost: Arc<Notify>) {
    loop {
        let _ = timeout(Duration::from_secs(NODE_RENEWED_SECONDS), lost.notified()).await;
        loop {
            let Some(node) = node.upgrade() else { return };
            let Err(error) = node.renew(&pool).await else { break };
            tracing::warn!(%error, "this program's number in ids could not be renewed");
            drop(node);
            sleep(Duration::from_secs(NODE_AGAIN_SECONDS)).await;
        }
    }
}

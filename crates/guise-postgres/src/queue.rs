//! Steps that wait for a seat, and the groups that are made of them.
//!
//! There is no timer: a step that comes alone begins at once. While as many groups run as may, those that come wait, and
//! the next group takes all of them but those in whose way a running one is.

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use deadpool_postgres::Pool;
use guise_domain::StoreError;
use guise_domain::limits::{COMMIT_GROUP_MAX, WRITER_QUEUE_MAX};
use tokio::sync::oneshot;

use crate::error::{Error, Queried};
use crate::group::{self, Key, Locks, Waiter};
use crate::nodes::Node;
use crate::query::Lent;
use crate::seat::Seat;

/// Groups that run at once: while one waits for its commit, others go on.
const GROUPS_AT_ONCE: usize = 4;

/// Makes groups of steps. Clones share the queue.
#[derive(Clone)]
pub(crate) struct Queue {
    pool: Pool,
    node: Arc<Node>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    /// What the groups that run lock for their steps' own.
    running: HashMap<u64, HashSet<Key>>,
    groups: u64,
}

struct Waiting {
    waiter: Waiter,
    alone: bool,
}

impl Queue {
    pub(crate) fn new(pool: Pool, node: Arc<Node>) -> Self {
        Self { pool, node, state: Arc::default() }
    }

    /// A seat, once there is one: in a group of its own if the step wants to be `alone`.
    pub(crate) async fn seat(&self, locks: Locks, alone: bool) -> Queried<Seat> {
        let (seat, seated) = oneshot::channel();
        self.enter(Waiting { waiter: Waiter { locks, seat }, alone })?;
        seated.await.map_err(|_| Error::Disturbed)?
    }

    fn enter(&self, waiting: Waiting) -> Queried<()> {
        let mut state = self.state();
        if state.waiting.len() >= WRITER_QUEUE_MAX {
            let full = "too many wait for the database".to_owned();
            return Err(Error::Store(StoreError::Unavailable(full)));
        }
        state.waiting.push_back(waiting);
        if let Some(group) = self.next(&mut state) {
            tokio::spawn(group.run());
        }
        Ok(())
    }

    /// The next group, if another one may run and somebody waits in whose way nobody is.
    fn next(&self, state: &mut State) -> Option<Group> {
        if state.running.len() >= GROUPS_AT_ONCE {
            return None;
        }
        let (waiters, keys) = state.take();
        if waiters.is_empty() {
            return None;
        }
        state.groups += 1;
        let number = state.groups;
        state.running.insert(number, keys);
        Some(Group { queue: self.clone(), number, waiters })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Those who wait and can begin together, and what they lock for their own.
    fn take(&mut self) -> (Vec<Waiter>, HashSet<Key>) {
        let mut taken: HashSet<Key> = self.running.values().flatten().copied().collect();
        let (mut waiters, mut keys) = (Vec::new(), HashSet::new());
        let mut full = false;
        for Waiting { waiter, alone } in mem::take(&mut self.waiting) {
            let own = &waiter.locks.own;
            let fits = !full && own.iter().all(|key| !taken.contains(key));
            if fits && (!alone || waiters.is_empty()) {
                keys.extend(own);
                waiters.push(waiter);
                full = alone || waiters.len() >= COMMIT_GROUP_MAX;
            } else {
                // Whoever comes after this one for the same is not to overtake it.
                taken.extend(own);
                self.waiting.push_back(Waiting { waiter, alone });
            }
        }
        (waiters, keys)
    }
}

/// A group that runs, and those after it that find nobody in their way when it is over.
struct Group {
    queue: Queue,
    number: u64,
    waiters: Vec<Waiter>,
}

impl Group {
    async fn run(mut self) {
        loop {
            let waiters = mem::take(&mut self.waiters);
            match self.queue.pool.get().await {
                Ok(client) => group::run(Lent::new(client), self.queue.node.fence(), waiters).await,
                Err(error) => {
                    let error = StoreError::from(Error::from(error));
                    for Waiter { seat, .. } in waiters {
                        let _ = seat.send(Err(Error::Store(error.clone())));
                    }
                }
            }
            let queue = self.queue.clone();
            drop(self);
            let next = queue.next(&mut queue.state());
            match next {
                Some(next) => self = next,
                None => return,
            }
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.queue.state().running.remove(&self.number);
    }
}

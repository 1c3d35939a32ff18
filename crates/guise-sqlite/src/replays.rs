//! The keys of requests already seen, in memory beside the table that outlives a restart.
//!
//! A key is here if and only if its row is committed or about to be: what a lost savepoint or group added is taken
//! out again, and what a sweep removes goes only once the sweep is committed.

use std::collections::HashSet;

use rusqlite::Connection;

type Key = [u8; 16];

const LOAD: &str = "SELECT key FROM replays";

/// All keys, and what the current group did to them.
pub(crate) struct Replays {
    seen: HashSet<Key>,
    added: Vec<Key>,
    removed: Vec<Key>,
}

/// A point of the current group to go back to.
#[derive(Clone, Copy)]
pub(crate) struct Mark {
    added: usize,
    removed: usize,
}

impl Replays {
    /// The keys that were kept.
    pub(crate) fn load(db: &Connection) -> rusqlite::Result<Self> {
        let seen =
            db.prepare(LOAD)?.query_map((), |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        Ok(Self { seen, added: Vec::new(), removed: Vec::new() })
    }

    pub(crate) fn contains(&self, key: Key) -> bool {
        self.seen.contains(&key)
    }

    pub(crate) fn add(&mut self, key: Key) {
        if self.seen.insert(key) {
            self.added.push(key);
        }
    }

    pub(crate) fn remove(&mut self, key: Key) {
        self.removed.push(key);
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { added: self.added.len(), removed: self.removed.len() }
    }

    /// Forgets what happened since `mark`.
    pub(crate) fn roll_back_to(&mut self, mark: Mark) {
        for key in self.added.drain(mark.added..) {
            self.seen.remove(&key);
        }
        self.removed.truncate(mark.removed);
    }

    /// Forgets what happened in the group, which was lost.
    pub(crate) fn roll_back(&mut self) {
        self.roll_back_to(Mark { added: 0, removed: 0 });
    }

    /// Keeps what happened in the group, which was committed.
    pub(crate) fn commit(&mut self) {
        self.added.clear();
        for key in self.removed.drain(..) {
            self.seen.remove(&key);
        }
    }
}

//! Reads that were answered, so that an exact repetition is refused.
//!
//! A repetition can pass the clock check for at most twice the allowed skew. Keys live in two generations of that
//! length; the older one is dropped whole. When more reads come than are remembered, the oldest are forgotten early:
//! repeating a read changes nothing, and memory stays bounded.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use guise_domain::limits::READ_REPLAYS_MAX;
use guise_domain::{ReplayKey, Timestamp};

#[derive(Debug)]
pub(crate) struct ReadReplays {
    generation_seconds: i64,
    state: Mutex<Generations>,
}

#[derive(Debug, Default)]
struct Generations {
    since: Option<Timestamp>,
    young: HashSet<[u8; 16]>,
    old: HashSet<[u8; 16]>,
}

impl ReadReplays {
    pub(crate) fn new(clock_skew_seconds: i64) -> Self {
        Self { generation_seconds: 2 * clock_skew_seconds, state: Mutex::default() }
    }

    /// Remembers a read; `false` when it was here before.
    pub(crate) fn insert(&self, ReplayKey(key): ReplayKey, now: Timestamp) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let since = *state.since.get_or_insert(now);
        let ended = now >= since.plus_seconds(self.generation_seconds);
        if ended || state.young.len() >= READ_REPLAYS_MAX / 2 {
            state.old = std::mem::take(&mut state.young);
            state.since = Some(now);
        }
        !state.old.contains(&key) && state.young.insert(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repetition_is_known_for_as_long_as_it_could_pass_the_clock() {
        let replays = ReadReplays::new(900);
        let at = Timestamp::from_seconds;
        assert!(replays.insert(ReplayKey([1; 16]), at(10_000)));
        assert!(replays.insert(ReplayKey([2; 16]), at(11_799)));
        assert!(!replays.insert(ReplayKey([1; 16]), at(11_799)));
        assert!(!replays.insert(ReplayKey([1; 16]), at(11_800)));
        assert!(!replays.insert(ReplayKey([2; 16]), at(13_598)));
        assert!(replays.insert(ReplayKey([1; 16]), at(13_600)));
    }
}

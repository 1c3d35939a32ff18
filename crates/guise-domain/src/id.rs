//! Snowflake ids: 41 bits of milliseconds since November 2010, 10 bits of node, 12 bits of sequence.
//!
//! An id tells when its thing was made, so nothing keeps a creation time beside its id.

use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::limits::NODE_MAX;

/// The millisecond that snowflakes count from: 2010-11-04T01:42:54.657Z.
const EPOCH_MILLIS: i64 = 1_288_834_974_657;
const NODE_SHIFT: u32 = 12;
const MILLIS_SHIFT: u32 = 22;
const SEQUENCE_MASK: i64 = (1 << NODE_SHIFT) - 1;

/// Why a text is not an id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a positive decimal number of at most 63 bits")]
pub struct IdError;

fn parse(text: &str) -> Result<i64, IdError> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(IdError);
    }
    text.parse().ok().filter(|id| *id > 0).ok_or(IdError)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(i64);

        impl $name {
            /// The id with this number.
            #[must_use]
            pub const fn new(id: i64) -> Self {
                Self(id)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> i64 {
                self.0
            }

            /// The lowest id that a thing made at `moment` can have.
            #[must_use]
            pub const fn first_at(moment: Timestamp) -> Self {
                Self(moment.millis().saturating_sub(EPOCH_MILLIS).saturating_mul(1 << MILLIS_SHIFT))
            }

            /// When the thing was made, read from the id.
            #[must_use]
            pub const fn created_at(self) -> Timestamp {
                Timestamp::from_millis((self.0 >> MILLIS_SHIFT) + EPOCH_MILLIS)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                parse(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// Names an account: one brand, desk or platform, with many profiles behind it.
    AccountId;
    /// Names an app: a program that acts for accounts, known by its consumer key.
    AppId;
    /// Names an upload, until it expires.
    MediaId;
    /// Names a custom profile.
    ProfileId;
    /// Names a message, in both participants' boxes.
    MessageId;
    /// Names a line of the log.
    EntryId;
}

/// Mints snowflakes that never repeat and never go back, whatever the clock does.
#[derive(Debug)]
pub struct Ids {
    /// The newest id, or one that counts as such. Its node is the one that ids are made of.
    last: AtomicI64,
}

impl Ids {
    /// A mint for `node` (0 to 1023) that stays above `floor`, the highest id that may have been kept before.
    #[must_use]
    pub fn new(node: u16, floor: i64) -> Self {
        let ids = Self { last: AtomicI64::new(0) };
        ids.seat(node, floor);
        ids
    }

    /// Goes on with another node, above `floor` and above all that was minted before.
    pub fn seat(&self, node: u16, floor: i64) {
        let node = i64::from(node.min(NODE_MAX));
        let seated = |last: i64| Some(compose((last.max(floor) >> MILLIS_SHIFT) + 1, node, 0));
        // It always answers with an id, so it is always taken.
        let _ = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, seated);
    }

    /// The next id, with `now` as its millisecond. When the clock stands still or has stepped back the sequence goes
    /// on, and borrows from the next millisecond when it is used up.
    pub fn next(&self, now: Timestamp) -> i64 {
        let millis = (now.millis() - EPOCH_MILLIS).max(0);
        let next = |last: i64| {
            let node = node_of(last);
            let successor = match last & SEQUENCE_MASK {
                SEQUENCE_MASK => compose((last >> MILLIS_SHIFT) + 1, node, 0),
                _ => last + 1,
            };
            successor.max(compose(millis, node, 0))
        };
        let mut last = self.last.load(Ordering::Relaxed);
        loop {
            let id = next(last);
            match self.last.compare_exchange_weak(last, id, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return id,
                Err(current) => last = current,
            }
        }
    }
}

/// The node that an id was made of.
#[must_use]
pub fn node_of(id: i64) -> i64 {
    id >> NODE_SHIFT & i64::from(NODE_MAX)
}

fn compose(millis: i64, node: i64, sequence: i64) -> i64 {
    millis << MILLIS_SHIFT | node << NODE_SHIFT | sequence
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_563_133_949_197);

    #[test]
    fn an_id_carries_its_millisecond() {
        assert_eq!(ProfileId::new(1_150_493_286_110_552_068).created_at(), NOW);
        let id = ProfileId::new(Ids::new(0, 0).next(NOW));
        assert_eq!(id.created_at(), NOW);
    }

    #[test]
    fn ids_grow_when_the_clock_stands_still_or_steps_back() {
        let ids = Ids::new(7, 0);
        let mut last = 0;
        for step in 0..20_000 {
            let id = ids.next(NOW.plus_seconds(-(step / 5_000)));
            assert!(id > last);
            assert_eq!(node_of(id), 7);
            last = id;
        }
    }

    #[test]
    fn ids_stay_above_the_floor_of_an_earlier_life() {
        let floor = Ids::new(1023, 0).next(NOW.plus_seconds(60));
        let id = Ids::new(0, floor).next(NOW);
        assert!(id > floor);
        assert_eq!(node_of(id), 0);
    }

    #[test]
    fn with_another_node_ids_go_on_above_all_that_were() {
        let ids = Ids::new(7, 0);
        let before = ids.next(NOW.plus_seconds(3600));
        ids.seat(3, 0);
        let after = ids.next(NOW);
        assert!(after > before, "whatever the clock did meanwhile");
        assert_eq!((node_of(before), node_of(after)), (7, 3));
        ids.seat(5, after + (10_000 << MILLIS_SHIFT));
        assert!(ids.next(NOW) > after + (10_000 << MILLIS_SHIFT), "and above what others kept");
        assert_eq!(node_of(ids.next(NOW)), 5);
    }

    #[test]
    fn threads_never_share_an_id() {
        let ids = Ids::new(0, 0);
        let mut all: Vec<i64> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..5_000).map(|_| ids.next(NOW)).collect::<Vec<_>>()))
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 20_000);
    }

    #[test]
    fn only_positive_decimals_of_63_bits_are_ids() {
        assert_eq!("9223372036854775807".parse(), Ok(MediaId::new(i64::MAX)));
        for bad in ["", "0", "-1", "+1", "1.0", " 1", "9223372036854775808", "١"] {
            assert_eq!(bad.parse::<MediaId>(), Err(IdError), "{bad:?}");
        }
    }
}

//! Wrong passwords, counted by account and by address, so that guessing is slow.
//!
//! An attempt is counted before the password is looked at, so that many at once do not slip through, and taken back when
//! it was right. Accounts wait shortly, or anybody could lock their owner out; addresses wait long.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use guise_domain::Timestamp;
use guise_domain::limits::{
    ACCOUNT_ATTEMPTS_FREE, ACCOUNT_WAIT_SECONDS_MAX, ADDRESS_ATTEMPTS_FREE,
    ADDRESS_WAIT_SECONDS_MAX, ATTEMPTS_MAX, ATTEMPTS_SECONDS, SCREEN_NAME_CHARS_MAX,
};

/// What the first wait is, in seconds; each further one is twice as long.
const FIRST_WAIT_SECONDS: i64 = 5;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Key {
    Account(String),
    /// Of an IPv6 address its network: whoever has one address there has them all.
    Address(IpAddr),
}

impl Key {
    fn wait(&self, attempts: u32) -> i64 {
        let (free, max) = match self {
            Self::Account(_) => (ACCOUNT_ATTEMPTS_FREE, ACCOUNT_WAIT_SECONDS_MAX),
            Self::Address(_) => (ADDRESS_ATTEMPTS_FREE, ADDRESS_WAIT_SECONDS_MAX),
        };
        match attempts.checked_sub(free) {
            None => 0,
            Some(beyond) => (FIRST_WAIT_SECONDS << beyond.min(20)).min(max),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Count {
    attempts: u32,
    last: Timestamp,
}

/// The attempts that are remembered.
#[derive(Debug, Default)]
pub(crate) struct Attempts(Mutex<HashMap<Key, Count>>);

/// An attempt that was counted.
#[derive(Debug)]
pub(crate) struct Attempt([Option<Key>; 2]);

impl Attempts {
    /// Counts an attempt to sign in as `name` from `address`.
    ///
    /// # Errors
    /// For how many seconds the next attempt has to wait; this one is not counted.
    pub(crate) fn begin(
        &self,
        name: &str,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<Attempt, i64> {
        // A name that is longer is nobody's, and would fill the memory that the number of entries is to bound.
        let account = (name.len() <= SCREEN_NAME_CHARS_MAX).then(|| Key::Account(name.to_owned()));
        let keys = [account, address.map(|address| Key::Address(network(address)))];
        let mut counts = self.counts();
        let wait = keys.iter().flatten().filter_map(|key| left(key, counts.get(key)?, now)).max();
        if let Some(wait) = wait {
            return Err(wait);
        }
        for key in keys.iter().flatten() {
            make_room(&mut counts, key, now);
            let count = counts.entry(key.clone()).or_insert(Count { attempts: 0, last: now });
            if is_over(count, now) {
                count.attempts = 0;
            }
            *count = Count { attempts: count.attempts.saturating_add(1), last: now };
        }
        Ok(Attempt(keys))
    }

    /// Takes an attempt back that was right. What was wrong about the account before is forgotten; of the address only
    /// this attempt is, or whoever has one account could guess at others without end.
    pub(crate) fn succeeded(&self, attempt: &Attempt) {
        let mut counts = self.counts();
        for key in attempt.0.iter().flatten() {
            match (key, counts.get_mut(key)) {
                (Key::Address(_), Some(count)) if count.attempts > 1 => count.attempts -= 1,
                _ => drop(counts.remove(key)),
            }
        }
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<Key, Count>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Seconds that are left of a wait, if there are any.
fn left(key: &Key, count: &Count, now: Timestamp) -> Option<i64> {
    if is_over(count, now) {
        return None;
    }
    let millis = count.last.plus_seconds(key.wait(count.attempts)).millis() - now.millis();
    (millis > 0).then(|| millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0))
}

fn is_over(count: &Count, now: Timestamp) -> bool {
    count.last.plus_seconds(ATTEMPTS_SECONDS) <= now
}

/// Makes room for `key`: what is over goes, and if nothing is, the one that was tried least.
fn make_room(counts: &mut HashMap<Key, Count>, key: &Key, now: Timestamp) {
    if counts.len() < ATTEMPTS_MAX || counts.contains_key(key) {
        return;
    }
    counts.retain(|_, count| !is_over(count, now));
    if counts.len() < ATTEMPTS_MAX {
        return;
    }
    let least = counts.iter().min_by_key(|(_, count)| (count.attempts, count.last));
    if let Some(least) = least.map(|(key, _)| key.clone()) {
        counts.remove(&least);
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    /// How long the next attempt would have to wait after `count` that had to wait for nothing but their turn.
    fn waits(
        attempts: &Attempts,
        name: &str,
        from: Option<IpAddr>,
        count: u32,
    ) -> (i64, Timestamp) {
        let mut now = NOW;
        for _ in 0..count {
            if let Err(wait) = attempts.begin(name, from, now) {
                now = now.plus_seconds(wait);
                attempts.begin(name, from, now).unwrap();
            }
        }
        (attempts.begin(name, from, now).err().unwrap_or_default(), now)
    }

    #[test]
    fn waits_grow_and_have_an_end() {
        let expected = [(4, 0), (5, 5), (6, 10), (7, 20), (8, 40), (9, 60), (30, 60)];
        for (count, wait) in expected {
            let (found, _) = waits(&Attempts::default(), "shop", None, count);
            assert_eq!(found, wait, "after {count}");
        }
        for (count, wait) in [(19, 0), (20, 5), (27, 640), (28, 900), (50, 900)] {
            let long = "a name that is nobody's";
            let (found, _) = waits(&Attempts::default(), long, Some(address("192.0.2.1")), count);
            assert_eq!(found, wait, "after {count}");
        }
    }

    #[test]
    fn an_hour_later_or_after_the_right_password_all_is_forgotten() {
        let attempts = Attempts::default();
        let (wait, now) = waits(&attempts, "shop", None, 7);
        assert_eq!(wait, 20);
        assert_eq!(attempts.begin("shop", None, now.plus_seconds(19)).unwrap_err(), 1);
        let right = attempts.begin("shop", None, now.plus_seconds(20)).unwrap();
        attempts.succeeded(&right);
        assert_eq!(waits(&attempts, "shop", None, 4).0, 0);
        let attempts = Attempts::default();
        let (_, now) = waits(&attempts, "shop", None, 7);
        let later = now.plus_seconds(ATTEMPTS_SECONDS);
        for _ in 0..5 {
            attempts.begin("shop", None, later).unwrap();
        }
        assert_eq!(attempts.begin("shop", None, later).unwrap_err(), 5);
    }

    #[test]
    fn an_address_stands_for_its_network_and_one_success_does_not_wash_it_clean() {
        let attempts = Attempts::default();
        for name in 0..20 {
            let from = Some(address(&format!("2001:db8:1:2::{name}")));
            attempts.begin(&format!("name{name}"), from, NOW).unwrap();
        }
        assert_eq!(attempts.begin("a", Some(address("2001:db8:1:2:ffff::")), NOW).unwrap_err(), 5);
        attempts.begin("a", Some(address("2001:db8:1:3::")), NOW).unwrap();
        attempts.begin("a", None, NOW).unwrap();
        let later = NOW.plus_seconds(5);
        let own = attempts.begin("own", Some(address("2001:db8:1:2::")), later).unwrap();
        attempts.succeeded(&own);
        assert_eq!(attempts.begin("a", Some(address("2001:db8:1:2::")), later).unwrap_err(), 5);
    }

    #[test]
    fn memory_is_bounded_and_those_that_were_tried_most_stay() {
        let attempts = Attempts::default();
        waits(&attempts, "shop", None, 6);
        for name in 0..2 * ATTEMPTS_MAX {
            attempts.begin(&format!("n{name}"), None, NOW).unwrap();
        }
        assert_eq!(attempts.counts().len(), ATTEMPTS_MAX);
        assert!(attempts.begin("shop", None, NOW).is_err());
    }
}

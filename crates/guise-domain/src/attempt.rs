//! Wrong passwords, counted by account and by address, so that guessing is slow.
//!
//! An attempt is counted before the password is looked at, so that many at once do not slip through, and taken back when
//! it was right. Accounts wait shortly, or anybody could lock their owner out; addresses wait long.

use std::net::IpAddr;

use crate::limits::{
    ACCOUNT_ATTEMPTS_FREE, ACCOUNT_WAIT_SECONDS_MAX, ADDRESS_ATTEMPTS_FREE,
    ADDRESS_WAIT_SECONDS_MAX, ATTEMPTS_SECONDS,
};
use crate::{Digest, ScreenName, Timestamp};

/// What the first wait is, in seconds; each further one is twice as long.
const FIRST_WAIT_SECONDS: i64 = 5;

/// What attempts are counted by. A store knows it by a digest: somebody may have typed a password for the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guesses {
    /// The name of an account, or of none: both wait alike.
    AtAccount(Digest),
    /// An address. Of IPv6 its network: whoever has one address there has them all.
    FromAddress(Digest),
}

/// An attempt to give the password of the account with this name, from this address, as far as they are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt([Option<Guesses>; 2]);

impl Attempt {
    /// An attempt at the account called `name`; none can be called otherwise than a [`ScreenName`].
    #[must_use]
    pub fn new(name: Option<&ScreenName>, address: Option<IpAddr>) -> Self {
        let digest = |kind, what: String| Digest::of(format!("{kind} {what}").as_bytes());
        let account = name.map(|name| Guesses::AtAccount(digest("account", name.folded())));
        let address = address.map(network);
        let address = address.map(|of| Guesses::FromAddress(digest("address", of.to_string())));
        Self([account, address])
    }

    /// What it is counted by. In one order, in which stores lock it.
    pub fn guesses(&self) -> impl Iterator<Item = Guesses> + use<> {
        self.0.into_iter().flatten()
    }
}

impl Guesses {
    /// What a store knows it by.
    #[must_use]
    pub const fn digest(&self) -> &[u8; 32] {
        let (Self::AtAccount(digest) | Self::FromAddress(digest)) = self;
        digest.as_bytes()
    }

    fn wait(self, count: u32) -> i64 {
        let (free, max) = match self {
            Self::AtAccount(_) => (ACCOUNT_ATTEMPTS_FREE, ACCOUNT_WAIT_SECONDS_MAX),
            Self::FromAddress(_) => (ADDRESS_ATTEMPTS_FREE, ADDRESS_WAIT_SECONDS_MAX),
        };
        match count.checked_sub(free) {
            None => 0,
            Some(beyond) => (FIRST_WAIT_SECONDS << beyond.min(20)).min(max),
        }
    }
}

/// How often it was tried, and when last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tries {
    /// Attempts that were not right, or not yet.
    pub count: u32,
    /// When the last of them began.
    pub last: Timestamp,
}

impl Tries {
    /// One more at `now`.
    #[must_use]
    pub fn more(kept: Option<Self>, now: Timestamp) -> Self {
        let before = kept.filter(|tries| !tries.is_over(now)).map_or(0, |tries| tries.count);
        Self { count: before.saturating_add(1), last: now }
    }

    /// One less, which was right. What was wrong about the account before is forgotten; of the address only this one
    /// is, or whoever has one account could guess at others without end.
    #[must_use]
    pub fn less(self, of: Guesses) -> Self {
        let count = match of {
            Guesses::AtAccount(_) => 0,
            Guesses::FromAddress(_) => self.count.saturating_sub(1),
        };
        Self { count, ..self }
    }

    /// Seconds until the next attempt may begin, if it has to wait at `now`.
    #[must_use]
    pub fn wait(self, of: Guesses, now: Timestamp) -> Option<i64> {
        if self.is_over(now) {
            return None;
        }
        let millis = self.last.plus_seconds(of.wait(self.count)).millis() - now.millis();
        (millis > 0).then(|| millis.div_euclid(1000) + i64::from(millis.rem_euclid(1000) > 0))
    }

    /// Whether they count no more at `now`. Those of a clock that was far ahead do not either, or they would for long.
    #[must_use]
    pub fn is_over(self, now: Timestamp) -> bool {
        self.last.plus_seconds(ATTEMPTS_SECONDS) <= now
            || now.plus_seconds(ATTEMPTS_SECONDS) < self.last
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

    fn of(name: &str, address: &str) -> [Guesses; 2] {
        let address = Some(address.parse().unwrap());
        let attempt = Attempt::new(Some(&name.parse().unwrap()), address);
        attempt.guesses().collect::<Vec<_>>().try_into().unwrap()
    }

    /// After `count` that had to wait for nothing but their turn: how long the next one would have to, and from when.
    fn waits(of: Guesses, count: u32) -> (i64, Timestamp) {
        let (mut tries, mut now) = (None, NOW);
        for _ in 0..count {
            let wait = tries.and_then(|tries: Tries| tries.wait(of, now));
            now = now.plus_seconds(wait.unwrap_or_default());
            tries = Some(Tries::more(tries, now));
        }
        (tries.and_then(|tries| tries.wait(of, now)).unwrap_or_default(), now)
    }

    #[test]
    fn waits_grow_and_have_an_end() {
        let [account, address] = of("shop", "192.0.2.1");
        for (count, wait) in [(4, 0), (5, 5), (6, 10), (7, 20), (8, 40), (9, 60), (30, 60)] {
            assert_eq!(waits(account, count).0, wait, "after {count}");
        }
        for (count, wait) in [(19, 0), (20, 5), (27, 640), (28, 900), (50, 900)] {
            assert_eq!(waits(address, count).0, wait, "after {count}");
        }
    }

    #[test]
    fn an_hour_later_all_is_forgotten_and_what_a_wrong_clock_left_is_not_waited_for() {
        let [account, _] = of("shop", "192.0.2.1");
        let tries = Tries { count: 7, last: NOW };
        assert_eq!(tries.wait(account, NOW), Some(20));
        assert_eq!(tries.wait(account, Timestamp::from_millis(NOW.millis() + 19_001)), Some(1));
        assert_eq!(tries.wait(account, NOW.plus_seconds(20)), None);
        assert_eq!(Tries::more(Some(tries), NOW.plus_seconds(3599)).count, 8);
        assert_eq!(Tries::more(Some(tries), NOW.plus_seconds(3600)).count, 1);
        assert_eq!(tries.wait(account, NOW.plus_seconds(-3600)), Some(3620));
        assert_eq!(tries.wait(account, NOW.plus_seconds(-3601)), None);
        assert_eq!(Tries::more(Some(tries), NOW.plus_seconds(-3601)).count, 1);
    }

    #[test]
    fn the_right_password_clears_its_account_and_does_not_wash_its_address_clean() {
        let [account, address] = of("shop", "192.0.2.1");
        let tries = Tries { count: 21, last: NOW };
        assert_eq!(tries.less(account).count, 0);
        assert_eq!(tries.less(address).count, 20);
    }

    #[test]
    fn an_address_stands_for_its_network_and_a_name_for_itself_in_any_case() {
        let first = of("shop", "2001:db8:1:2::1");
        assert_eq!(of("SHOP", "2001:db8:1:2:ffff::"), first);
        assert_ne!(of("shop2", "2001:db8:1:2::1")[0], first[0]);
        assert_ne!(of("shop", "2001:db8:1:3::1")[1], first[1]);
        assert_eq!(of("shop", "::ffff:192.0.2.1"), of("shop", "192.0.2.1"));
        assert_ne!(of("shop", "192.0.2.1")[1], of("shop", "192.0.2.2")[1]);
        assert_eq!(Attempt::new(None, None).guesses().count(), 0);
    }
}

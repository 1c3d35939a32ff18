//! An open loop's starts: at a constant distance from each other, whether or not the server keeps up.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;

/// How long after the last start connections still take what is due: a free one may be late to wake.
const LAST_CALL: Duration = Duration::from_millis(200);

/// When requests are to start, and which of them were taken.
pub(crate) struct Schedule {
    began: Instant,
    rate: u32,
    /// All that there are.
    starts: u64,
    taken: AtomicU64,
    /// A permit for each start whose time has come; closed at the end.
    due: Arc<Semaphore>,
}

impl Schedule {
    /// `rate` starts a second from `began` until `ends`. The clock is a thread of its own, whose sleep is finer than
    /// that of timers in the runtime.
    pub(crate) fn start(began: Instant, ends: Instant, rate: u32) -> Self {
        let starts = (ends - began).as_nanos() * u128::from(rate) / 1_000_000_000;
        let starts = u64::try_from(starts).unwrap_or(u64::MAX);
        let due = Arc::new(Semaphore::new(0));
        let clock = Arc::clone(&due);
        thread::spawn(move || {
            let mut released = 0;
            while released < starts {
                let reached = began.elapsed().as_nanos() * u128::from(rate) / 1_000_000_000;
                let reached = u64::try_from(reached + 1).unwrap_or(u64::MAX).min(starts);
                clock.add_permits(usize::try_from(reached - released).unwrap_or_default());
                released = reached;
                thread::sleep(
                    (began + offset(released, rate)).saturating_duration_since(Instant::now()),
                );
            }
            thread::sleep((ends + LAST_CALL).saturating_duration_since(Instant::now()));
            clock.close();
        });
        Self { began, rate, starts, taken: AtomicU64::new(0), due }
    }

    /// The next start, and whether it was waited for; `None` when it is over.
    pub(crate) async fn next(&self) -> Option<(Instant, bool)> {
        let (permit, waited) = match self.due.try_acquire() {
            Ok(permit) => (permit, false),
            Err(_) => (self.due.acquire().await.ok()?, true),
        };
        permit.forget();
        let number = self.taken.fetch_add(1, Ordering::Relaxed);
        Some((self.at(number), waited))
    }

    /// The starts that nobody took.
    pub(crate) fn missed(&self) -> impl Iterator<Item = Instant> {
        (self.taken.load(Ordering::Relaxed)..self.starts).map(|number| self.at(number))
    }

    fn at(&self, number: u64) -> Instant {
        self.began + offset(number, self.rate)
    }
}

/// How long after the first the start of this number is.
fn offset(number: u64, rate: u32) -> Duration {
    let nanoseconds = u128::from(number) * 1_000_000_000 / u128::from(rate);
    Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_evenly_spaced_for_as_long_as_it_goes_on() {
        assert_eq!(offset(0, 3), Duration::ZERO);
        assert_eq!(offset(2, 3), Duration::from_nanos(666_666_666));
        assert_eq!(offset(3_000_000_000, 3), Duration::from_secs(1_000_000_000));
    }
}

//! What is counted while requests are answered.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

use crate::request::Wrong;

/// What was measured of a scenario.
pub(crate) struct Figures {
    pub(crate) name: String,
    pub(crate) tally: Tally,
    pub(crate) usage: Usage,
}

/// What was used between two moments near the ends of the window.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// Right answers that arrived between them.
    pub(crate) answers: u64,
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) own_cpu: Option<Duration>,
    /// At the end.
    pub(crate) resident_mib: Option<f64>,
    pub(crate) resident_mib_max: Option<f64>,
}

impl Usage {
    /// Microseconds of the servers' CPU time for each answer.
    pub(crate) fn server_micros(&self) -> Option<f64> {
        self.micros(self.server_cpu)
    }

    /// Microseconds of the generator's CPU time for each answer.
    pub(crate) fn own_micros(&self) -> Option<f64> {
        self.micros(self.own_cpu)
    }

    fn micros(&self, time: Option<Duration>) -> Option<f64> {
        let time = time.filter(|_| self.answers > 0)?;
        Some(time.as_secs_f64() * 1e6 / float(self.answers))
    }
}

/// The longest latency that is told apart from longer ones.
const LATENCY_MICROS_MAX: u64 = 600_000_000;
/// A thousandth is told apart.
const DIGITS: u8 = 3;

/// When requests are measured: those that are to start from `from` on and before `to`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) to: Instant,
}

impl Window {
    pub(crate) fn holds(&self, moment: Instant) -> bool {
        self.from <= moment && moment < self.to
    }

    pub(crate) fn length(&self) -> Duration {
        self.to - self.from
    }

    /// How much time one figure of the throughput is for.
    pub(crate) fn slice(&self) -> Duration {
        let is_short = self.length() <= Duration::from_mins(1);
        if is_short { Duration::from_millis(100) } else { Duration::from_secs(1) }
    }
}

/// Counts of a scenario, while it runs and after.
pub(crate) struct Tally {
    pub(crate) window: Window,
    /// Requests of the window that were sent.
    pub(crate) sent: u64,
    /// Right answers to them, by microseconds since they were to start.
    latencies: Histogram<u64>,
    /// What was wrong with the others.
    pub(crate) errors: BTreeMap<Wrong, u64>,
    /// The first of each kind, as it came, for people.
    pub(crate) examples: BTreeMap<Wrong, String>,
    /// Right answers that came within each slice of the window, whenever their requests began.
    pub(crate) throughput: Vec<u64>,
    /// The sum of those.
    pub(crate) arrived: u64,
    /// By how much requests began late although a connection was free, in microseconds: the generator's own fault.
    late: Histogram<u64>,
    /// Requests of the window that no connection was free for until its end.
    pub(crate) overdue: u64,
}

impl Tally {
    /// # Errors
    /// Never: the bounds are sound.
    pub(crate) fn new(window: Window) -> anyhow::Result<Self> {
        let slices = window.length().as_millis().div_ceil(window.slice().as_millis());
        let histogram = Histogram::new_with_bounds(1, LATENCY_MICROS_MAX, DIGITS)?;
        Ok(Self {
            window,
            sent: 0,
            latencies: histogram.clone(),
            errors: BTreeMap::new(),
            examples: BTreeMap::new(),
            throughput: vec![0; usize::try_from(slices)?],
            arrived: 0,
            late: histogram,
            overdue: 0,
        })
    }

    /// A request that was to start at `due` was sent.
    pub(crate) fn send(&mut self, due: Instant) {
        self.sent += u64::from(self.window.holds(due));
    }

    /// Its answer came at `now`, or none.
    pub(crate) fn answer(&mut self, due: Instant, now: Instant, checked: Result<(), Wrong>) {
        if checked.is_ok() && self.window.holds(now) {
            self.arrived += 1;
            let slice = (now - self.window.from).as_micros() / self.window.slice().as_micros();
            let slice =
                usize::try_from(slice).ok().and_then(|slice| self.throughput.get_mut(slice));
            if let Some(count) = slice {
                *count += 1;
            }
        }
        if self.window.holds(due) {
            match checked {
                Ok(()) => self.latencies.saturating_record(micros(now - due)),
                Err(wrong) => *self.errors.entry(wrong).or_default() += 1,
            }
        }
    }

    /// Keeps what is wrong, if it is the first of its kind.
    pub(crate) fn keep(&mut self, wrong: Wrong, example: impl FnOnce() -> String) {
        self.examples.entry(wrong).or_insert_with(example);
    }

    /// A free connection began at `now` what was due before.
    pub(crate) fn begin_late(&mut self, due: Instant, now: Instant) {
        if self.window.holds(due) {
            self.late.saturating_record(micros(now - due));
        }
    }

    /// A request was not even sent before the window ended: it took at least until then.
    pub(crate) fn miss(&mut self, due: Instant) {
        if self.window.holds(due) {
            self.overdue += 1;
            self.latencies.saturating_record(micros(self.window.to - due));
        }
    }

    /// Right answers in each second of the window, by when they arrived.
    pub(crate) fn per_second(&self) -> f64 {
        float(self.arrived) / self.window.length().as_secs_f64()
    }

    /// The milliseconds in which this share of the answers came, if there are any.
    pub(crate) fn latency_ms(&self, share: f64) -> Option<f64> {
        let micros = self.latencies.value_at_quantile(share);
        (!self.latencies.is_empty()).then(|| float(micros) / 1000.0)
    }

    /// The milliseconds that all but a hundredth of the starts were late at most.
    pub(crate) fn late_ms(&self) -> f64 {
        float(self.late.value_at_quantile(0.99)) / 1000.0
    }

    /// How many latencies there are.
    pub(crate) fn timed(&self) -> u64 {
        self.latencies.len()
    }

    /// Right answers to requests of the window.
    pub(crate) fn answered(&self) -> u64 {
        self.latencies.len() - self.overdue
    }

    pub(crate) fn wrong(&self) -> u64 {
        self.errors.values().sum()
    }

    /// Counts what was sent and neither answered nor failed.
    pub(crate) fn close(&mut self) {
        let unanswered = self.sent - self.answered() - self.wrong();
        if unanswered > 0 {
            self.errors.insert(Wrong::Unanswered, unanswered);
        }
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "a figure to read")]
pub(crate) fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_due_in_the_window_counts_and_nothing_else() {
        let from = Instant::now();
        let at = |milliseconds: u64| from + Duration::from_millis(milliseconds);
        let mut tally = Tally::new(Window { from: at(1000), to: at(2000) }).unwrap();
        // Begun in the warm-up and answered in the window: it arrived, no more.
        tally.send(at(900));
        tally.answer(at(900), at(1100), Ok(()));
        tally.send(at(1000));
        tally.answer(at(1000), at(1250), Ok(()));
        tally.send(at(1100));
        tally.answer(at(1100), at(1200), Err(Wrong::Body));
        // Begun in the window and answered after.
        tally.send(at(1999));
        tally.answer(at(1999), at(2999), Ok(()));
        tally.send(at(1999));
        tally.miss(at(1500));
        tally.miss(at(999));
        tally.begin_late(at(1000), at(1020));
        tally.close();
        assert_eq!((tally.sent, tally.answered(), tally.overdue, tally.timed()), (4, 2, 1, 3));
        let errors = [(Wrong::Body, 1), (Wrong::Unanswered, 1)];
        assert_eq!(tally.errors, BTreeMap::from(errors));
        assert_eq!(tally.throughput, [0, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(tally.arrived, 2);
        assert!((tally.late_ms() - 20.0).abs() < 0.1);
        let near = |share, expected: f64| (tally.latency_ms(share).unwrap() - expected).abs() < 1.0;
        assert!(near(0.0, 250.0) && near(0.5, 500.0) && near(1.0, 1000.0));
    }
}

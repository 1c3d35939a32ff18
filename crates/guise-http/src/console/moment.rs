//! Moments as people read them, beside what programs read.

use guise_domain::Timestamp;

use crate::wire::written_moment;

/// `<time datetime="{{ at.machine }}">{{ at.people }}</time>`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// To the millisecond.
    pub(crate) machine: String,
    /// `25 Nov 2026, 03:52 UTC`
    pub(crate) people: String,
}

impl From<Timestamp> for Moment {
    fn from(at: Timestamp) -> Self {
        let people = jiff::Timestamp::from_millisecond(at.millis())
            .map(|at| at.strftime("%-d %b %Y, %H:%M UTC").to_string())
            .unwrap_or_default();
        Self { machine: written_moment(at), people }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_reads_both_ways() {
        let at = Moment::from(Timestamp::from_millis(1_764_042_725_007));
        assert_eq!(at.machine, "2025-11-25T03:52:05.007Z");
        assert_eq!(at.people, "25 Nov 2025, 03:52 UTC");
    }
}

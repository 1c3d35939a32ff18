//! Moments as pages write them.

use std::fmt;

use guise_domain::Timestamp;

use crate::wire::written_moment;

/// A moment: for people when it is shown, for programs in [`When::machine`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct When(pub(crate) Timestamp);

impl When {
    /// The same with seconds, for what comes quickly one after another.
    pub(crate) fn exact(self) -> String {
        self.written("%-d %b %Y, %H:%M:%S UTC")
    }

    /// As `<time datetime>` has it.
    pub(crate) fn machine(self) -> String {
        written_moment(self.0)
    }

    fn written(self, format: &str) -> String {
        let moment = jiff::Timestamp::from_millisecond(self.0.millis());
        moment.map_or("long ago".to_owned(), |moment| moment.strftime(format).to_string())
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written("%-d %b %Y, %H:%M UTC"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_by_people_and_programs() {
        let when = When(Timestamp::from_millis(1_800_000_000_000));
        assert_eq!(when.to_string(), "15 Jan 2027, 08:00 UTC");
        assert_eq!(when.machine(), "2027-01-15T08:00:00.000Z");
        let when = When(Timestamp::from_millis(1_764_042_725_007));
        assert_eq!(when.to_string(), "25 Nov 2025, 03:52 UTC");
        assert_eq!(when.exact(), "25 Nov 2025, 03:52:05 UTC");
        assert_eq!(when.machine(), "2025-11-25T03:52:05.007Z");
    }
}

//! Moments as the API beside the original's writes them: RFC 3339, in UTC, to the millisecond.

use guise_domain::Timestamp;

use crate::error::Refusal;

/// The moment that the parameter called `name` says.
///
/// # Errors
/// When it is none.
pub(crate) fn moment(name: &str, text: &str) -> Result<Timestamp, Refusal> {
    let rule = || format!("{name}: must be a moment such as 2026-01-31T00:00:00Z");
    let moment: jiff::Timestamp = text.parse().map_err(|_| Refusal::Invalid(rule()))?;
    Ok(Timestamp::from_millis(moment.as_millisecond()))
}

/// A moment in an answer.
pub(crate) fn written_moment(moment: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(moment.millis())
        .map(|moment| format!("{moment:.3}"))
        .unwrap_or_default()
}

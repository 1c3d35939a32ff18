//! A live line on standard error, if that is a terminal.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use crate::figures::{Tally, float};

/// The line of whatever is measured.
pub(crate) struct Progress {
    line: ProgressBar,
}

impl Progress {
    pub(crate) fn new() -> Self {
        let style = ProgressStyle::with_template("{prefix:8} {msg}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_spinner());
        Self { line: ProgressBar::new_spinner().with_style(style) }
    }

    /// What is shown from now on is about this.
    pub(crate) fn begin(&self, name: &str) {
        self.line.set_prefix(name.to_owned());
    }

    /// Says what is prepared.
    pub(crate) fn prepare(&self, what: &str) {
        self.line.set_message(what.to_owned());
    }

    /// Shows where a measurement is.
    pub(crate) fn show(&self, tally: &Tally) {
        if self.line.is_hidden() {
            return;
        }
        let (now, window) = (Instant::now(), tally.window);
        let message = if now < window.from {
            format!("warming up, {:.0} s to go", (window.from - now).as_secs_f64())
        } else {
            let elapsed = (now - window.from).as_secs_f64().max(0.1);
            format!(
                "{:.0} a second, p99 {:.2} ms, {} wrong, {:.0} s to go",
                float(tally.arrived) / elapsed,
                tally.latency_ms(0.99).unwrap_or_default(),
                tally.wrong(),
                window.to.saturating_duration_since(now).as_secs_f64(),
            )
        };
        self.line.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.line.finish_and_clear();
    }
}

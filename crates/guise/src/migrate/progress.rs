//! How far a move is: bars in a terminal, and a line for what is over.

use std::cell::RefCell;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use crate::output::Output;

/// Bars, and where lines go.
pub(super) struct Progress<'a> {
    bars: MultiProgress,
    output: RefCell<&'a mut Output>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(output: &'a mut Output) -> Self {
        Self { bars: MultiProgress::new(), output: RefCell::new(output) }
    }

    /// A bar for so many of something.
    pub(super) fn bar(&self, what: &str, of: u64) -> ProgressBar {
        let template = "{prefix:15} {bar:30} {pos} of {len}, {per_sec}, {eta} left";
        let style =
            ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bars.add(ProgressBar::new(of).with_style(style).with_prefix(what.to_owned()))
    }

    /// Puts a line in the place of a bar. Of nothing nothing is said.
    pub(super) fn over(&self, bar: &ProgressBar, of: &str) -> std::io::Result<()> {
        bar.finish_and_clear();
        self.bars.remove(bar);
        let mut output = self.output.borrow_mut();
        let (count, seconds) = (bar.position(), bar.elapsed().as_secs_f64());
        if count == 0 || output.json {
            return Ok(());
        }
        let rate = bar.per_sec();
        let line =
            format!("{:15} {count} {of} in {seconds:.1} seconds, {rate:.0} a second", bar.prefix());
        self.bars.suspend(|| output.line(&line))
    }
}

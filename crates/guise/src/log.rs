//! The log: to standard error, a line for each event.

mod lines;

use std::io::{IsTerminal, stderr};
use std::sync::OnceLock;

use anyhow::Context;
use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;
use lines::Lines;

static LINES: OnceLock<Lines> = OnceLock::new();

/// Starts the log. `filter` was checked with the configuration.
///
/// # Errors
/// When there can be no thread for it.
pub(crate) fn start(filter: &str, format: LogFormat) -> anyhow::Result<()> {
    let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let lines = Lines::start(stderr()).context("the log cannot be written")?;
    let log = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(stderr().is_terminal() && !plain)
        .with_writer(LINES.get_or_init(|| lines).clone());
    match format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().flatten_event(true).init(),
    }
    Ok(())
}

/// Has everything written. To be called before the program ends, in whatever way.
pub(crate) fn flush() {
    if let Some(lines) = LINES.get() {
        lines.flush();
    }
}

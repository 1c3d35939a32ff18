//! What has to hold before the server makes or binds anything. `guise config check` asks for exactly this.

use anyhow::ensure;

use super::guard::permit;
use super::{settings, tls};
use crate::config::{Config, Problems};
use crate::data;

/// Refuses a configuration that the server cannot start with.
///
/// # Errors
/// Everything that keeps it from starting.
pub(crate) fn check(config: &Config, listen_publicly: bool) -> Result<(), Problems> {
    let checks = [
        listens(config),
        permit(config, listen_publicly),
        data::check_key(config),
        tls::check(config),
        settings(config).map(drop),
    ];
    let wrong = checks.into_iter().filter_map(Result::err);
    let problems: Vec<_> = wrong.map(|error| format!("{error:#}")).collect();
    if problems.is_empty() { Ok(()) } else { Err(Problems(problems)) }
}

fn listens(config: &Config) -> anyhow::Result<()> {
    ensure!(config.http.or(config.tls).is_some(), "http and tls are both off: turn one on");
    Ok(())
}

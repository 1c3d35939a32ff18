//! `guise audit`: who did what, listed or written to a file.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::identity::text;
use super::{Answer, Client, pages};
use crate::args::AuditCommand;
use crate::output::Output;

const AUDIT: &str = "/guise/v1/audit";

/// Runs one of the commands.
pub(crate) async fn run(
    command: AuditCommand,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<()> {
    match command {
        AuditCommand::List { action, operator, subject, count } => {
            let query = [("action", action), ("operator", operator), ("subject", subject)];
            list(client, &query, count, output).await
        }
        AuditCommand::Export { file, since } => export(client, &file, since, output).await,
    }
}

async fn list(
    client: &Client,
    query: &[(&str, Option<String>)],
    count: u32,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (target, wanted) = (pages::target(AUDIT, query), usize::try_from(count)?);
    let (mut entries, mut next) = pages::read(&client.get(&target).await?.success()?, "entries");
    while let Some(cursor) = next.take().filter(|_| entries.len() < wanted) {
        let page = client.get(&format!("{target}{cursor}")).await?.success()?;
        let (more, after) = pages::read(&page, "entries");
        entries.extend(more);
        next = after;
    }
    entries.truncate(wanted);
    if output.json {
        return Ok(output.value(&Value::Array(entries))?);
    }
    let cells = ["at", "action", "subject_id", "revision", "app_id", "operator"];
    let row = |entry: &Value| cells.map(|cell| text(entry, cell)).to_vec();
    let rows: Vec<_> = entries.iter().map(row).collect();
    Ok(output.table(&["WHEN", "ACTION", "WHAT", "REVISION", "BY APP", "OPERATOR"], &rows)?)
}

/// Reads a page, however often the limit has to be waited for: a long log is longer than one window.
async fn patiently(client: &Client, target: &str, bar: &ProgressBar) -> anyhow::Result<Answer> {
    loop {
        let answer = client.get(target).await?;
        if answer.status != StatusCode::TOO_MANY_REQUESTS {
            return Ok(answer);
        }
        let seconds = answer.header("retry-after").parse().unwrap_or(60);
        bar.set_message(format!("(the limit is used up; going on in {seconds} s)"));
        tokio::time::sleep(Duration::from_secs(seconds)).await;
        bar.set_message("");
    }
}

/// Writes everything, and only then gives the file its name: one that is there is whole.
async fn export(
    client: &Client,
    path: &Path,
    since: Option<String>,
    output: &mut Output,
) -> anyhow::Result<()> {
    anyhow::ensure!(!path.exists(), "{} is there already", path.display());
    let draft = path.with_added_extension("partial");
    let named = || format!("{} cannot be written", draft.display());
    let mut file = BufWriter::new(File::create(&draft).with_context(named)?);
    let style = ProgressStyle::with_template("{spinner} {pos} lines, {per_sec}, {elapsed} {msg}")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    let target = pages::target(AUDIT, &[("since", since)]);
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let answer = patiently(client, &format!("{target}{cursor}"), &bar).await?;
        let (entries, after) = pages::read(&answer.success()?, "entries");
        for entry in &entries {
            writeln!(file, "{entry}").with_context(named)?;
        }
        bar.inc(entries.len() as u64);
        next = after;
    }
    bar.finish_and_clear();
    file.into_inner()?.sync_all().with_context(named)?;
    std::fs::rename(&draft, path).with_context(named)?;
    let lines = bar.position();
    if output.json {
        return Ok(output.value(&json!({"file": path.to_string_lossy(), "lines": lines}))?);
    }
    Ok(output.line(&format!("Wrote {lines} lines to {}.", path.display()))?)
}

//! `guise audit`: who did what, listed or written to a file.

use std::path::Path;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::draft::Draft;
use super::identity::text;
use super::patience::patiently;
use super::{Client, pages};
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
    let target = pages::target(AUDIT, query);
    let entries = pages::up_to(client, &target, "entries", usize::try_from(count)?).await?;
    if output.json {
        return Ok(output.value(&Value::Array(entries))?);
    }
    let cells = ["at", "action", "subject_id", "revision", "app_id", "operator"];
    let row = |entry: &Value| cells.map(|cell| text(entry, cell)).to_vec();
    let rows: Vec<_> = entries.iter().map(row).collect();
    Ok(output.table(&["WHEN", "ACTION", "WHAT", "REVISION", "BY APP", "OPERATOR"], &rows)?)
}

/// Writes everything, and only then gives the file its name: one that is there is whole.
async fn export(
    client: &Client,
    path: &Path,
    since: Option<String>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let mut draft = Draft::of(path)?;
    let style = ProgressStyle::with_template("{spinner} {pos} lines, {per_sec}, {elapsed} {msg}")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    let target = pages::target(AUDIT, &[("since", since)]);
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let page = format!("{target}{cursor}");
        let answer = patiently(&bar, async || client.get(&page).await).await?;
        let (entries, after) = pages::read(&answer.success()?, "entries");
        for entry in &entries {
            draft.write(format!("{entry}\n").as_bytes())?;
        }
        bar.inc(entries.len() as u64);
        next = after;
    }
    bar.finish_and_clear();
    draft.finish()?;
    let lines = bar.position();
    if output.json {
        return Ok(output.value(&json!({"file": path.to_string_lossy(), "lines": lines}))?);
    }
    Ok(output.line(&format!("Wrote {lines} lines to {}.", path.display()))?)
}

//! What an import did, or would do.

use serde_json::{Value, json};

use super::line::Line;
use super::problems::{Problems, listed};
use crate::output::Output;

/// The outcome of a line that is so already.
pub(super) const UNCHANGED: &str = "unchanged";

/// What a line changes.
pub(super) struct Change {
    pub(super) new: bool,
    /// The members that are not so yet.
    pub(super) members: Vec<String>,
}

impl Change {
    pub(super) fn outcome(&self) -> &'static str {
        match self {
            Self { new: true, .. } => "created",
            Self { members, .. } if members.is_empty() => UNCHANGED,
            Self { .. } => "updated",
        }
    }
}

/// All lines, what each of them changed, and what the server remarked.
pub(super) struct Summary<'a> {
    pub(super) lines: &'a [Line],
    pub(super) changes: &'a [Change],
    pub(super) warnings: &'a Problems,
    pub(super) dry_run: bool,
}

impl Summary<'_> {
    /// Created, updated, unchanged.
    fn counts(&self) -> [usize; 3] {
        ["created", "updated", UNCHANGED]
            .map(|outcome| self.changes.iter().filter(|change| change.outcome() == outcome).count())
    }

    /// What of each line that changes anything.
    fn each<T>(&self, what: impl Fn(&Line, &Change) -> T) -> Vec<T> {
        let pairs = self.lines.iter().zip(self.changes);
        let pairs = pairs.filter(|(_, change)| change.outcome() != UNCHANGED);
        pairs.map(|(line, change)| what(line, change)).collect()
    }

    pub(super) fn tell(&self, output: &mut Output) -> anyhow::Result<()> {
        if output.json {
            return Ok(output.value(&self.json())?);
        }
        for warning in self.warnings.lines() {
            output.line(&output.paint("33", &format!("warning: {warning}")))?;
        }
        let [created, updated, unchanged] = self.counts();
        if !self.dry_run {
            let all = self.lines.len();
            return Ok(output.line(&format!(
                "Imported {all} profiles: {created} created, {updated} updated, {unchanged} unchanged."
            ))?);
        }
        let planned = self.each(|line, change| {
            let (id, outcome) = (&line.external_id, change.outcome());
            format!("line {}: {id} would be {outcome}: {}", line.number, change.members.join(", "))
        });
        for line in listed(planned.into_iter()) {
            output.line(&line)?;
        }
        Ok(output.line(&format!(
            "Nothing was written: {created} would be created, {updated} updated, {unchanged} are so already."
        ))?)
    }

    fn json(&self) -> Value {
        let [created, updated, unchanged] = self.counts();
        let changes = self.each(|line, change| {
            json!({
                "line": line.number,
                "external_id": line.external_id.as_str(),
                "outcome": change.outcome(),
                "members": change.members,
            })
        });
        json!({
            "imported": !self.dry_run,
            "created": created,
            "updated": updated,
            "unchanged": unchanged,
            "changes": changes,
            "warnings": self.warnings.json(),
        })
    }
}

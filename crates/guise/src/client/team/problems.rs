//! What is wrong with a file, line by line.

use std::fmt::Display;
use std::path::Path;
use std::process::ExitCode;

use guise_domain::limits::TEAM_LISTED_MAX;
use serde_json::{Value, json};

use crate::output::{Output, plain};

/// Remarks on lines, each with the line's number.
#[derive(Default)]
pub(super) struct Problems(Vec<(usize, String)>);

impl Problems {
    /// Notes a remark on a line. It may quote the file.
    pub(super) fn note(&mut self, line: usize, reason: impl Display) {
        self.0.push((line, plain(&reason.to_string())));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// By line.
    pub(super) fn json(&self) -> Value {
        let mut remarks: Vec<_> = self.0.iter().collect();
        remarks.sort_by_key(|(line, _)| *line);
        remarks.into_iter().map(|(line, reason)| json!({"line": line, "reason": reason})).collect()
    }

    /// By line, as many as people read.
    pub(super) fn lines(&self) -> Vec<String> {
        let mut remarks: Vec<_> = self.0.iter().collect();
        remarks.sort_by_key(|(line, _)| *line);
        listed(remarks.into_iter().map(|(line, reason)| format!("line {line}: {reason}")))
    }

    /// Ends an import that cannot begin.
    pub(super) fn refuse(&self, file: &Path, output: &mut Output) -> anyhow::Result<ExitCode> {
        if output.json {
            output.value(&json!({"imported": false, "problems": self.json()}))?;
            return Ok(ExitCode::FAILURE);
        }
        let lines = self.lines().join("\n  ");
        anyhow::bail!("nothing is imported: {} has mistakes\n  {lines}", file.display())
    }
}

/// As many of these as people read, indented, and how many more there are.
pub(super) fn listed(all: impl ExactSizeIterator<Item = String>) -> Vec<String> {
    let more = all.len().saturating_sub(TEAM_LISTED_MAX);
    let mut lines: Vec<_> = all.take(TEAM_LISTED_MAX).collect();
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_are_told_by_line_and_not_without_end() {
        let mut problems = Problems::default();
        for line in (1..=52).rev() {
            problems.note(line, "name: \x1b[31m");
        }
        let lines = problems.lines();
        assert_eq!((lines.len(), lines[0].as_str()), (51, "line 1: name:  [31m"));
        assert_eq!(
            (lines[49].as_str(), lines[50].as_str()),
            ("line 50: name:  [31m", "and 2 more")
        );
        assert_eq!(problems.json()[51], json!({"line": 52, "reason": "name:  [31m"}));
    }
}

//! What only the server can tell of lines, before anything is written.

use std::collections::{HashMap, HashSet};

use anyhow::{Context, ensure};
use guise_domain::Kind;
use indicatif::ProgressBar;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::line::Line;
use super::problems::Problems;
use super::{living, member};
use crate::client::identity::PROFILES;
use crate::client::patience::patiently;
use crate::client::{Body, Client};

/// How many lines the server is asked about at once: few enough for one body.
const LINES_AT_ONCE: usize = 500;

/// What the account has.
pub(super) struct Account {
    by_external_id: HashMap<String, Value>,
    /// Ids of the others.
    unnamed: HashSet<String>,
}

impl Account {
    pub(super) async fn read(client: &Client) -> anyhow::Result<Self> {
        let mut account = Self { by_external_id: HashMap::new(), unnamed: HashSet::new() };
        for profile in living(client).await? {
            match member(&profile, "external_id") {
                Some(external_id) => {
                    account.by_external_id.insert(external_id.to_owned(), profile);
                }
                None => account.unnamed.extend(member(&profile, "id").map(str::to_owned)),
            }
        }
        Ok(account)
    }

    /// The profile that a line speaks of, unless it is to be made.
    pub(super) fn profile(&self, line: &Line) -> Option<&Value> {
        self.by_external_id.get(line.external_id.as_str())
    }

    /// Notes which lines would make what should not be made.
    pub(super) fn check(&self, lines: &[Line], problems: &mut Problems) {
        for line in lines.iter().filter(|line| self.profile(line).is_none()) {
            if let Some(id) = line.id.as_ref().filter(|id| self.unnamed.contains(*id)) {
                let reason = "is in this account already, without an external id; `profile edit` gives it one";
                problems.note(line.number, format_args!("id: profile {id} {reason}"));
            }
        }
    }

    /// Asks the server what it thinks of the names. An older one does not say.
    pub(super) async fn ask(
        &self,
        client: &Client,
        lines: &[Line],
        problems: &mut Problems,
        warnings: &mut Problems,
    ) -> anyhow::Result<()> {
        let bar = ProgressBar::new_spinner();
        let target = format!("{PROFILES}/check");
        for lines in lines.chunks(LINES_AT_ONCE) {
            let profiles: Vec<Value> = lines.iter().map(|line| self.question(line)).collect();
            let body = json!({"profiles": profiles}).to_string();
            let ask = async || client.post(&target, Body::Json(body.clone())).await;
            let answer = patiently(&bar, ask).await?;
            if answer.status == StatusCode::NOT_FOUND {
                return Ok(());
            }
            note(lines, &answer.success()?, problems, warnings)?;
        }
        Ok(())
    }

    fn question(&self, line: &Line) -> Value {
        let kept = self.profile(line).and_then(|profile| member(profile, "kind"));
        let kind = line.kind.map(Kind::as_str).or(kept);
        let (name, external_id) = (line.name.as_str(), line.external_id.as_str());
        json!({"name": name, "kind": kind, "external_id": external_id})
    }
}

/// Notes what the server answered about these lines.
fn note(
    lines: &[Line],
    answer: &Value,
    problems: &mut Problems,
    warnings: &mut Problems,
) -> anyhow::Result<()> {
    let verdicts = answer.get("profiles").and_then(Value::as_array);
    let verdicts = verdicts.context("the server's answer has no profiles")?;
    ensure!(verdicts.len() == lines.len(), "the server's answer is not about what was asked");
    for (line, verdict) in lines.iter().zip(verdicts) {
        let remarks = |of| verdict.get(of).and_then(Value::as_array).into_iter().flatten();
        for remark in remarks("errors") {
            problems.note(line.number, member(remark, "message").unwrap_or("is refused"));
        }
        for remark in remarks("warnings") {
            warnings.note(line.number, member(remark, "message").unwrap_or("is doubtful"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: usize) -> Line {
        Line {
            number,
            external_id: "crm:1".parse().unwrap(),
            name: guise_domain::ProfileName::parse("Jon").unwrap(),
            kind: None,
            tags: None,
            picture: None,
            id: None,
        }
    }

    #[test]
    fn what_the_server_thinks_is_told_by_line() {
        let remark = |text: &str| json!({"slug": "a", "message": text});
        let answer = json!({"profiles": [
            {"errors": [], "warnings": [remark("name: looks like Jon of shop")]},
            {"errors": [remark("name: is reserved"), remark("kind: is required")], "warnings": []},
        ]});
        let (mut problems, mut warnings) = (Problems::default(), Problems::default());
        note(&[line(3), line(9)], &answer, &mut problems, &mut warnings).unwrap();
        assert_eq!(problems.lines(), ["line 9: name: is reserved", "line 9: kind: is required"]);
        assert_eq!(warnings.lines(), ["line 3: name: looks like Jon of shop"]);
        assert!(note(&[line(3)], &answer, &mut problems, &mut warnings).is_err());
    }

    #[test]
    fn a_kind_that_a_line_leaves_out_is_the_one_that_is_kept() {
        let kept = json!({"external_id": "crm:1", "kind": "bot"});
        let by_external_id = HashMap::from([("crm:1".to_owned(), kept)]);
        let account = Account { by_external_id, unnamed: HashSet::new() };
        let asked = json!({"name": "Jon", "kind": "bot", "external_id": "crm:1"});
        assert_eq!(account.question(&line(1)), asked);
    }
}

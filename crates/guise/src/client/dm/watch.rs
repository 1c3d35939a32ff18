//! `guise dm watch`: messages as they come, each with the face it was written under.

use std::collections::BTreeSet;

use anyhow::bail;
use serde_json::Value;

use super::super::follow::{Follower, follow, note};
use super::super::{Client, Streamed};
use super::{Names, in_short, shown};
use crate::output::{Output, clock_time};

const STREAM: &str = "/guise/v1/direct_messages/stream";
/// More messages than come in the seconds that the server repeats.
const SHOWN_KEPT: usize = 10_000;

/// Follows until Ctrl-C.
pub(super) async fn run(client: &Client, output: &mut Output) -> anyhow::Result<()> {
    let mut shown = Shown { place: Place::default(), names: Names::new(client), output };
    follow(client, STREAM, &mut shown).await
}

/// A box as it is shown.
struct Shown<'a> {
    place: Place,
    names: Names<'a>,
    output: &'a mut Output,
}

impl Follower for Shown<'_> {
    fn last(&self) -> Option<String> {
        self.place.last()
    }

    async fn take(&mut self, event: Streamed) -> anyhow::Result<()> {
        if self.place.is_new(&event) {
            show(&event, &mut self.names, self.output).await?;
        }
        Ok(())
    }
}

/// How far the box was followed. After a break the server repeats what came shortly before.
#[derive(Default)]
struct Place {
    shown: BTreeSet<u64>,
}

impl Place {
    fn last(&self) -> Option<String> {
        self.shown.last().map(u64::to_string)
    }

    /// Whether the event was not seen before.
    fn is_new(&mut self, streamed: &Streamed) -> bool {
        let id = streamed.id.as_ref().and_then(|id| id.parse().ok());
        let new = id.is_none_or(|id| self.shown.insert(id));
        while self.shown.len() > SHOWN_KEPT {
            self.shown.pop_first();
        }
        new
    }
}

async fn show(
    streamed: &Streamed,
    names: &mut Names<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    if output.json && streamed.kind != "open" {
        let line = serde_json::json!({"event": streamed.kind, "data": streamed.data});
        return Ok(output.line(&line.to_string())?);
    }
    match streamed.kind.as_str() {
        "open" => {
            note("Watching; Ctrl-C ends it.");
            Ok(())
        }
        "message" => say(&streamed.data, names, output).await,
        "typing" => {
            let who = names.account(text(&streamed.data, "/sender_id")).await;
            Ok(output.line(&output.paint("2", &format!("{who} is typing …")))?)
        }
        "read" => {
            let who = names.account(text(&streamed.data, "/reader_id")).await;
            Ok(output.line(&output.paint("2", &format!("{who} has read your message")))?)
        }
        other => bail!("the server sent an unknown event, {other}: is this program too old?"),
    }
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Shows one message as its recipient sees it: the face, if the terminal can, the name, and always the account.
pub(crate) async fn say(
    data: &Value,
    names: &mut Names<'_>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let event = data.get("event").unwrap_or(&Value::Null);
    let account = names.account(text(event, "/message_create/sender_id")).await;
    let recipient = names.account(text(event, "/message_create/target/recipient_id")).await;
    let (name, via) = shown(text(data, "/custom_profile/name"), &account);
    let heading = match via.as_str() {
        "" => output.paint("1", &name),
        via => format!("{} {}", output.paint("1", &name), output.paint("2", via)),
    };
    let time = clock_time(text(event, "/created_timestamp"));
    let to = output.paint("2", &format!("→ @{recipient}  {time}"));
    let lines = [format!("{heading}  {to}"), in_short(event)];
    let url = text(data, "/custom_profile/avatar/media/url");
    let picture = if output.pictures && !url.is_empty() { names.picture(url).await } else { None };
    let Some(cells) = picture else {
        return lines.iter().try_for_each(|line| Ok(output.line(line)?));
    };
    let beside = lines.iter().map(String::as_str).chain(std::iter::repeat(""));
    cells
        .iter()
        .zip(beside)
        .try_for_each(|(cells, line)| Ok(output.line(format!("{cells}  {line}").trim_end())?))
}

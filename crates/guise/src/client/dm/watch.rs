//! `guise dm watch`: messages as they come, each with the face it was written under.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::bail;
use reqwest::StatusCode;
use serde_json::Value;
use tokio::time::sleep;

use super::super::{Client, Streamed};
use super::{Names, in_short, shown};
use crate::output::{Output, clock_time};

const STREAM: &str = "/guise/v1/direct_messages/stream";
const RETRY_SECONDS_MAX: u64 = 30;
/// More messages than come in the seconds that the server repeats.
const SHOWN_KEPT: usize = 10_000;

/// Follows until Ctrl-C. A connection that breaks is made again, and goes on where it broke.
pub(super) async fn run(client: &Client, output: &mut Output) -> anyhow::Result<()> {
    let mut names = Names::new(client);
    let mut place = Place::default();
    let mut retry_seconds = 1;
    loop {
        match client.stream(STREAM, place.last().as_deref()).await {
            Ok(mut stream) => {
                retry_seconds = 1;
                while let Ok(Some(streamed)) = stream.next().await {
                    if place.is_new(&streamed) {
                        show(&streamed, &mut names, output).await?;
                    }
                }
            }
            Err(error) if is_final(&error) || place.last().is_none() => return Err(error),
            Err(error) => note(&format!("{error:#}")),
        }
        note(&format!("The connection ended; trying again in {retry_seconds} s."));
        sleep(Duration::from_secs(retry_seconds)).await;
        retry_seconds = (2 * retry_seconds).min(RETRY_SECONDS_MAX);
    }
}

/// Whether trying again leads nowhere: what the server refuses for what the caller is, it will refuse again.
fn is_final(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<super::super::Refused>();
    let status = refused.map(|refused| refused.status);
    status.is_some_and(|status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS)
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

/// Beside the messages, not among them.
fn note(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stderr(), "{text}");
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

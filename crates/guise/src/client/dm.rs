//! `guise dm`: direct messages, written under a profile and read with the faces of those who wrote.

mod face;
mod names;
mod watch;

use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use super::upload::{media_id, upload_as};
use super::{Body, Client};
use crate::args::DmCommand;
use crate::output::{Output, clock_time, plain};

pub(crate) use names::Names;
pub(crate) use watch::say;

const NEW: &str = "/1.1/direct_messages/events/new.json";

/// Runs one of the commands.
pub(crate) async fn run(
    command: DmCommand,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<()> {
    match command {
        DmCommand::Send { to, written_as, media, text } => {
            let text = text.unwrap_or_default();
            let event = send(client, &to, written_as.as_deref(), media.as_deref(), &text).await?;
            sent(&event, &to, output)
        }
        DmCommand::List { count } => list(client, count, output).await,
        DmCommand::Watch => watch::run(client, output).await,
    }
}

async fn send(
    client: &Client,
    to: &str,
    profile: Option<&str>,
    media: Option<&Path>,
    text: &str,
) -> anyhow::Result<Value> {
    let recipient = names::account(client, to).await?;
    let profile = match profile {
        Some(profile) => Some(names::own_profile(client, profile).await?),
        None => None,
    };
    let mut data = json!({"text": text});
    if let Some(path) = media {
        let bytes = std::fs::read(path);
        let bytes = bytes.with_context(|| format!("{} cannot be read", path.display()))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let answer = upload_as(client, &file, &bytes, Some("dm_image")).await?.success()?;
        let media = json!({"type": "media", "media": {"id": media_id(&answer)?}});
        insert(&mut data, "attachment", media);
    }
    let mut message = json!({"target": {"recipient_id": recipient}, "message_data": data});
    if let Some(profile) = profile {
        insert(&mut message, "custom_profile_id", json!(profile));
    }
    post_message(client, message).await?.success()
}

/// Sends what goes into `message_create`; the server's answer to it.
pub(crate) async fn post_message(client: &Client, message: Value) -> anyhow::Result<super::Answer> {
    let body = json!({"event": {"type": "message_create", "message_create": message}});
    client.post(NEW, Body::Json(body.to_string())).await
}

fn insert(object: &mut Value, key: &str, value: Value) {
    if let Value::Object(members) = object {
        members.insert(key.to_owned(), value);
    }
}

fn sent(answer: &Value, to: &str, output: &mut Output) -> anyhow::Result<()> {
    let event = answer.get("event").context("the answer has no event")?;
    if output.json {
        return Ok(output.value(event)?);
    }
    let id = event.get("id").and_then(Value::as_str).unwrap_or("?");
    Ok(output.line(&format!("Sent to {to} as message {id}."))?)
}

async fn list(client: &Client, count: u32, output: &mut Output) -> anyhow::Result<()> {
    let mut messages = Vec::new();
    let mut cursor = String::new();
    let wanted = usize::try_from(count)?;
    loop {
        let left = wanted.saturating_sub(messages.len()).min(50);
        let path = format!("/guise/v1/direct_messages?count={left}{cursor}");
        let page = client.get(&path).await?.success()?;
        let items = page.get("messages").and_then(Value::as_array);
        messages.extend(items.cloned().unwrap_or_default());
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) if messages.len() < wanted => {
                cursor = format!("&cursor={}", guise_oauth1::percent_encode(next));
            }
            _ => break,
        }
    }
    if output.json {
        return Ok(output.value(&Value::Array(messages))?);
    }
    if messages.is_empty() {
        return Ok(output.line("There are no messages.")?);
    }
    let mut names = Names::new(client);
    let mut rows = Vec::new();
    for message in messages.iter().rev() {
        rows.push(row(&mut names, message).await);
    }
    Ok(output.table(&["WHEN", "FROM", "TO", "TEXT"], &rows)?)
}

async fn row(names: &mut Names<'_>, message: &Value) -> Vec<String> {
    let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let account = names.account(text("/event/message_create/sender_id")).await;
    let (name, via) = shown(text("/custom_profile/name"), &account);
    let recipient = names.account(text("/event/message_create/target/recipient_id")).await;
    vec![
        clock_time(text("/event/created_timestamp")),
        format!("{name} {via}").trim_end().to_owned(),
        format!("@{recipient}"),
        in_short(message.get("event").unwrap_or(&Value::Null)),
    ]
}

/// Who wrote, as it is shown: a name, and after it the account that answers for it. Without a profile that is all.
fn shown(name: &str, account: &str) -> (String, String) {
    match name {
        "" => (format!("@{account}"), String::new()),
        name => (plain(name), format!("via @{account}")),
    }
}

/// What a message says, in one line.
fn in_short(event: &Value) -> String {
    let data = event.pointer("/message_create/message_data");
    let text = data.and_then(|data| data.get("text")).and_then(Value::as_str).unwrap_or_default();
    let kind = data.and_then(|data| data.pointer("/attachment/type")).and_then(Value::as_str);
    let attached = match kind {
        Some("media") => "[picture] ",
        Some(_) => "[place] ",
        None => "",
    };
    format!("{attached}{}", plain(text))
}

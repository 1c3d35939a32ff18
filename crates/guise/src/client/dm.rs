//! `guise dm`: direct messages, written under a profile and read with the faces of those who wrote.

mod face;
mod names;
mod watch;

use std::path::Path;

use anyhow::{Context, bail};
use serde_json::{Value, json};

use super::upload::{media_id, upload_as};
use super::{Body, Client};
use crate::args::DmCommand;
use crate::output::{Output, clock_time};

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
    let mut data = json!({"text": text});
    if let Some(path) = media {
        let bytes = std::fs::read(path);
        let bytes = bytes.with_context(|| format!("{} cannot be read", path.display()))?;
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let answer = upload_as(client, &file, &bytes, Some("dm_image")).await?.success()?;
        insert(
            &mut data,
            "attachment",
            json!({"type": "media", "media": {"id": media_id(&answer)?}}),
        );
    }
    let mut message = json!({"target": {"recipient_id": recipient}, "message_data": data});
    if let Some(profile) = profile {
        let profile = names::own_profile(client, profile).await?;
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
    let mut events = Vec::new();
    let mut cursor = String::new();
    let wanted = usize::try_from(count)?;
    loop {
        let left = wanted.saturating_sub(events.len()).min(50);
        let path = format!("/1.1/direct_messages/events/list.json?count={left}{cursor}");
        let page = client.get(&path).await?.success()?;
        let items = page.get("events").and_then(Value::as_array);
        events.extend(items.cloned().unwrap_or_default());
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) if events.len() < wanted => {
                cursor = format!("&cursor={}", guise_oauth1::percent_encode(next));
            }
            _ => break,
        }
    }
    if output.json {
        return Ok(output.value(&Value::Array(events))?);
    }
    if events.is_empty() {
        return Ok(output.line("There are no messages.")?);
    }
    let mut names = Names::new(client);
    let mut rows = Vec::new();
    for event in events.iter().rev() {
        rows.push(row(&mut names, event).await?);
    }
    Ok(output.table(&["WHEN", "FROM", "TO", "WRITTEN AS", "TEXT"], &rows)?)
}

async fn row(names: &mut Names<'_>, event: &Value) -> anyhow::Result<Vec<String>> {
    let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let profile = text("/message_create/custom_profile_id");
    let written_as =
        if profile.is_empty() { String::new() } else { names.profile(profile).await? };
    Ok(vec![
        clock_time(text("/created_timestamp")),
        names.account(text("/message_create/sender_id")).await?,
        names.account(text("/message_create/target/recipient_id")).await?,
        written_as,
        in_short(event),
    ])
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
    format!("{attached}{}", crate::output::plain(text))
}

/// Refuses what names nobody.
fn nobody(name: &str) -> anyhow::Result<String> {
    bail!("there is no account {name} on this server")
}

//! `guise profile`: custom profiles of a running server.

use anyhow::Context;
use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::erase;
use super::identity::{self, Change};
use super::{Body, Client};
use crate::args::ProfileCommand;
use crate::output::{Output, clock_time};

/// Runs one of the commands.
pub(crate) async fn run(
    command: ProfileCommand,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<()> {
    match command {
        ProfileCommand::Add { name, avatar, kind, external_id, tag, chunked } => {
            let new = Change { name: Some(name), avatar, kind, external_id, tags: tag };
            identity::add(client, new, chunked, output).await
        }
        ProfileCommand::List => list(client, output).await,
        ProfileCommand::Find { name, kind, tag, unused_since, all } => {
            let state = all.then(|| "all".to_owned());
            let query = [
                ("name", name),
                ("kind", kind),
                ("tag", tag),
                ("unused_since", unused_since),
                ("state", state),
            ];
            identity::find(client, &query, output).await
        }
        ProfileCommand::Edit { id, name, avatar, kind, external_id, tag } => {
            let change = Change { name, avatar, kind, external_id, tags: tag };
            identity::edit(client, id, change, output).await
        }
        ProfileCommand::History { id } => identity::history(client, id, output).await,
        ProfileCommand::Erase { id, confirm } => erase::run(client, id, confirm, output).await,
        ProfileCommand::Show { id } => {
            let answer = client.get(&format!("/1.1/custom_profiles/{id}.json")).await?.success()?;
            one(&answer, output)
        }
        ProfileCommand::Remove { id } => {
            let path = format!("/1.1/custom_profiles/destroy.json?id={id}");
            let answer = client.send(Method::DELETE, &path, Body::None, HeaderMap::new()).await?;
            answer.success()?;
            if output.json {
                return Ok(output.value(&json!({"id": id.to_string(), "destroyed": true}))?);
            }
            Ok(output.line(&format!("Destroyed profile {id}."))?)
        }
    }
}

/// Creates a profile as the original has it; the server's answer to it.
pub(crate) async fn create(
    client: &Client,
    name: &str,
    media_id: &str,
) -> anyhow::Result<super::Answer> {
    let body = json!({"custom_profile": {"name": name, "avatar": {"media": {"id": media_id}}}});
    client.post("/1.1/custom_profiles/new.json", Body::Json(body.to_string())).await
}

fn text<'a>(profile: &'a Value, pointer: &str) -> &'a str {
    profile.pointer(pointer).and_then(Value::as_str).unwrap_or("?")
}

fn one(answer: &Value, output: &mut Output) -> anyhow::Result<()> {
    let profile = answer.get("custom_profile").context("the answer has no custom_profile")?;
    if output.json {
        return Ok(output.value(profile)?);
    }
    Ok(output.fields(&[
        ("id", text(profile, "/id")),
        ("name", text(profile, "/name")),
        ("picture", text(profile, "/avatar/media/url")),
        ("created", &clock_time(text(profile, "/created_timestamp"))),
    ])?)
}

/// All profiles of the account, newest first.
pub(crate) async fn all(client: &Client) -> anyhow::Result<Vec<Value>> {
    let mut profiles = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/1.1/custom_profiles/list.json?count=50{cursor}");
        let answer = client.get(&path).await?;
        if answer.status == StatusCode::TOO_MANY_REQUESTS {
            anyhow::bail!("the limit for reading lists is used up; try again later");
        }
        let page = answer.success()?;
        let items = page.get("custom_profiles").and_then(Value::as_array);
        profiles.extend(items.cloned().unwrap_or_default());
        match page.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={}", guise_oauth1::percent_encode(next)),
            None => return Ok(profiles),
        }
    }
}

async fn list(client: &Client, output: &mut Output) -> anyhow::Result<()> {
    let profiles = all(client).await?;
    if output.json {
        return Ok(output.value(&Value::Array(profiles))?);
    }
    let row = |profile: &Value| {
        let cells = ["/id", "/name", "/avatar/media/url"];
        cells.map(|pointer| text(profile, pointer).to_owned()).to_vec()
    };
    Ok(output.table(&["ID", "NAME", "PICTURE"], &profiles.iter().map(row).collect::<Vec<_>>())?)
}

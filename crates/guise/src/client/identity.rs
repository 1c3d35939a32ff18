//! `guise profile add`, `find`, `edit` and `history`: what the server knows of profiles beyond the original's API.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use guise_domain::ProfileId;
use reqwest::Method;
use reqwest::header::{HeaderMap, HeaderValue, IF_MATCH};
use serde_json::{Map, Value, json};

use super::upload::{media_id, upload, upload_chunked};
use super::{Body, Client, pages};
use crate::output::{Output, plain, warn};

pub(super) const PROFILES: &str = "/guise/v1/profiles";

/// What a profile is to be.
pub(super) struct Change {
    pub(super) name: Option<String>,
    pub(super) avatar: Option<PathBuf>,
    pub(super) kind: Option<String>,
    pub(super) external_id: Option<String>,
    pub(super) tags: Vec<String>,
}

/// Makes a profile, with a picture that is uploaded if there is one.
pub(super) async fn add(
    client: &Client,
    new: Change,
    chunked: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let body = Body::Json(Value::Object(body(client, new, chunked).await?).to_string());
    let answer = client.post(PROFILES, body).await?.success()?;
    let profile = made(&answer)?;
    if output.json {
        return Ok(output.value(profile)?);
    }
    output.line("Created a profile.\n")?;
    let picture = profile.get("avatar").map(|avatar| text(avatar, "url")).unwrap_or_default();
    Ok(output.fields(&[
        ("id", &text(profile, "id")),
        ("name", &text(profile, "name")),
        ("picture", &picture),
        ("created", &text(profile, "created_at")),
    ])?)
}

/// The profile in an answer, after what there is to be said about its name.
fn made(answer: &Value) -> anyhow::Result<&Value> {
    let warnings = answer.get("warnings").and_then(Value::as_array).into_iter().flatten();
    warnings.for_each(|warning| warn(&text(warning, "message")));
    answer.get("profile").context("the server's answer has no profile")
}

/// Lists the profiles that fit the query.
pub(super) async fn find(
    client: &Client,
    query: &[(&str, Option<String>)],
    output: &mut Output,
) -> anyhow::Result<()> {
    let found = pages::all(client, &pages::target(PROFILES, query), "profiles").await?;
    if output.json {
        return Ok(output.value(&Value::Array(found))?);
    }
    let row = |profile: &Value| {
        let tags = profile.get("tags").and_then(Value::as_array).into_iter().flatten();
        let tags: Vec<_> = tags.filter_map(Value::as_str).collect();
        vec![
            text(profile, "id"),
            text(profile, "name"),
            text(profile, "kind"),
            tags.join(" "),
            text(profile, "uses"),
            text(profile, "last_used_at"),
        ]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    Ok(output.table(&["ID", "NAME", "KIND", "TAGS", "USES", "LAST USED"], &rows)?)
}

/// Changes a profile, unless somebody else changes it at the same time.
pub(super) async fn edit(
    client: &Client,
    id: ProfileId,
    change: Change,
    output: &mut Output,
) -> anyhow::Result<()> {
    let body = body(client, change, false).await?;
    ensure!(
        !body.is_empty(),
        "say what to change: --name, --avatar, --kind, --external-id or --tag"
    );
    let target = format!("{PROFILES}/{id}");
    let seen = client.get(&target).await?;
    let revision = HeaderValue::from_str(seen.header("etag"))?;
    seen.success()?;
    let headers = HeaderMap::from_iter([(IF_MATCH, revision)]);
    let body = Body::Json(Value::Object(body).to_string());
    let answer = client.send(Method::PATCH, &target, body, headers).await?.success()?;
    let profile = made(&answer)?;
    if output.json {
        return Ok(output.value(profile)?);
    }
    Ok(output.line(&format!(
        "Profile {id} is {} now, revision {}.",
        text(profile, "name"),
        text(profile, "revision")
    ))?)
}

async fn body(
    client: &Client,
    change: Change,
    chunked: bool,
) -> anyhow::Result<Map<String, Value>> {
    let Change { name, avatar, kind, external_id, tags } = change;
    let mut body = Map::new();
    body.extend(name.map(|name| ("name".to_owned(), json!(name))));
    body.extend(kind.map(|kind| ("kind".to_owned(), json!(kind))));
    body.extend(external_id.map(|id| ("external_id".to_owned(), json!(id))));
    if !tags.is_empty() {
        body.insert("tags".to_owned(), json!(tags));
    }
    if let Some(path) = avatar {
        let media_id = uploaded(client, &path, chunked).await?;
        body.insert("avatar".to_owned(), json!({ "media_id": media_id }));
    }
    Ok(body)
}

async fn uploaded(client: &Client, path: &Path, chunked: bool) -> anyhow::Result<String> {
    let bytes = std::fs::read(path);
    let bytes = bytes.with_context(|| format!("{} cannot be read", path.display()))?;
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let answer = if chunked {
        upload_chunked(client, &file, &bytes).await?
    } else {
        upload(client, &file, &bytes).await?
    };
    media_id(&answer.success()?)
}

/// Lists what a profile is and was.
pub(super) async fn history(
    client: &Client,
    id: ProfileId,
    output: &mut Output,
) -> anyhow::Result<()> {
    let target = format!("{PROFILES}/{id}/revisions?count=50");
    let revisions = pages::all(client, &target, "revisions").await?;
    if output.json {
        return Ok(output.value(&Value::Array(revisions))?);
    }
    let cells = ["revision", "made_at", "name", "kind", "app_id", "operator"];
    let row = |revision: &Value| cells.map(|cell| text(revision, cell)).to_vec();
    let rows: Vec<_> = revisions.iter().map(row).collect();
    Ok(output.table(&["REVISION", "MADE", "NAME", "KIND", "BY APP", "OPERATOR"], &rows)?)
}

/// A member for people: empty where there is nothing.
pub(super) fn text(value: &Value, member: &str) -> String {
    match value.get(member) {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => plain(text),
        Some(other) => other.to_string(),
    }
}

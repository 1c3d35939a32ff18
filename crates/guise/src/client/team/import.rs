//! `guise import`: everything is checked, then line after line is put in place.

use std::collections::HashMap;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use futures::{StreamExt, TryStreamExt, stream};
use guise_domain::limits::{TEAM_REQUESTS_MAX, UPLOAD_SECONDS};
use guise_domain::{Digest, Kind, ProfileTag};
use indicatif::ProgressBar;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::{Map, Value, json};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::check::Account;
use super::line::{self, Line};
use super::picture_url;
use super::pictures::{self, Picture};
use super::problems::Problems;
use super::summary::{Change, Summary, UNCHANGED};
use crate::args::ImportArgs;
use crate::client::identity::PROFILES;
use crate::client::patience::patiently;
use crate::client::upload::{media_id, upload};
use crate::client::{Body, Client};
use crate::output::Output;

/// Runs the command; fails when the file has mistakes.
pub(crate) async fn run(
    args: &ImportArgs,
    client: &Client,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let (mut problems, mut warnings) = (Problems::default(), Problems::default());
    let lines = line::read(&args.file, &mut problems)?;
    let pictures = pictures::look(args.pictures.as_deref(), &lines, &mut problems)?;
    let account = match known(client, &lines, &mut problems, &mut warnings).await {
        Ok(account) => account,
        // Without the server, too, people want to know what is wrong.
        Err(_) if !problems.is_empty() => return problems.refuse(&args.file, output),
        Err(error) => return Err(error),
    };
    if !problems.is_empty() {
        return problems.refuse(&args.file, output);
    }
    let uploads = pictures.values().map(|picture| (picture.digest, Mutex::default())).collect();
    let bar = super::bar(lines.len(), "importing")?;
    let import = Import { client, account, pictures, uploads, bar: &bar, dry_run: args.dry_run };
    let mut changes = Vec::new();
    import.all(&lines, &mut changes).await.with_context(|| {
        let (done, all) = (changes.len(), lines.len());
        format!("{done} of {all} lines are done; run it again to go on")
    })?;
    bar.finish_and_clear();
    Summary { lines: &lines, changes: &changes, warnings: &warnings, dry_run: args.dry_run }
        .tell(output)?;
    Ok(ExitCode::SUCCESS)
}

async fn known(
    client: &Client,
    lines: &[Line],
    problems: &mut Problems,
    warnings: &mut Problems,
) -> anyhow::Result<Account> {
    let account = Account::read(client).await?;
    account.check(lines, problems);
    account.ask(client, lines, problems, warnings).await?;
    Ok(account)
}

/// An import under way.
struct Import<'a> {
    client: &'a Client,
    account: Account,
    pictures: HashMap<String, Picture>,
    /// What was uploaded when, as what: a file that several lines name is uploaded once.
    uploads: HashMap<Digest, Mutex<Option<(Instant, String)>>>,
    bar: &'a ProgressBar,
    dry_run: bool,
}

impl Import<'_> {
    /// Every line. Pictures are compared and uploaded a few at once, profiles put in place one after the other: they are
    /// made in the order of the lines, and an import that ends early has done all lines up to one.
    async fn all(&self, lines: &[Line], changes: &mut Vec<Change>) -> anyhow::Result<()> {
        let prepared = stream::iter(lines).map(async |line| {
            let prepared = self.prepare(line).await;
            prepared.with_context(|| told(line)).map(|(change, body)| (line, change, body))
        });
        let mut prepared = prepared.buffered(TEAM_REQUESTS_MAX);
        while let Some((line, change, body)) = prepared.try_next().await? {
            if let Some(body) = body {
                self.put(line, &body).await.with_context(|| told(line))?;
            }
            changes.push(change);
            self.bar.inc(1);
        }
        Ok(())
    }

    /// What a line changes, and the body that changes it.
    async fn prepare(&self, line: &Line) -> anyhow::Result<(Change, Option<String>)> {
        let kept = self.account.profile(line);
        let mut body = differing(line, kept);
        let picture = self.new_picture(line, kept).await?;
        let mut members: Vec<String> = body.keys().cloned().collect();
        members.extend(picture.map(|_| "picture".to_owned()));
        let change = Change { new: kept.is_none(), members };
        if self.dry_run || change.outcome() == UNCHANGED {
            return Ok((change, None));
        }
        if let Some(picture) = picture {
            let avatar = json!({"media_id": self.uploaded(picture).await?});
            body.insert("avatar".to_owned(), avatar);
        }
        Ok((change, Some(Value::Object(body).to_string())))
    }

    async fn put(&self, line: &Line, body: &str) -> anyhow::Result<()> {
        let key = guise_oauth1::percent_encode(line.external_id.as_str());
        let target = format!("{PROFILES}/by-external-id/{key}");
        let put = async || {
            let body = Body::Json(body.to_owned());
            self.client.send(Method::PUT, &target, body, HeaderMap::new()).await
        };
        patiently(self.bar, put).await?.success().map(drop)
    }

    /// The line's picture, unless the profile has it: the same file, or the one that the server made of it.
    async fn new_picture(
        &self,
        line: &Line,
        kept: Option<&Value>,
    ) -> anyhow::Result<Option<&Picture>> {
        let named = line.picture.as_ref().and_then(|name| self.pictures.get(name));
        let (Some(picture), Some(kept)) = (named, kept) else { return Ok(named) };
        let sha256 = kept.pointer("/avatar/sha256").and_then(Value::as_str);
        if sha256 == Some(picture.digest.to_string().as_str()) {
            return Ok(None);
        }
        let Some(url) = picture_url(kept) else { return Ok(Some(picture)) };
        let served = patiently(self.bar, async || self.client.fetch(&url).await).await?;
        Ok(Some(picture).filter(|picture| Digest::of(&served.body) != picture.digest))
    }

    /// The media id of a picture that the server has, or gets now.
    async fn uploaded(&self, picture: &Picture) -> anyhow::Result<String> {
        let place = self.uploads.get(&picture.digest).context("a picture nobody looked at")?;
        let mut place = place.lock().await;
        // In time to be used, also where a window has to be waited for.
        let young = Duration::from_secs(UPLOAD_SECONDS.unsigned_abs() / 2);
        if let Some((_, id)) = place.as_ref().filter(|(since, _)| since.elapsed() < young) {
            return Ok(id.clone());
        }
        let named = || format!("{} cannot be read", picture.path.display());
        let bytes = std::fs::read(&picture.path).with_context(named)?;
        let file = picture.path.file_name().unwrap_or_default().to_string_lossy();
        let send = async || upload(self.client, &file, &bytes).await;
        let id = media_id(&patiently(self.bar, send).await?.success()?)?;
        *place = Some((Instant::now(), id.clone()));
        Ok(id)
    }
}

/// The members of the line that the profile does not have so, without the picture.
fn differing(line: &Line, kept: Option<&Value>) -> Map<String, Value> {
    let tags = line.tags.as_ref();
    let tags = tags.map(|tags| tags.iter().map(ProfileTag::as_str).collect::<Vec<_>>());
    let said = [
        ("name", Some(json!(line.name.as_str()))),
        ("kind", line.kind.map(|kind| json!(Kind::as_str(kind)))),
        ("tags", tags.map(|tags| json!(tags))),
    ];
    let said = said.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    said.filter(|(name, value)| kept.and_then(|kept| kept.get(name)) != Some(value)).collect()
}

/// Where something failed.
fn told(line: &Line) -> String {
    format!("line {}", line.number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_sent() {
        let line = |kind, tags: Option<&[&str]>| Line {
            number: 1,
            external_id: "crm:1".parse().unwrap(),
            name: guise_domain::ProfileName::parse("Jon").unwrap(),
            kind,
            tags: tags.map(|tags| tags.iter().map(|tag| tag.parse().unwrap()).collect()),
            picture: None,
            id: None,
        };
        let kept = json!({"name": "Jon", "kind": "bot", "tags": ["a", "b"]});
        let differs = |line: Line| Value::Object(differing(&line, Some(&kept)));
        assert_eq!(differs(line(None, None)), json!({}));
        assert_eq!(differs(line(Some(Kind::Bot), Some(&["a", "b"]))), json!({}));
        assert_eq!(differs(line(Some(Kind::Ai), Some(&[]))), json!({"kind": "ai", "tags": []}));
        let new = Value::Object(differing(&line(None, Some(&["a"])), None));
        assert_eq!(new, json!({"name": "Jon", "tags": ["a"]}));
    }
}

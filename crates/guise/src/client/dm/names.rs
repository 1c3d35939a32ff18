//! From the names that people type to ids, and back; each is asked for once.

use std::collections::HashMap;

use anyhow::{Context, bail};
use serde_json::Value;

use super::super::{Client, profiles_of};
use super::face;

/// The id of the account called `name`.
pub(super) async fn account(client: &Client, name: &str) -> anyhow::Result<String> {
    let name = name.strip_prefix('@').unwrap_or(name);
    let query = guise_oauth1::percent_encode(name);
    let answer = client.get(&format!("/1.1/users/show.json?screen_name={query}")).await?;
    if answer.status == reqwest::StatusCode::NOT_FOUND {
        bail!("there is no account {name} on this server");
    }
    let user = answer.success()?;
    let id = user.get("id_str").and_then(Value::as_str);
    id.map(str::to_owned).context("the server's answer has no id_str")
}

/// The id of the account's own profile that `text` names: an id, or a name that only one profile has.
pub(super) async fn own_profile(client: &Client, text: &str) -> anyhow::Result<String> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let shown = client.get(&format!("/guise/v1/profiles/{text}")).await?;
        if shown.status.is_success() {
            return Ok(text.to_owned());
        }
    }
    let member = |profile: &Value, name: &str| {
        profile.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let profiles = profiles_of(client).await?;
    let ids = profiles.iter().map(|profile| (member(profile, "id"), member(profile, "name")));
    let (by_id, others): (Vec<_>, Vec<_>) = ids.partition(|(id, _)| id == text);
    let named: Vec<_> = others.into_iter().filter(|(_, name)| name == text).collect();
    match (by_id.as_slice(), named.as_slice()) {
        ([(id, _), ..], _) | ([], [(id, _)]) => Ok(id.clone()),
        ([], []) => bail!("there is no profile {text}; `guise profile list` shows those there are"),
        ([], several) => {
            let ids: Vec<_> = several.iter().map(|(id, _)| id.as_str()).collect();
            bail!(
                "{} profiles are called {text}; name one by its id: {}",
                ids.len(),
                ids.join(", ")
            )
        }
    }
}

/// Names and pictures, kept for as long as a command runs.
pub(crate) struct Names<'c> {
    client: &'c Client,
    accounts: HashMap<String, String>,
    pictures: HashMap<String, Option<Vec<String>>>,
}

impl<'c> Names<'c> {
    pub(crate) fn new(client: &'c Client) -> Self {
        Self { client, accounts: HashMap::new(), pictures: HashMap::new() }
    }

    /// The lines of a picture; `None` when it cannot be had.
    pub(super) async fn picture(&mut self, url: &str) -> Option<Vec<String>> {
        if let Some(lines) = self.pictures.get(url) {
            return lines.clone();
        }
        let answer = self.client.fetch(&format!("{url}:mini")).await.ok();
        let lines = answer.and_then(|answer| face::lines(&answer.body));
        self.pictures.entry(url.to_owned()).or_insert(lines).clone()
    }

    /// An account's name; its id when it cannot be had.
    pub(super) async fn account(&mut self, id: &str) -> String {
        if let Some(name) = self.accounts.get(id) {
            return name.clone();
        }
        let answer = self.client.get(&format!("/1.1/users/show.json?user_id={id}")).await;
        let user = answer.and_then(super::super::Answer::success).unwrap_or_default();
        let name = user.get("screen_name").and_then(Value::as_str).unwrap_or(id).to_owned();
        self.accounts.entry(id.to_owned()).or_insert(name).clone()
    }
}

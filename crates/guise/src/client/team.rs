//! `guise import` and `guise export`: whole teams, a JSON object for each profile, the pictures in a folder beside.

mod check;
mod export;
mod import;
mod line;
mod pictures;
mod problems;
mod summary;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::Value;

use super::identity::PROFILES;
use super::patience::patiently;
use super::{Client, pages};

pub(crate) use export::run as export;
pub(crate) use import::run as import;

/// A bar for so many of something.
fn bar(of: usize, what: &str) -> anyhow::Result<ProgressBar> {
    let template = format!("{what} {{bar:30}} {{pos}} of {{len}}, {{elapsed}} {{msg}}");
    let style = ProgressStyle::with_template(&template)?;
    Ok(ProgressBar::new(u64::try_from(of)?).with_style(style))
}

/// The account's living profiles, oldest first.
async fn living(client: &Client) -> anyhow::Result<Vec<Value>> {
    let style = ProgressStyle::with_template("reading {spinner} {pos} profiles, {elapsed} {msg}")?;
    let bar = ProgressBar::new_spinner().with_style(style);
    let target = pages::target(PROFILES, &[]);
    let (mut profiles, mut next) = (Vec::new(), Some(String::new()));
    while let Some(cursor) = next {
        let page = format!("{target}{cursor}");
        let answer = patiently(&bar, async || client.get(&page).await).await?;
        let (more, after) = pages::read(&answer.success()?, "profiles");
        bar.inc(more.len() as u64);
        profiles.extend(more);
        next = after;
    }
    bar.finish_and_clear();
    profiles.reverse();
    Ok(profiles)
}

/// The largest file of a profile's picture; `None` where the face is one that the server draws.
fn picture_url(profile: &Value) -> Option<String> {
    let url = profile.pointer("/avatar/url")?.as_str()?;
    url.contains("/media/").then(|| format!("{url}?name=orig"))
}

/// A member that is a text.
fn member<'p>(profile: &'p Value, name: &str) -> Option<&'p str> {
    profile.get(name)?.as_str()
}

//! How people come in to an account's pages: its password, and one-time links.

use std::io::{BufRead, IsTerminal, Read};

use anyhow::{Context, ensure};
use guise_domain::limits::{LINK_SECONDS, PASSWORD_CHARS_MAX};
use guise_domain::{
    Account, Clock, NewLink, Password, PasswordError, PasswordHash, ScreenName, Ticket,
};
use serde_json::json;

use super::Office;
use crate::config::Config;
use crate::credentials::local_url;
use crate::output::Output;

/// Longer than any password in whatever way it is written.
const LINE_BYTES_MAX: u64 = 64 * PASSWORD_CHARS_MAX as u64;

/// `guise account password NAME`, once `password` is known.
pub(super) async fn set_password(
    office: &Office,
    name: &ScreenName,
    password: &Password,
    output: &mut Output,
) -> anyhow::Result<()> {
    let account = office.account(name).await?;
    let hash = PasswordHash::of(password, &office.randomness)?;
    let set = office.data.store.set_password(account.id, hash, office.by()).await?;
    ensure!(set, "the account {} was closed", account.name);
    if output.json {
        let id = account.id.to_string();
        return Ok(output.value(&json!({"id": id, "name": account.name.as_str()}))?);
    }
    Ok(output.line(&format!(
        "Set the password of {}. Whoever was signed in to it is signed out.",
        account.name
    ))?)
}

/// `guise account link NAME`
pub(super) async fn link(
    office: &Office,
    name: &ScreenName,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let account = office.account(name).await?;
    let url = base_url(config);
    let url = new_link(office, &account, &url).await?;
    if output.json {
        let id = account.id.to_string();
        let link = json!({
            "id": id, "name": account.name.as_str(), "url": url, "valid_seconds": LINK_SECONDS,
        });
        return Ok(output.value(&link)?);
    }
    output.line(&url)?;
    Ok(output.line(&format!(
        "\nWhoever opens it within a day chooses the password of {}, once. Give it to nobody else.",
        account.name
    ))?)
}

/// A one-time link to an account that nobody could sign in to before, on the server that is reached at `url`.
pub(crate) async fn first_link(
    office: &Office,
    account: &Account,
    url: &str,
) -> anyhow::Result<Option<String>> {
    if account.closed || office.data.store.password(account.id).await?.is_some() {
        return Ok(None);
    }
    new_link(office, account, url).await.map(Some)
}

/// A fresh one-time link to an account, on the server that is reached at `url`.
async fn new_link(office: &Office, account: &Account, url: &str) -> anyhow::Result<String> {
    let ticket = Ticket::new(&office.randomness);
    let until = office.clock.now().plus_seconds(LINK_SECONDS);
    let new = NewLink { ticket: ticket.hash(), until };
    let made = office.data.store.create_link(account.id, new, office.by()).await?;
    ensure!(made, "the account {} was closed", account.name);
    Ok(format!("{url}/sign-in/link/{ticket}"))
}

/// Where people find the server's pages, as far as the configuration tells.
fn base_url(config: &Config) -> String {
    config.public_urls.first().cloned().unwrap_or_else(|| local_url(config.http, config.tls))
}

/// The password that is typed twice, unseen, or comes as the first line of standard input. To be asked for before the
/// data folder is opened: other commands wait while it is.
pub(super) fn ask() -> anyhow::Result<Password> {
    let stdin = std::io::stdin();
    let (text, again) = if stdin.is_terminal() {
        let ask = |what| rpassword::prompt_password(what).context("no password could be asked for");
        (ask("Password: ")?, Some(ask("The same again: ")?))
    } else {
        let mut line = String::new();
        stdin.lock().take(LINE_BYTES_MAX).read_line(&mut line).context("no password came in")?;
        let line = line.strip_suffix('\n').unwrap_or(&line);
        (line.strip_suffix('\r').unwrap_or(line).to_owned(), None)
    };
    ensure!(again.is_none_or(|again| again == text), "the two passwords are not the same");
    Password::parse(&text).map_err(|rule: PasswordError| anyhow::anyhow!("the password {rule}"))
}

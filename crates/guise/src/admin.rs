//! The commands that keep accounts, apps and tokens. They open the data folder's database directly, which is safe
//! while a server runs on it: the server notices within [`CREDENTIALS_STALE_MILLIS`].

mod account;
mod app;
mod callback;
mod naming;
mod sign_in;
mod token;

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use guise_domain::limits::{CREDENTIALS_STALE_MILLIS, NODE_MAX, PAGE_COUNT_MAX};
use guise_domain::{
    Account, App, AppId, By, Clock, EntryId, Ids, Operator, PageRequest, Randomness, ScreenName,
    Timestamp,
};

use crate::clock::{OsRandomness, SystemClock};
use crate::config::Config;
use crate::data::DataFolder;
use crate::output::{Output, clock_time};

pub(crate) use account::run as account;
pub(crate) use app::{NewKeys as NewAppKeys, register, run as app};
pub(crate) use sign_in::first_link;
pub(crate) use token::{NewKeys as NewTokenKeys, grant, run as token};

/// A data folder with what it takes to make things in it.
pub(crate) struct Office {
    pub(crate) data: DataFolder,
    ids: Arc<Ids>,
    pub(crate) clock: SystemClock,
    pub(crate) randomness: OsRandomness,
    /// Who works here, if they said so.
    operator: Option<Operator>,
    /// Keeps other commands, which mint ids under the same node, from minting the same ones.
    _turn: File,
}

impl Office {
    /// Opens the configured data folder. Refuses one that is not there: a command that only looks at things or ends
    /// them has nothing to do in it, and whoever is in the wrong directory is better told.
    pub(crate) async fn open(config: &Config, operator: Option<Operator>) -> anyhow::Result<Self> {
        if !DataFolder::exists(config) {
            bail!(
                "there is no data folder {}: make one with `{} account add NAME`, or say with --data \
                 where it is",
                config.data.display(),
                program(config)
            );
        }
        Self::open_or_make(config, operator).await
    }

    /// The same; makes the folder when it is not there.
    pub(crate) async fn open_or_make(
        config: &Config,
        operator: Option<Operator>,
    ) -> anyhow::Result<Self> {
        Self::within(DataFolder::open(config).await?, operator).await
    }

    /// The same in a folder that is open already.
    pub(crate) async fn within(
        data: DataFolder,
        operator: Option<Operator>,
    ) -> anyhow::Result<Self> {
        // Nothing else runs in this process yet that could not wait as well.
        let turn = data.turn()?;
        // A node of its own: a running server mints ids at the same time.
        let ids = data.store.ids(NODE_MAX).await?;
        let (clock, randomness) = (SystemClock, OsRandomness);
        Ok(Self { data, ids, clock, randomness, operator, _turn: turn })
    }

    /// Finishes what was begun.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        Ok(self.data.store.close().await?)
    }

    pub(crate) fn next_id(&self) -> i64 {
        self.ids.next(self.clock.now())
    }

    /// What the log is told of the next change.
    pub(crate) fn by(&self) -> By {
        By { entry: EntryId::new(self.next_id()), app: None, operator: self.operator.clone() }
    }

    /// The account called `name`.
    pub(crate) async fn account(&self, name: &ScreenName) -> anyhow::Result<Account> {
        let account = self.data.store.account_by_name(name).await?;
        account.with_context(|| {
            format!("there is no account {name}; `guise account list` shows those there are")
        })
    }

    /// The app with this id.
    pub(crate) async fn app(&self, id: AppId) -> anyhow::Result<App> {
        let app = self.data.store.app(id).await?;
        app.with_context(|| format!("there is no app {id}; `guise app list` shows those there are"))
    }

    /// A one-time link to the first of few accounts, if nobody could sign in to it before: for whoever starts a server
    /// that nobody has been to yet.
    pub(crate) async fn first_link(&self, url: &str) -> anyhow::Result<Option<(String, String)>> {
        let request = PageRequest { count: PAGE_COUNT_MAX, before: None };
        let page = self.data.store.accounts(request).await?;
        let Some(first) = page.items.last().filter(|_| page.next.is_none()) else {
            return Ok(None);
        };
        let link = first_link(self, first, url).await?;
        Ok(link.map(|link| (first.name.to_string(), link)))
    }

    /// Every account, or the one asked for; oldest first.
    pub(crate) async fn accounts(&self, name: Option<&ScreenName>) -> anyhow::Result<Vec<Account>> {
        if let Some(name) = name {
            return Ok(vec![self.account(name).await?]);
        }
        let mut all = Vec::new();
        let mut before = None;
        loop {
            let request = PageRequest { count: PAGE_COUNT_MAX, before };
            let page = self.data.store.accounts(request).await?;
            all.extend(page.items);
            before = page.next;
            if before.is_none() {
                all.reverse();
                return Ok(all);
            }
        }
    }

    /// Seals `secret` for the thing called `name`.
    fn seal(&self, secret: &str, name: &str) -> anyhow::Result<guise_domain::Sealed> {
        Ok(self.data.key.seal(secret.as_bytes(), name, &self.randomness as &dyn Randomness)?)
    }
}

/// Waits until a running server must have noticed a change to credentials.
async fn settle() {
    tokio::time::sleep(Duration::from_millis(2 * CREDENTIALS_STALE_MILLIS)).await;
}

/// How the program is called on this data folder, for the lines that say what to do next: as it was called itself,
/// since after `cargo run` there is no `guise` on the path.
pub(crate) fn program(config: &Config) -> String {
    let name = std::env::args_os().next().filter(|name| !name.is_empty());
    let name = quoted(&name.unwrap_or_else(|| "guise".into()).to_string_lossy());
    match config.data.to_str() {
        Some("./guise-data") => name,
        _ => format!("{name} --data {}", quoted(&config.data.to_string_lossy())),
    }
}

/// `text` as one word of a shell.
pub(crate) fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:@=+,%".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// When an app or a token was last used, for people.
fn last_used(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "never".to_owned(), |at| clock_time(&at.millis().to_string()))
}

/// What secrets are printed with.
fn secret_note(output: &mut Output) -> std::io::Result<()> {
    output.line("\nThe secret is shown only now: keep it where others cannot read it.")
}

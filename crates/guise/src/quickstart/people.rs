//! The two who write to each other in the tour, with credentials that an earlier run may have left.

use std::path::Path;

use anyhow::{Context, bail};
use guise_domain::{Access, Account, Credential, NewAccount, ScreenName, Token};

use crate::admin::{self, Office};
use crate::config::Config;
use crate::credentials::{self, Profile};
use crate::serve::Server;

/// Somebody with an account.
pub(super) struct Person {
    /// The account's name.
    pub(super) account: &'static str,
    /// The name under which the credentials are kept.
    pub(super) profile: &'static str,
}

/// Who has the custom profile. Client commands use these credentials unasked.
pub(super) const HOST: Person = Person { account: "quickstart", profile: "default" };
/// Who is written to.
pub(super) const GUEST: Person = Person { account: "quickstart_ann", profile: "ann" };

impl Person {
    /// The credentials of an earlier run, or those of a new app for an account of its own.
    pub(super) async fn credentials(
        &self,
        office: &Office,
        config: &Config,
        server: &Server,
    ) -> anyhow::Result<Profile> {
        let path = config.data.join(credentials::FILE);
        let url = credentials::local_url(server.http, server.tls);
        let ca_file = credentials::ca_file(config, &url);
        let profile = if let Some(kept) = usable(office, &path, self.profile).await? {
            Profile { url, ca_file, ..kept }
        } else {
            let (app, token) = keys(office, self.account).await?;
            Profile {
                url,
                consumer_key: app.app.consumer_key,
                consumer_secret: app.consumer_secret.into(),
                token: token.token.token,
                token_secret: token.token_secret.into(),
                ca_file,
            }
        };
        credentials::save(&path, self.profile, &profile)?;
        Ok(profile)
    }
}

impl Person {
    /// Where they come in to their account's pages: by a one-time link, if they did not choose a password yet.
    pub(super) async fn way_in(&self, office: &Office, server: &Server) -> anyhow::Result<String> {
        let url = credentials::local_url(server.http, server.tls);
        let account = office.account(&self.account.parse()?).await?;
        let link = admin::first_link(office, &account, &url).await?;
        Ok(link.unwrap_or_else(|| format!("{url}/")))
    }
}

/// The credentials of an earlier run, unless they were revoked since or their account was closed.
async fn usable(office: &Office, path: &Path, profile: &str) -> anyhow::Result<Option<Profile>> {
    let Some(kept) = credentials::kept(path, profile)? else { return Ok(None) };
    let found = office.data.store.credential(&kept.consumer_key, &kept.token).await?;
    let usable = found.is_some_and(|Credential { app, token }| {
        let opens = |(token, account): (Token, Account)| !token.revoked && !account.closed;
        !app.revoked && token.is_some_and(opens)
    });
    Ok(usable.then_some(kept))
}

async fn keys(
    office: &Office,
    account: &str,
) -> anyhow::Result<(admin::NewAppKeys, admin::NewTokenKeys)> {
    let name: ScreenName = account.parse()?;
    let account = match office.data.store.account_by_name(&name).await? {
        Some(account) if account.closed => {
            bail!("the account {name} was closed: try a folder of its own, with --data")
        }
        Some(account) => account,
        None => {
            let id = guise_domain::AccountId::new(office.next_id());
            let new = NewAccount { id, name, custom_profiles: true };
            let account = office.data.store.create_account(new, office.by()).await?;
            account.context("the account could not be made")?
        }
    };
    let app = admin::register(office, &account, "Quickstart".to_owned(), String::new()).await?;
    let token = admin::grant(office, &account, &app.app, Access::DirectMessages, None).await?;
    Ok((app, token))
}

//! `guise quickstart`: the main job once, for real, in front of whoever watches.

mod tour;

use std::path::Path;

use anyhow::{Context, bail};
use guise_domain::{
    Access, Account, Accounts, Credential, Credentials, NewAccount, ScreenName, Token,
};
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::oneshot;

use crate::admin::{self, Office};
use crate::args::QuickstartArgs;
use crate::client::Client;
use crate::config::{Config, Source};
use crate::credentials::{self, Profile};
use crate::data::DataFolder;
use crate::output::Output;
use crate::serve::{self, Server};

const ACCOUNT: &str = "quickstart";
/// The name under which the credentials are kept: the one that client commands use unasked.
const PROFILE: &str = "default";

/// Runs the tour on a server of its own, then goes on serving unless told to stop.
pub(crate) async fn run(
    args: &QuickstartArgs,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    serve::check(config, false)?;
    // Lines of the log would come between what is shown, unless somebody wants them.
    let log = if config.source("log") == Source::Default { "warn" } else { &config.log };
    serve::start_log(log, config.log_format);
    let office = Office::within(DataFolder::open_to_serve(config).await?).await?;
    let server = Server::open(config, &office.data).await?;
    let urls = server.urls();
    let client = Client::new(profile(&office, config, &server).await?)?;
    drop(office);
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.run(async {
        // A sender that is gone asks for the same.
        let _ = stopped.await;
    }));
    let shown = show(&client, config, &urls, args.exit, output).await;
    if shown.is_ok() && !args.exit {
        serve::stop_signal().await;
    }
    let _ = stop.send(());
    serving.await??;
    shown
}

async fn show(
    client: &Client,
    config: &Config,
    urls: &[String],
    exit: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let tour = tour::take(client, output).await?;
    if output.json {
        return Ok(output.value(&json!({ "listening": urls, "steps": tour.steps }))?);
    }
    lines(&tour.media_id, client.profile(), config, urls, output)?;
    if exit {
        return Ok(());
    }
    let urls = urls.join(" and ");
    Ok(output.line(&output.paint("1", &format!("\nServing {urls} until Ctrl-C.")))?)
}

/// The credentials of an earlier run, or those of a new app for an account of its own.
async fn profile(office: &Office, config: &Config, server: &Server) -> anyhow::Result<Profile> {
    let path = config.data.join(credentials::FILE);
    let url = credentials::local_url(server.http, server.tls);
    let ca_file = credentials::ca_file(config, &url);
    let profile = if let Some(kept) = usable(office, &path).await? {
        Profile { url, ca_file, ..kept }
    } else {
        let (app, token) = keys(office).await?;
        Profile {
            url,
            consumer_key: app.app.consumer_key,
            consumer_secret: app.consumer_secret.into(),
            token: token.token.token,
            token_secret: token.token_secret.into(),
            ca_file,
        }
    };
    credentials::save(&path, PROFILE, &profile)?;
    Ok(profile)
}

/// The credentials of an earlier run, unless they were revoked since or their account was closed.
async fn usable(office: &Office, path: &Path) -> anyhow::Result<Option<Profile>> {
    let Some(kept) = credentials::kept(path, PROFILE)? else { return Ok(None) };
    let found = office.data.store.credential(&kept.consumer_key, &kept.token).await?;
    let usable = found.is_some_and(|Credential { app, token }| {
        let opens = |(token, account): (Token, Account)| !token.revoked && !account.closed;
        !app.revoked && token.is_some_and(opens)
    });
    Ok(usable.then_some(kept))
}

async fn keys(office: &Office) -> anyhow::Result<(admin::NewAppKeys, admin::NewTokenKeys)> {
    let name: ScreenName = ACCOUNT.parse()?;
    let account = match office.data.store.account_by_name(&name).await? {
        Some(account) if account.closed => {
            bail!("the account {ACCOUNT} was closed: try a folder of its own, with --data")
        }
        Some(account) => account,
        None => {
            let id = guise_domain::AccountId::new(office.next_id());
            let new = NewAccount { id, name, custom_profiles: true };
            let account = office.data.store.create_account(new).await?;
            account.context("the account could not be made")?
        }
    };
    let app = admin::register(office, &account, "Quickstart".to_owned()).await?;
    let token = admin::grant(office, &account, &app.app, Access::DirectMessages).await?;
    Ok((app, token))
}

/// Ready-made lines to go on with. The request is the founding page's, with the brace that it lacks.
fn lines(
    media_id: &str,
    profile: &Profile,
    config: &Config,
    urls: &[String],
    output: &mut Output,
) -> anyhow::Result<()> {
    let body = tour::profile_body(media_id);
    let program = admin::program(config);
    output.line(&output.paint("1", "\nYour turn. With this program:"))?;
    output.line(&format!("  {program} profile list"))?;
    output.line(&format!(
        "  {program} call /1.1/custom_profiles/new.json \\\n    -d {}",
        admin::quoted(&body)
    ))?;
    // It speaks nothing but TLS.
    let Some(host) = urls.iter().find_map(|url| url.strip_prefix("https://")) else {
        return Ok(());
    };
    output.line(&output.paint("1", "\nWith twurl:"))?;
    Ok(output.line(&format!(
        "  twurl -H {host} \\\n    --consumer-key {} \\\n    --consumer-secret {} \\\n    \
         --access-token {} \\\n    --token-secret {} \\\n    \
         -A 'Content-type: application/json' -X POST /1.1/custom_profiles/new.json \\\n    -d {}",
        profile.consumer_key,
        profile.consumer_secret.expose_secret(),
        profile.token,
        profile.token_secret.expose_secret(),
        admin::quoted(&body),
    ))?)
}

//! `guise app`.

use anyhow::Context;
use guise_domain::{Account, App, AppId, NewApp, Operator, secrets};
use serde_json::{Value, json};

use super::{Office, callback, last_used, program, secret_note, settle};
use crate::args::AppCommand;
use crate::config::Config;
use crate::output::Output;

/// A new app and the secret that is not readable any more.
pub(crate) struct NewKeys {
    pub(crate) app: App,
    pub(crate) consumer_secret: String,
}

/// Runs one of the commands.
pub(crate) async fn run(
    command: AppCommand,
    operator: Option<Operator>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let office = Office::open(config, operator).await?;
    let done = match command {
        AppCommand::Add { name, account, url } => {
            let account = office.account(&account).await?;
            let keys = register(&office, &account, name, url.unwrap_or_default()).await?;
            added(&keys, &account, config, output)
        }
        AppCommand::List { account } => {
            let accounts = office.accounts(account.as_ref()).await?;
            list(&office, &accounts, output).await
        }
        AppCommand::Callback(command) => callback::run(command, &office, output).await,
        AppCommand::Revoke { id } => revoke(&office, id, output).await,
        AppCommand::Trust { id } => trust(&office, id, true, output).await,
        AppCommand::Distrust { id } => trust(&office, id, false, output).await,
    };
    let closed = office.close().await;
    done.and(closed)
}

/// Registers an app for an account, with fresh keys.
pub(crate) async fn register(
    office: &Office,
    account: &Account,
    name: String,
    url: String,
) -> anyhow::Result<NewKeys> {
    let consumer_key = secrets::consumer_key(&office.randomness);
    let consumer_secret = secrets::consumer_secret(&office.randomness);
    let sealed = office.seal(&consumer_secret, &consumer_key)?;
    let id = AppId::new(office.next_id());
    let new = NewApp { id, name, url, consumer_key, consumer_secret: sealed };
    let app = office.data.store.create_app(account.id, new, office.by()).await?;
    let app = app.with_context(|| format!("account {} is closed", account.name))?;
    Ok(NewKeys { app, consumer_secret })
}

fn added(
    NewKeys { app, consumer_secret }: &NewKeys,
    account: &Account,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let id = app.id.to_string();
    if output.json {
        return Ok(output.value(&json!({
            "id": id,
            "name": app.name,
            "consumer_key": app.consumer_key,
            "consumer_secret": consumer_secret,
        }))?);
    }
    output.line("Registered an app.\n")?;
    output.fields(&[
        ("id", &id),
        ("name", &app.name),
        ("consumer key", &app.consumer_key),
        ("consumer secret", consumer_secret),
    ])?;
    secret_note(output)?;
    let (program, name) = (program(config), &account.name);
    Ok(output.line(&format!(
        "\nNext, give an account a token for it:\n  {program} token add --account {name} --app {id} --save default"
    ))?)
}

async fn list(office: &Office, accounts: &[Account], output: &mut Output) -> anyhow::Result<()> {
    let mut apps = Vec::new();
    for account in accounts {
        let owned = office.data.store.apps(account.id).await?;
        apps.extend(owned.into_iter().map(|app| (account.name.to_string(), app)));
    }
    if output.json {
        let object = |(account, app): &(String, App)| {
            json!({
                "id": app.id.to_string(),
                "name": app.name,
                "url": app.url,
                "account": account,
                "consumer_key": app.consumer_key,
                "names_operators": app.names_operators,
                "last_used_timestamp": app.last_used_at.map(|at| at.millis().to_string()),
                "revoked": app.revoked,
            })
        };
        return Ok(output.value(&apps.iter().map(object).collect::<Value>())?);
    }
    let row = |(account, app): (String, App)| {
        let state = if app.revoked { "revoked" } else { "in use" };
        let trusted = if app.names_operators { "trusted" } else { "" };
        let (id, used) = (app.id.to_string(), last_used(app.last_used_at));
        vec![id, app.name, account, app.consumer_key, trusted.into(), used, state.into()]
    };
    let rows: Vec<_> = apps.into_iter().map(row).collect();
    let columns = ["ID", "NAME", "ACCOUNT", "CONSUMER KEY", "OPERATORS", "LAST USED", "STATE"];
    Ok(output.table(&columns, &rows)?)
}

async fn revoke(office: &Office, id: AppId, output: &mut Output) -> anyhow::Result<()> {
    let app = office.app(id).await?;
    office.data.store.revoke_app(app.owner, id, office.by()).await?;
    settle().await;
    if output.json {
        return Ok(output.value(&json!({"id": id.to_string(), "revoked": true}))?);
    }
    Ok(output
        .line(&format!("Revoked app {id}. Its requests are refused, whatever their token."))?)
}

async fn trust(
    office: &Office,
    id: AppId,
    trusted: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let app = office.app(id).await?;
    office.data.store.trust_app(app.owner, id, trusted, office.by()).await?;
    settle().await;
    if output.json {
        return Ok(output.value(&json!({"id": id.to_string(), "names_operators": trusted}))?);
    }
    Ok(output.line(&if trusted {
        format!("App {id} may name the operator of each request.")
    } else {
        format!("App {id} may not name operators any more.")
    })?)
}

//! `guise token`.

use anyhow::{Context, bail};
use guise_domain::{Access, Account, App, Clock, NewToken, Operator, Token, secrets};
use serde_json::{Value, json};

use super::{Office, last_used, program, secret_note, settle};
use crate::args::TokenCommand;
use crate::config::Config;
use crate::credentials::{self, Profile};
use crate::output::Output;

/// A new token and the secret that is not readable any more.
pub(crate) struct NewKeys {
    pub(crate) token: Token,
    pub(crate) token_secret: String,
}

/// Runs one of the commands.
pub(crate) async fn run(
    command: TokenCommand,
    operator: Option<Operator>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let office = Office::open(config, operator).await?;
    let done = match command {
        TokenCommand::Add { account, app, access, operator, save } => {
            let account = office.account(&account).await?;
            let app = office.app(app).await?;
            let keys = grant(&office, &account, &app, access.into(), operator).await?;
            let saved = save.map(|name| keep(&office, config, &name, &app, &keys)).transpose()?;
            added(&keys, saved.as_deref(), config, output)
        }
        TokenCommand::List { account } => {
            let accounts = office.accounts(account.as_ref()).await?;
            list(&office, &accounts, output).await
        }
        TokenCommand::Change { token, access } => {
            change(&office, &token, access.into(), output).await
        }
        TokenCommand::Revoke { token } => revoke(&office, &token, output).await,
    };
    let closed = office.close().await;
    done.and(closed)
}

/// Gives an account a token for an app.
pub(crate) async fn grant(
    office: &Office,
    account: &Account,
    app: &App,
    access: Access,
    operator: Option<Operator>,
) -> anyhow::Result<NewKeys> {
    let token = secrets::token(account.id, &office.randomness);
    let token_secret = secrets::token_secret(&office.randomness);
    let secret = office.seal(&token_secret, &token)?;
    let created_at = office.clock.now();
    let new = NewToken { token, app: app.id, secret, access, operator, created_at };
    let token = office.data.store.create_token(account.id, new, office.by()).await?;
    let token = token.with_context(|| {
        format!("account {} is closed, or app {} is revoked", account.name, app.id)
    })?;
    Ok(NewKeys { token, token_secret })
}

/// Keeps the credentials as a profile; says where.
fn keep(
    office: &Office,
    config: &Config,
    name: &str,
    app: &App,
    keys: &NewKeys,
) -> anyhow::Result<String> {
    let secret = office.data.key.open(&app.consumer_secret, &app.consumer_key)?;
    let url = credentials::server_url(config);
    let profile = Profile {
        ca_file: credentials::ca_file(config, &url),
        url,
        consumer_key: app.consumer_key.clone(),
        consumer_secret: String::from_utf8(secret)?.into(),
        token: keys.token.token.clone(),
        token_secret: keys.token_secret.clone().into(),
    };
    let path = credentials::own_file()?;
    credentials::save(&path, name, &profile)?;
    Ok(format!("Saved as profile {name} in {}.", path.display()))
}

fn added(
    NewKeys { token, token_secret }: &NewKeys,
    saved: Option<&str>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    if output.json {
        return Ok(output.value(&json!({
            "token": token.token,
            "token_secret": token_secret,
            "access": token.access.as_str(),
        }))?);
    }
    output.line("Made an access token.\n")?;
    output.fields(&[
        ("token", &token.token),
        ("token secret", token_secret),
        ("access", token.access.as_str()),
    ])?;
    secret_note(output)?;
    if let Some(saved) = saved {
        output.line(saved)?;
    }
    let program = program(config);
    Ok(output.line(&format!(
        "\nNext, start the server and use it:\n  {program} serve\n  {program} call /1.1/account/verify_credentials.json"
    ))?)
}

async fn list(office: &Office, accounts: &[Account], output: &mut Output) -> anyhow::Result<()> {
    let mut tokens = Vec::new();
    for account in accounts {
        let held = office.data.store.tokens(account.id).await?;
        tokens.extend(held.into_iter().map(|token| (account.name.to_string(), token)));
    }
    if output.json {
        let object = |(account, token): &(String, Token)| {
            json!({
                "token": token.token,
                "account": account,
                "app": token.app.to_string(),
                "access": token.access.as_str(),
                "operator": token.operator.as_ref().map(Operator::as_str),
                "created_timestamp": token.created_at.millis().to_string(),
                "last_used_timestamp": token.last_used_at.map(|at| at.millis().to_string()),
                "revoked": token.revoked,
            })
        };
        return Ok(output.value(&tokens.iter().map(object).collect::<Value>())?);
    }
    let row = |(account, token): (String, Token)| {
        let state = if token.revoked { "revoked" } else { "in use" };
        let used = last_used(token.last_used_at);
        let (app, access) = (token.app.to_string(), token.access.as_str().to_owned());
        let operator = token.operator.map(|operator| operator.to_string()).unwrap_or_default();
        vec![token.token, account, app, access, operator, used, state.into()]
    };
    let rows: Vec<_> = tokens.into_iter().map(row).collect();
    let columns = ["TOKEN", "ACCOUNT", "APP", "ACCESS", "OPERATOR", "LAST USED", "STATE"];
    Ok(output.table(&columns, &rows)?)
}

async fn change(
    office: &Office,
    token: &str,
    access: Access,
    output: &mut Output,
) -> anyhow::Result<()> {
    let found = match Token::account_of(token) {
        Some(account) => {
            office.data.store.change_access(account, token, access, office.by()).await?
        }
        None => false,
    };
    noticed(found).await?;
    if output.json {
        return Ok(output.value(&json!({"token": token, "access": access.as_str()}))?);
    }
    Ok(output.line(&format!("The token's access is {} now.", access.as_str()))?)
}

/// Refuses a token that was not found; else waits until a running server knows.
async fn noticed(found: bool) -> anyhow::Result<()> {
    if !found {
        bail!("there is no such token; `guise token list` shows those there are");
    }
    settle().await;
    Ok(())
}

async fn revoke(office: &Office, token: &str, output: &mut Output) -> anyhow::Result<()> {
    let found = match Token::account_of(token) {
        Some(account) => office.data.store.revoke_token(account, token, office.by()).await?,
        None => false,
    };
    noticed(found).await?;
    if output.json {
        return Ok(output.value(&json!({"token": token, "revoked": true}))?);
    }
    Ok(output.line("Revoked the token. It opens nothing any more.")?)
}

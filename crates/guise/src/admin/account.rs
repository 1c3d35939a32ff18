//! `guise account`.

use anyhow::Context;
use guise_domain::{AccountId, NamingChange, NewAccount, Operator, ScreenName};
use serde_json::{Value, json};

use super::{Office, naming, program, settle, sign_in};
use crate::args::AccountCommand;
use crate::config::Config;
use crate::output::Output;

/// Runs one of the commands.
pub(crate) async fn run(
    command: AccountCommand,
    operator: Option<Operator>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    if let AccountCommand::Add { name } = &command {
        naming::permit(name, config)?;
    }
    let password = match &command {
        AccountCommand::Password { .. } => Some(sign_in::ask()?),
        _ => None,
    };
    let office = match command {
        AccountCommand::Add { .. } => Office::open_or_make(config, operator).await?,
        _ => Office::open(config, operator).await?,
    };
    let done = match command {
        AccountCommand::Add { name } => add(&office, name, config, output).await,
        AccountCommand::List => list(&office, output).await,
        AccountCommand::Close { name } => {
            let id = office.account(&name).await?.id;
            office.data.store.close_account(id, office.by()).await?;
            report(output, id, &name, "closed", true).await
        }
        AccountCommand::Password { name } => {
            let password = password.context("a password is needed")?;
            sign_in::set_password(&office, &name, &password, output).await
        }
        AccountCommand::Link { name } => sign_in::link(&office, &name, config, output).await,
        AccountCommand::Show { name } => naming::show(&office, &name, output).await,
        AccountCommand::Set { name, kind_required, own_name_reserved } => {
            let change = NamingChange {
                kind_required: kind_required.map(bool::from),
                own_name_reserved: own_name_reserved.map(bool::from),
            };
            naming::set(&office, &name, change, output).await
        }
        AccountCommand::Reserve { name, words } => {
            naming::reserve(&office, &name, words, output).await
        }
        AccountCommand::Unreserve { name, words } => {
            naming::unreserve(&office, &name, words, output).await
        }
        AccountCommand::Allow { name } => switch(&office, &name, true, output).await,
        AccountCommand::Deny { name } => switch(&office, &name, false, output).await,
    };
    let closed = office.close().await;
    done.and(closed)
}

async fn add(
    office: &Office,
    name: ScreenName,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    let new = NewAccount { id: AccountId::new(office.next_id()), name, custom_profiles: true };
    let asked = new.name.clone();
    let account = office.data.store.create_account(new, office.by()).await?;
    let account = account.with_context(|| format!("no account was made for {asked}"))?;
    naming::compare(office, &account).await?;
    let id = account.id.to_string();
    if output.json {
        return Ok(output.value(&json!({"id": id, "name": account.name.as_str()}))?);
    }
    output.line("Made an account.\n")?;
    output.fields(&[("id", &id), ("name", account.name.as_str())])?;
    let program = program(config);
    Ok(output.line(&format!(
        "\nNext, register an app for it:\n  {program} app add \"My app\" --account {}",
        account.name
    ))?)
}

async fn list(office: &Office, output: &mut Output) -> anyhow::Result<()> {
    let accounts = office.accounts(None).await?;
    if output.json {
        let list: Value = accounts
            .iter()
            .map(|account| {
                json!({
                    "id": account.id.to_string(),
                    "name": account.name.as_str(),
                    "custom_profiles": account.custom_profiles,
                    "closed": account.closed,
                })
            })
            .collect();
        return Ok(output.value(&list)?);
    }
    let rows: Vec<_> = accounts
        .iter()
        .map(|account| {
            let profiles = if account.custom_profiles { "allowed" } else { "denied" };
            let state = if account.closed { "closed" } else { "open" };
            vec![account.id.to_string(), account.name.to_string(), profiles.into(), state.into()]
        })
        .collect();
    Ok(output.table(&["ID", "NAME", "CUSTOM PROFILES", "STATE"], &rows)?)
}

async fn switch(
    office: &Office,
    name: &ScreenName,
    allowed: bool,
    output: &mut Output,
) -> anyhow::Result<()> {
    let id = office.account(name).await?.id;
    office.data.store.allow_custom_profiles(id, allowed, office.by()).await?;
    report(output, id, name, "custom_profiles", allowed).await
}

async fn report(
    output: &mut Output,
    id: AccountId,
    name: &ScreenName,
    what: &str,
    value: bool,
) -> anyhow::Result<()> {
    settle().await;
    if output.json {
        let id = id.to_string();
        return Ok(output.value(&json!({"id": id, "name": name.as_str(), what: value}))?);
    }
    Ok(output.line(&match (what, value) {
        ("closed", _) => format!("Closed account {name}. Its tokens open nothing any more."),
        (_, true) => format!("Account {name} may use custom profiles."),
        (_, false) => format!("Account {name} may not use custom profiles any more."),
    })?)
}

//! `guise account show`, `set`, `reserve` and `unreserve`: what an account demands of its profiles' names.

use anyhow::{Context, bail, ensure};
use guise_domain::{Account, Lookalike, Naming, NamingChange, ReservedWord, ScreenName, Words};
use serde_json::json;

use super::Office;
use crate::config::Config;
use crate::output::{Output, warn};

/// Shows an account with what it demands.
pub(super) async fn show(
    office: &Office,
    name: &ScreenName,
    output: &mut Output,
) -> anyhow::Result<()> {
    let Account { id, name, custom_profiles, closed, .. } = office.account(name).await?;
    let naming = office.data.store.naming(id).await?.unwrap_or_default();
    let Naming { kind_required, own_name_reserved, reserved } = naming;
    let words: Vec<_> = reserved.iter().map(ReservedWord::as_str).collect();
    let id = id.to_string();
    if output.json {
        return Ok(output.value(&json!({
            "id": id,
            "name": name.as_str(),
            "custom_profiles": custom_profiles,
            "closed": closed,
            "kind_required": kind_required,
            "own_name_reserved": own_name_reserved,
            "reserved_names": words,
        }))?);
    }
    let on = |on: bool| if on { "on" } else { "off" };
    Ok(output.fields(&[
        ("id", &id),
        ("name", name.as_str()),
        ("custom profiles", if custom_profiles { "allowed" } else { "denied" }),
        ("state", if closed { "closed" } else { "open" }),
        ("kind required", on(kind_required)),
        ("own name reserved", on(own_name_reserved)),
        ("reserved names", &words.join(", ")),
    ])?)
}

/// Sets what an account demands.
pub(super) async fn set(
    office: &Office,
    name: &ScreenName,
    change: NamingChange,
    output: &mut Output,
) -> anyhow::Result<()> {
    let nothing = change == NamingChange::default();
    ensure!(!nothing, "say what to set: --kind-required or --own-name-reserved");
    let id = office.account(name).await?.id;
    office.data.store.set_naming(id, change, office.by()).await?;
    show(office, name, output).await
}

/// Reserves words.
pub(super) async fn reserve(
    office: &Office,
    name: &ScreenName,
    words: Vec<ReservedWord>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let id = office.account(name).await?.id;
    let reserved = office.data.store.reserve_words(id, words, office.by()).await?;
    reserved.with_context(|| format!("nothing was reserved for {name}"))?;
    show(office, name, output).await
}

/// Allows words again.
pub(super) async fn unreserve(
    office: &Office,
    name: &ScreenName,
    words: Vec<ReservedWord>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let id = office.account(name).await?.id;
    if office.data.store.release_words(id, words, office.by()).await?.is_empty() {
        bail!("{name} reserves none of these; `guise account show {name}` shows what it does");
    }
    show(office, name, output).await
}

/// Refuses a name for an account that the server reserves.
pub(super) fn permit(name: &ScreenName, config: &Config) -> anyhow::Result<()> {
    let words = Words::of(name.as_str());
    if let Some(word) = config.reserved_names.iter().find(|word| words.contain(word)) {
        let word = word.as_str();
        bail!("no account was made for {name}: it contains the reserved word \"{word}\"");
    }
    Ok(())
}

/// Tells whom an account's name looks like.
pub(super) async fn compare(office: &Office, account: &Account) -> anyhow::Result<()> {
    let alike = office.data.store.lookalikes(account.id).await?;
    for whose in alike.iter().map(Lookalike::to_string) {
        warn(&format!("the name looks like that of {whose}"));
    }
    Ok(())
}

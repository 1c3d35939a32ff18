//! `guise app callback`.

use anyhow::bail;
use guise_domain::{AppId, CallbackUrl};
use serde_json::json;

use super::Office;
use crate::args::CallbackCommand;
use crate::output::Output;

/// Runs one of the commands.
pub(super) async fn run(
    command: CallbackCommand,
    office: &Office,
    output: &mut Output,
) -> anyhow::Result<()> {
    match command {
        CallbackCommand::Add { app, url } => add(office, app, &url, output).await,
        CallbackCommand::Remove { app, url } => remove(office, app, &url, output).await,
        CallbackCommand::List { app } => list(office, app, output).await,
    }
}

async fn add(
    office: &Office,
    app: AppId,
    url: &CallbackUrl,
    output: &mut Output,
) -> anyhow::Result<()> {
    if url.has_query() {
        bail!(
            "{url} has a query: leave it out, whatever query an app puts behind a place is taken"
        );
    }
    let owner = office.app(app).await?.owner;
    office.data.store.add_callback(owner, app, url, office.by()).await??;
    let place = url.place();
    if output.json {
        return Ok(output.value(&json!({"app": app.to_string(), "callback": place}))?);
    }
    Ok(output.line(&format!("App {app} may have accounts led back to {place}"))?)
}

async fn remove(
    office: &Office,
    app: AppId,
    url: &CallbackUrl,
    output: &mut Output,
) -> anyhow::Result<()> {
    let (owner, place) = (office.app(app).await?.owner, url.place());
    if !office.data.store.remove_callback(owner, app, url, office.by()).await? {
        bail!(
            "app {app} has no callback {place}; `guise app callback list {app}` shows those it has"
        );
    }
    if output.json {
        let removed = json!({"app": app.to_string(), "callback": place, "removed": true});
        return Ok(output.value(&removed)?);
    }
    Ok(output.line(&format!("App {app} may not have accounts led back to {place} any more."))?)
}

async fn list(office: &Office, app: AppId, output: &mut Output) -> anyhow::Result<()> {
    let app = office.app(app).await?;
    let places = office.data.store.callbacks(app.id).await?;
    if output.json {
        return Ok(output.value(&json!(places))?);
    }
    if places.is_empty() {
        return Ok(output.line("None: the app can only have a PIN shown.")?);
    }
    Ok(places.iter().try_for_each(|place| output.line(place))?)
}

//! `guise quickstart`: the main job once, for real, in front of whoever watches.

mod people;
mod tour;

use guise_domain::Operator;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::sync::oneshot;

use crate::admin::{self, Office};
use crate::args::QuickstartArgs;
use crate::client::Client;
use crate::config::{Config, Source};
use crate::credentials::Profile;
use crate::data::DataFolder;
use crate::log;
use crate::output::Output;
use crate::serve::{self, Server};

/// Runs the tour on a server of its own, then goes on serving unless told to stop.
pub(crate) async fn run(
    args: &QuickstartArgs,
    operator: Option<Operator>,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<()> {
    serve::check(config, false)?;
    // Lines of the log would come between what is shown, unless somebody wants them.
    let filter = if config.source("log") == Source::Default { "warn" } else { &config.log };
    log::start(filter, config.log_format)?;
    let office = Office::within(DataFolder::open_to_serve(config).await?, operator).await?;
    let server = Server::open(config, &office.data).await?;
    let urls = server.urls();
    let host = Client::new(people::HOST.credentials(&office, config, &server).await?, None)?;
    let guest = Client::new(people::GUEST.credentials(&office, config, &server).await?, None)?;
    let way_in = if args.exit { None } else { Some(people::HOST.way_in(&office, &server).await?) };
    drop(office);
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(server.run(async {
        // A sender that is gone asks for the same.
        let _ = stopped.await;
    }));
    let shown = show([&host, &guest], config, &urls, way_in, output).await;
    if shown.is_ok() && !args.exit {
        serve::stop_signal().await;
    }
    let _ = stop.send(());
    serving.await??;
    shown
}

async fn show(
    [host, guest]: [&Client; 2],
    config: &Config,
    urls: &[String],
    way_in: Option<String>,
    output: &mut Output,
) -> anyhow::Result<()> {
    let tour = tour::take(host, guest, output).await?;
    if output.json {
        return Ok(output.value(&json!({ "listening": urls, "steps": tour.steps }))?);
    }
    lines(&tour, host.profile(), config, urls, output)?;
    // Without one the server ends here, and there is nothing to open.
    let Some(way_in) = way_in else { return Ok(()) };
    let host = people::HOST.account;
    output.line(&output.paint("1", &format!("\nIn a browser, as {host}:")))?;
    output.line(&format!("  {way_in}"))?;
    let urls = urls.join(" and ");
    Ok(output.line(&output.paint("1", &format!("\nServing {urls} until Ctrl-C.")))?)
}

/// Ready-made lines to go on with. The request is the founding page's, with the brace that it lacks.
fn lines(
    tour: &tour::Tour,
    profile: &Profile,
    config: &Config,
    urls: &[String],
    output: &mut Output,
) -> anyhow::Result<()> {
    let body = tour::profile_body(&tour.media_id);
    let program = admin::program(config);
    output.line(&output.paint("1", "\nYour turn. With this program:"))?;
    output.line(&format!("  {program} profile list"))?;
    output.line(&format!("  {program} --profile {} dm watch", people::GUEST.profile))?;
    output.line(&format!(
        "  {program} dm send --to {} --as {} \"Hello again\"",
        people::GUEST.account,
        tour.profile_id,
    ))?;
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

//! `guise-load`: puts load on a running server with signed requests, and measures it against the server's own floor.
//!
//! Machines are shared and noisy, so the figure that carries over is the ratio within one run: profiles created per
//! second to `/healthz` answered per second, over the same connections.

mod run;
mod signer;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;

use run::{Figures, measure};
use signer::Signer;

/// Create profiles as fast as a server can, and compare with its health check.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  GUISE_LIMITS_CUSTOM_PROFILES_NEW=9000000/24h guise serve\n  \
                  guise-load --avatar face.jpg --connections 64 --seconds 10\n\n\
                  The credentials come from GUISE_CONSUMER_KEY, GUISE_CONSUMER_SECRET, GUISE_TOKEN and GUISE_TOKEN_SECRET."
)]
struct Arguments {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "GUISE_URL")]
    url: String,
    /// Connections at once
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    connections: u16,
    /// How long each part runs
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    seconds: u16,
    /// A picture for the profiles
    #[arg(long, value_name = "FILE")]
    avatar: PathBuf,
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match load(&arguments).await {
        Ok(text) => {
            let _ = write!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "guise-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn load(arguments: &Arguments) -> anyhow::Result<String> {
    let signer = Signer::from_environment(arguments.url.trim_end_matches('/'))?;
    let picture = std::fs::read(&arguments.avatar)
        .with_context(|| format!("{} cannot be read", arguments.avatar.display()))?;
    let media = signer.upload(picture).await?;
    let length = Duration::from_secs(u64::from(arguments.seconds));
    let probe = signer.clone();
    let health = measure(arguments.connections, length, move |client| {
        let request = client.get(probe.url("/healthz"));
        async move { Ok(request.send().await?.error_for_status()?.bytes().await?.len()) }
    })
    .await?;
    let create = measure(arguments.connections, length, move |client| {
        let request = signer.create(client, &media);
        async move { Ok(request.send().await?.error_for_status()?.bytes().await?.len()) }
    })
    .await?;
    Ok(report(&health, &create))
}

fn report(health: &Figures, create: &Figures) -> String {
    format!(
        "{:<22}{:>10}{:>12}{:>10}{:>10}{:>10}\n{}{}create / healthz: {:.3}\n",
        "",
        "answers",
        "per second",
        "p50 ms",
        "p99 ms",
        "max ms",
        health.row("GET /healthz"),
        create.row("POST custom_profiles"),
        create.rate() / health.rate()
    )
}

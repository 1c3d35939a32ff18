//! The `guise` program: the server, and the command line around it.

mod admin;
mod args;
mod client;
mod clock;
mod config;
mod credentials;
mod data;
mod explain;
mod log;
mod migrate;
mod output;
mod quickstart;
mod serve;
mod toml_text;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use clap::{CommandFactory, Parser};
use guise_domain::{Operator, OperatorError};
use serde_json::json;

use args::{Arguments, Command, ConfigCommand};
use config::{Config, File, Problems, Source};
use output::Output;

fn main() -> ExitCode {
    // For every client of HTTPS in this program. It is the first to be installed, so it is.
    let _ = tokio_rustls::rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let mut output = Output::stdout(arguments.global.json);
    let ended = run(arguments, &mut output);
    log::flush();
    match ended {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "guise: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads the output has read enough, as `head` does.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>());
    io.is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}

fn run(arguments: Arguments, output: &mut Output) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(*shell, &mut Arguments::command(), "guise", &mut script);
            output.line(String::from_utf8(script)?.trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        Command::Config(ConfigCommand::Example) => {
            output.line(config::example().trim_end())?;
            return Ok(ExitCode::SUCCESS);
        }
        _ => {}
    }
    let config = match (load(&arguments), &arguments.command) {
        (Ok(config), _) => config,
        (Err(error), Command::Config(ConfigCommand::Check { .. })) => return told(error, output),
        (Err(error), _) => return Err(error),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(execute(arguments, &config, output))
}

/// The configuration of these arguments and this environment.
fn load(arguments: &Arguments) -> anyhow::Result<Config> {
    let variables: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let path = arguments.global.config.as_deref();
    let name = path.map(|path| path.display().to_string()).unwrap_or_default();
    let text = path.map(std::fs::read_to_string).transpose();
    let text = text.with_context(|| format!("the configuration {name} cannot be read"))?;
    let file = text.as_deref().map(|text| File { name: &name, text });
    let mut config = Config::load(&arguments.settings(), &variables, file.as_ref())?;
    // Whoever tries it out wants to see everything.
    if matches!(arguments.command, Command::Quickstart(_)) {
        config.inspector_bodies |= config.source("inspector.bodies") == Source::Default;
    }
    Ok(config)
}

/// Who is at work: the flag beats the variable, and an empty variable counts as not set.
fn operator(flag: Option<Operator>) -> anyhow::Result<Option<Operator>> {
    let variable = std::env::var("GUISE_OPERATOR").ok().filter(|label| !label.is_empty());
    match (flag, variable) {
        (None, Some(label)) => {
            label.parse().map(Some).map_err(|rule: OperatorError| anyhow!("GUISE_OPERATOR {rule}"))
        }
        (flag, _) => Ok(flag),
    }
}

/// `guise config check` of a configuration that is wrong.
fn told(error: anyhow::Error, output: &mut Output) -> anyhow::Result<ExitCode> {
    if !output.json {
        return Err(error);
    }
    let problems = match error.downcast_ref::<Problems>() {
        Some(Problems(problems)) => problems.clone(),
        None => vec![format!("{error:#}")],
    };
    output.value(&json!({"valid": false, "problems": problems}))?;
    Ok(ExitCode::FAILURE)
}

async fn execute(
    arguments: Arguments,
    config: &Config,
    output: &mut Output,
) -> anyhow::Result<ExitCode> {
    let (profile, by) = (&arguments.global.profile, operator(arguments.global.by)?);
    match arguments.command {
        Command::Account(command) => admin::account(command, by, config, output).await?,
        Command::App(command) => admin::app(command, by, config, output).await?,
        Command::Token(command) => admin::token(command, by, config, output).await?,
        Command::Profile(command) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            client::profile(command, &client, output).await?;
        }
        Command::Import(args) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            return client::import(&args, &client, output).await;
        }
        Command::Export(args) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            client::export(&args, &client, output).await?;
        }
        Command::Audit(command) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            client::audit(command, &client, output).await?;
        }
        Command::Dm(command) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            client::dm(command, &client, output).await?;
        }
        Command::Call(call) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            return client::call(call, &client, output).await;
        }
        Command::Requests(requests) => {
            let client = client::Client::new(credentials::find(profile, config)?, by)?;
            client::requests(requests, &client, output).await?;
        }
        Command::Explain(args) => return explain::run(&args, profile, config, output),
        Command::Migrate(args) => migrate::run(&args, config, output).await?,
        Command::Config(ConfigCommand::Print) => print(config, output)?,
        Command::Config(ConfigCommand::Check { yes_listen_publicly }) => {
            return check(config, yes_listen_publicly, output);
        }
        Command::Serve(args) => serve::run(&args, by, config, output).await?,
        Command::Quickstart(args) => quickstart::run(&args, by, config, output).await?,
        // Answered before there was a configuration.
        Command::Config(ConfigCommand::Example) | Command::Completions { .. } => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// `guise config check` of a configuration whose every value is right by itself.
fn check(config: &Config, listen_publicly: bool, output: &mut Output) -> anyhow::Result<ExitCode> {
    if let Err(problems) = serve::check(config, listen_publicly) {
        return told(problems.into(), output);
    }
    if output.json {
        output.value(&json!({"valid": true, "problems": []}))?;
    } else {
        output.line("The configuration is valid.")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn print(config: &Config, output: &mut Output) -> anyhow::Result<()> {
    let (rows, json) = config::print(config);
    if output.json {
        return Ok(output.value(&json)?);
    }
    Ok(output.table(&["KEY", "VALUE", "FROM"], &rows)?)
}

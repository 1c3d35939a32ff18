//! `guise-load`: puts load on a running server with signed requests, and measures it.
//!
//! Machines are shared and noisy, so the figure that carries over is the ratio between scenarios of one run.

mod args;
mod client;
mod echo;
mod figures;
mod keys;
mod load;
mod machine;
mod picture;
mod progress;
mod report;
mod request;
mod scenario;
mod schedule;
mod stage;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use tokio::runtime::Builder;

use args::{Arguments, Command, Http, Options, Run};
use client::Server;
use echo::Echo;
use figures::Figures;
use keys::Keys;
use load::Plan;
use machine::Servers;
use progress::Progress;
use request::{Content, Expected, Request, Traffic};
use scenario::Scenario;
use stage::Stage;

fn main() -> ExitCode {
    match execute(Arguments::parse().command) {
        Ok(code) => code,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "guise-load: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn execute(command: Command) -> anyhow::Result<ExitCode> {
    // All connections on one thread: nothing is handed over, and the rest of the machine is the server's.
    let one_thread = || Builder::new_current_thread().enable_all().build();
    match command {
        Command::Run(run) => {
            let rows = one_thread()?.block_on(measure_scenarios(&run))?;
            report(&run.options, &rows)
        }
        Command::Http(http) => {
            let rows = vec![one_thread()?.block_on(measure_request(&http))?];
            report(&http.options, &rows)
        }
        Command::Echo(echo) => {
            if echo.with_parent {
                echo::end_with_parent();
            }
            Builder::new_multi_thread().enable_all().build()?.block_on(echo::serve(echo.listen))?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

async fn measure_scenarios(run: &Run) -> anyhow::Result<Vec<Figures>> {
    let options = &run.options;
    let server = Server::parse(&options.url)?;
    let servers = Servers::new(options.processes.clone())?;
    let is_signed = run.scenarios.iter().any(|scenario| !scenario.is_open());
    let keys = if is_signed { Keys::read(options.keys.as_deref())? } else { Vec::new() };
    let progress = Progress::new();
    let (avatar, to) = (run.avatar.as_deref(), run.to.clone());
    let mut stage = Stage::new(server.clone(), keys, avatar, to, &progress)?;
    // All of it first: what cannot be prepared is told before anything is measured.
    let mut prepared = Vec::new();
    for scenario in &run.scenarios {
        let name = scenario.name();
        progress.begin(&name);
        let traffic = scenario.traffic(&mut stage).await;
        let traffic = traffic.with_context(|| format!("{name} cannot be prepared"))?;
        prepared.push((*scenario, name, traffic));
    }
    let mut rows = Vec::new();
    for (scenario, name, traffic) in prepared {
        progress.begin(&name);
        let plan = options.plan();
        rows.push(if scenario == Scenario::Echo {
            let echo = Echo::start()?;
            let server = Server::parse(&echo.url)?;
            let servers = Servers::new(vec![echo.process()])?;
            load::run(&name, &plan, &server, traffic, &servers, &progress).await?
        } else {
            load::run(&name, &plan, &server, traffic, &servers, &progress).await?
        });
    }
    Ok(rows)
}

async fn measure_request(http: &Http) -> anyhow::Result<Figures> {
    let options = &http.options;
    let server = Server::parse(&options.url)?;
    let servers = Servers::new(options.processes.clone())?;
    let headers: Vec<_> = http.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let content = match &http.contains {
        None => Content::Anything,
        Some(text) => Content::holds(&[text]),
    };
    let expected = Expected { status: http.expect, content };
    let body = http.body.clone().into_bytes();
    let mut request = Request::new(&server, &http.method, &http.path, &headers, body, expected);
    if http.signed {
        let keys = Keys::read(options.keys.as_deref())?;
        let keys = keys.first().context("there are no keys")?;
        request = request.signed(keys.signer(&server, &http.method, &http.path));
    }
    let name = options.label.clone().unwrap_or_else(|| request.line().to_owned());
    let mut traffic = Traffic::default();
    traffic.add(1, vec![request]);
    let progress = Progress::new();
    progress.begin(&name);
    load::run(&name, &options.plan(), &server, vec![traffic], &servers, &progress).await
}

/// Prints the table and writes the files.
fn report(options: &Options, rows: &[Figures]) -> anyhow::Result<ExitCode> {
    let (label, plan) = (options.label.as_deref(), options.plan());
    let json = serde_json::to_string_pretty(&report::json(label, &plan, rows))? + "\n";
    let to_stdout = options.json.as_deref() == Some(Path::new("-"));
    let printed = if to_stdout { &json } else { &report::table(rows) };
    std::io::stdout().write_all(printed.as_bytes())?;
    if let Some(path) = options.json.as_deref().filter(|_| !to_stdout) {
        write(path, &json)?;
    }
    if let Some(folder) = &options.svg {
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        write(&folder.join("latency.svg"), &picture::latency(label, &plan, rows))?;
        write(&folder.join("throughput.svg"), &picture::throughput(label, &plan, rows))?;
    }
    let is_right = rows.iter().all(|figures| figures.tally.wrong() == 0);
    Ok(if is_right || options.allow_errors { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}

impl Options {
    fn plan(&self) -> Plan {
        Plan {
            connections: self.connections,
            warmup: Duration::from_secs(self.warmup.into()),
            length: Duration::from_secs(self.seconds.into()),
            rate: self.rate,
        }
    }
}

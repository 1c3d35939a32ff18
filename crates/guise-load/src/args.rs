//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenario::Scenario;

const EXAMPLES: &str = "\
Examples:
  guise-load run echo health create show --pid \"$(pgrep -x guise)\" --svg pictures
  guise-load run create --rate 5000 --seconds 30 --keys keys.json --json create.json
  guise-load http --path /api/health --url http://127.0.0.1:8090 --contains healthy

Guise limits its callers; lift its [limits] before it is measured.";

const METHOD: &str = "\
How it is measured:
  Without --rate each connection sends its next request when the last one was answered: this finds
  how much a server can do. A server that stalls is asked less meanwhile, so latencies of this kind
  flatter it.
  With --rate requests are due at a constant distance, whatever the server makes of them, and a
  latency counts from when its request was due, not from when a connection was free to send it: a
  stall shows in every request that was due in it. What is still due at the end counts too, with how
  long it had waited by then; it is told, and so is a generator that was itself too slow.

  Requests count that are due between the end of the warm-up and the end; their answers are waited
  for. \"per second\" are the right answers that arrived in that time, \"ratio\" is that to the first
  scenario's. Every answer is looked at: its status, and that it holds what was asked for. What is
  wrong, or has not come thirty seconds after the end, counts as an error and in no latency, and
  the exit code is 1.

  CPU time is user and system time for each right answer, \"server\" of all --pid, \"own\" of the
  generator; MiB is the most memory the servers had. Both come from /proc, on Linux only.

  Profiles and messages that a scenario needs are made beforehand and stay. Connections are dealt to
  the keys in turn; `send` goes from each account to the next.";

/// Put load on a Guise server with signed requests, and measure it.
///
/// What carries over from one machine to another are ratios: measure what is compared in one run.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure scenarios, one after another
    #[command(after_long_help = METHOD)]
    Run(Run),
    /// Measure one request to any server
    #[command(after_long_help = METHOD)]
    Http(Http),
    /// Serve the bare handler that `run echo` measures, and print its URL
    Echo(Echo),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to measure
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<Scenario>,
    /// A picture for profiles and uploads [default: one of 400 pixels and 16 kB]
    #[arg(long, value_name = "FILE")]
    pub(crate) avatar: Option<PathBuf>,
    /// Whom `send` writes to, if there is one account only
    #[arg(long, value_name = "USER_ID")]
    pub(crate) to: Option<String>,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Http {
    #[arg(long, value_name = "METHOD", default_value = "GET", value_parser = method)]
    pub(crate) method: String,
    /// Path and query
    #[arg(long, value_name = "PATH", value_parser = path)]
    pub(crate) path: String,
    /// A header, as often as you like
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
    /// What is sent
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
    pub(crate) body: String,
    /// The status of a right answer
    #[arg(long, value_name = "STATUS", default_value_t = 200)]
    pub(crate) expect: u16,
    /// A text that a right answer holds
    #[arg(long, value_name = "TEXT")]
    pub(crate) contains: Option<String>,
    /// Sign it with the first keys
    #[arg(long)]
    pub(crate) signed: bool,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Echo {
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
    /// End when standard input does.
    #[arg(long, hide = true)]
    pub(crate) with_parent: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080", env = "GUISE_URL")]
    pub(crate) url: String,
    /// Connections at once
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) connections: u16,
    /// Seconds before anything counts
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    pub(crate) warmup: u16,
    /// Seconds that count
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) seconds: u16,
    /// Requests due each second, over all connections, whatever the server makes of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Credentials: a JSON array of objects with `consumer_key`, `consumer_secret`, `token` and `token_secret`
    ///
    /// Without it those of the environment: `GUISE_CONSUMER_KEY`, `GUISE_CONSUMER_SECRET`, `GUISE_TOKEN` and
    /// `GUISE_TOKEN_SECRET`.
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// A process of the server, whose CPU time and memory are measured; as often as you like
    #[arg(long = "pid", value_name = "PID")]
    pub(crate) processes: Vec<u32>,
    /// Write the figures as JSON; - prints them in place of the table
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Write pictures there: latency.svg and throughput.svg
    #[arg(long, value_name = "DIR")]
    pub(crate) svg: Option<PathBuf>,
    /// What this is called in JSON and pictures
    #[arg(long, value_name = "TEXT")]
    pub(crate) label: Option<String>,
    /// Exit with 0 although answers were wrong
    #[arg(long)]
    pub(crate) allow_errors: bool,
}

fn method(text: &str) -> Result<String, String> {
    let is_method = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if is_method { Ok(text.to_owned()) } else { Err("a method is in capitals".to_owned()) }
}

fn path(text: &str) -> Result<String, String> {
    if !text.starts_with('/') {
        return Err("a path begins with /".to_owned());
    }
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    if is_visible { Ok(text.to_owned()) } else { Err("a path is percent-encoded".to_owned()) }
}

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || text.contains(['\r', '\n']) {
        return Err("a header is NAME: VALUE, on one line".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

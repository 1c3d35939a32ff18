//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::scenario::Scenario;

/// Put load on a Guise server with signed requests, and measure it.
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure scenarios, one after another
    Run(Run),
    /// Measure one request to any server
    Http(Http),
    /// Serve the bare handler that `run echo` measures, and print its URL
    Echo(Echo),
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// What to measure
    #[arg(required = true, value_name = "SCENARIO")]
    pub(crate) scenarios: Vec<Scenario>,
    #[command(flatten)]
    pub(crate) options: Options,
}

#[derive(Debug, Args)]
pub(crate) struct Http {
    #[arg(long, default_value = "GET")]
    pub(crate) method: String,
    /// Path and query
    #[arg(long)]
    pub(crate) path: String,
    /// A header, as often as you like
    #[arg(long = "header", value_name = "NAME: VALUE", value_parser = header)]
    pub(crate) headers: Vec<(String, String)>,
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
    /// Requests to start each second, whatever the server makes of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) rate: Option<u32>,
    /// Credentials as JSON; without it those of the environment
    #[arg(long, value_name = "FILE")]
    pub(crate) keys: Option<PathBuf>,
    /// A picture for profiles and uploads [default: one of 400 pixels and 16 kB]
    #[arg(long, value_name = "FILE")]
    pub(crate) avatar: Option<PathBuf>,
    /// Whom `send` writes to, if there is one account only
    #[arg(long, value_name = "USER_ID")]
    pub(crate) to: Option<String>,
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

fn header(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once(':').ok_or("a header is NAME: VALUE")?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() || text.contains(['\r', '\n']) {
        return Err("a header is NAME: VALUE, on one line".to_owned());
    }
    Ok((name.to_owned(), value.to_owned()))
}

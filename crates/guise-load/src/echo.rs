//! The roof: a handler that does nothing, in the framework that Guise is built with.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use anyhow::Context;
use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;

/// What it answers.
pub(crate) const ANSWER: &str = r#"{"id":"1","name":"Echo"}"#;

/// Serves until the process ends; prints the URL once it does.
///
/// # Errors
/// The address cannot be listened at.
pub(crate) async fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let listener = TcpListener::bind(listen).await;
    let listener = listener.with_context(|| format!("{listen} cannot be listened at"))?;
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    let answer = get(async || ([(CONTENT_TYPE, "application/json")], ANSWER));
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, Router::new().route("/", answer)).await?)
}

/// Ends the process when whoever started it is gone, and with it the other end of standard input.
pub(crate) fn end_with_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}

/// A process that serves it, until this is dropped.
pub(crate) struct Echo {
    process: Child,
    pub(crate) url: String,
}

impl Echo {
    /// # Errors
    /// The process does not start.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["echo", "--with-parent"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("echo does not start")?;
        let mut url = String::new();
        if let Some(printed) = process.stdout.take() {
            BufReader::new(printed).read_line(&mut url)?;
        }
        Ok(Self { process, url: url.trim_end().to_owned() })
    }

    pub(crate) fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! Server-sent events (WHATWG HTML §9.2), as far as this server sends them.

use std::time::Duration;

use anyhow::Context;
use reqwest::Response;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::Value;

use super::{Answer, Body, Client, Method};

/// The server says that it is alive more often than this.
const SILENCE_SECONDS: u64 = 45;
/// Longer than any event of this server.
const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One event.
pub(crate) struct Streamed {
    pub(crate) kind: String,
    pub(crate) id: Option<String>,
    pub(crate) data: Value,
}

/// A stream that is open.
pub(crate) struct Stream {
    response: Response,
    unread: Vec<u8>,
}

impl Client {
    /// Opens a stream, after the event called `last`.
    ///
    /// # Errors
    /// [`super::Refused`] when the server refuses, anything else when it cannot be reached.
    pub(crate) async fn stream(&self, target: &str, last: Option<&str>) -> anyhow::Result<Stream> {
        let mut headers = HeaderMap::new();
        if let Some(last) = last {
            headers.insert("last-event-id", HeaderValue::from_str(last)?);
        }
        let response = self.open(Method::GET, target, Body::None, headers, None).await?;
        if response.status().is_success() {
            return Ok(Stream { response, unread: Vec::new() });
        }
        Answer::whole(response).await?.success()?;
        anyhow::bail!("the server answered with no stream")
    }
}

impl Stream {
    /// The next event; `None` when the server ended the stream.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Option<Streamed>> {
        loop {
            while let Some(end) = self.unread.windows(2).position(|pair| pair == b"\n\n") {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                if let Some(event) = parse(&String::from_utf8_lossy(&event))? {
                    return Ok(Some(event));
                }
            }
            anyhow::ensure!(
                self.unread.len() < EVENT_BYTES_MAX,
                "an event of the server never ends"
            );
            let silence = Duration::from_secs(SILENCE_SECONDS);
            let chunk = tokio::time::timeout(silence, self.response.chunk());
            match chunk.await.context("the server fell silent")?? {
                Some(bytes) => self.unread.extend_from_slice(&bytes),
                None => return Ok(None),
            }
        }
    }
}

/// Reads one event; a mere comment is none.
fn parse(text: &str) -> anyhow::Result<Option<Streamed>> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim_start)
    };
    let (Some(kind), Some(data)) = (field("event"), field("data")) else { return Ok(None) };
    let data = serde_json::from_str(data).context("an event of the server is no JSON")?;
    Ok(Some(Streamed { kind: kind.to_owned(), id: field("id").map(str::to_owned), data }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_and_comments_are_not() {
        let event = parse("event: message\nid: 12\ndata: {\"a\":1}\n\n").unwrap().unwrap();
        assert_eq!((event.kind.as_str(), event.id.as_deref()), ("message", Some("12")));
        assert_eq!(event.data["a"], 1);
        assert!(parse(":\n\n").unwrap().is_none());
        assert!(parse("event: x\ndata: {\n\n").is_err());
    }
}

//! What a stream of server-sent events says, event by event.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::Call;

/// A stream that is open.
pub(crate) struct Heard {
    response: reqwest::Response,
    text: String,
}

impl Heard {
    /// Opens what `call` asks for, after the event called `last`.
    pub(crate) async fn open(call: Call<'_>, last: Option<&str>) -> Self {
        let call = match last {
            Some(last) => call.header("last-event-id", last),
            None => call,
        };
        let response = call.open().await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event's kind, id and data; `None` when the stream ends. Fails the test after 20 seconds.
    pub(crate) async fn next(&mut self) -> Option<(String, Option<String>, Value)> {
        timeout(Duration::from_secs(20), self.heard()).await.expect("an event")
    }

    async fn heard(&mut self) -> Option<(String, Option<String>, Value)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let start = format!("{name}: ");
                    event.lines().find_map(|line| line.strip_prefix(&start)).map(str::to_owned)
                };
                let Some(kind) = field("event") else { continue };
                let data = serde_json::from_str(&field("data").unwrap()).unwrap();
                return Some((kind, field("id"), data));
            }
            let chunk = self.response.chunk().await.unwrap()?;
            self.text += std::str::from_utf8(&chunk).unwrap();
        }
    }
}

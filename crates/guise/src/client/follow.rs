//! Following a stream of the server until Ctrl-C. A connection that breaks is made again, and goes on where it broke.

use std::io::Write as _;
use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::sleep;

use super::{Client, Refused, Streamed};

const RETRY_SECONDS_MAX: u64 = 30;

/// What becomes of the events.
pub(super) trait Follower {
    /// The id of the event to go on from; nothing before there was any.
    fn last(&self) -> Option<String>;
    /// Takes the next event.
    async fn take(&mut self, event: Streamed) -> anyhow::Result<()>;
}

/// Follows `target`.
///
/// # Errors
/// When the server refuses, when it cannot be reached from the start, or when an event is not taken.
pub(super) async fn follow(
    client: &Client,
    target: &str,
    follower: &mut impl Follower,
) -> anyhow::Result<()> {
    let mut retry_seconds = 1;
    loop {
        match client.stream(target, follower.last().as_deref()).await {
            Ok(mut stream) => {
                retry_seconds = 1;
                while let Ok(Some(event)) = stream.next().await {
                    follower.take(event).await?;
                }
            }
            Err(error) if is_final(&error) || follower.last().is_none() => return Err(error),
            Err(error) => note(&format!("{error:#}")),
        }
        note(&format!("The connection ended; trying again in {retry_seconds} s."));
        sleep(Duration::from_secs(retry_seconds)).await;
        retry_seconds = (2 * retry_seconds).min(RETRY_SECONDS_MAX);
    }
}

/// Whether trying again leads nowhere: what the server refuses for what the caller is, it will refuse again.
fn is_final(error: &anyhow::Error) -> bool {
    let status = error.downcast_ref::<Refused>().map(|refused| refused.status);
    status.is_some_and(|status| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS)
}

/// Says something beside what is followed, not among it.
pub(super) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

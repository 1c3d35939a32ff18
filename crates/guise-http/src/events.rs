//! Answers that go on: server-sent events (WHATWG HTML §9.2).

use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use guise_domain::limits::STREAM_SILENCE_SECONDS;

use crate::error::Refusal;

/// After how long without an event a comment keeps the connection alive, and it is asked whether the listener still may.
pub(crate) const SILENCE: Duration = Duration::from_secs(STREAM_SILENCE_SECONDS);

/// What tells of things as they happen.
pub(crate) trait Source: Send + Sized + 'static {
    /// The next event; `None` ends the stream, and the client comes back.
    fn next(&mut self) -> impl Future<Output = Option<Event>> + Send;
}

/// An answer that goes on for as long as `source` does.
pub(crate) fn answer(source: impl Source) -> Response {
    let events = futures::stream::unfold(source, |mut source| async move {
        let event = source.next().await?;
        Some((Ok::<_, Infallible>(event), source))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(SILENCE)).into_response()
}

/// Notes why a stream ends although nobody ended it.
pub(crate) fn report(refusal: &Refusal) {
    tracing::warn!(?refusal, "a stream ends early");
}

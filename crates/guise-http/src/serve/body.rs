//! A request's body that must neither pause for long nor trickle.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guise_domain::limits::BODY_BYTES_PER_SECOND_MIN;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep_until};

/// The client stopped sending in the middle of a body, or sends it too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct BodyTimeout;

/// A body whose every frame must come within `pause`, and which may be late by no more than `pause` in all.
pub(super) struct Paced {
    body: Incoming,
    pause: Duration,
    /// When the body was first asked for: until then nobody told the client to send it.
    begun: Option<Instant>,
    received: u64,
    /// Set only for a body that lets the server wait: most come along with their headers.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Paced {
    pub(super) fn new(body: Incoming, pause: Duration) -> Self {
        Self { body, pause, begun: None, received: 0, deadline: None }
    }

    /// When the next frame has to be there.
    fn due(&self, begun: Instant) -> Instant {
        let earned = Duration::from_secs(self.received / BODY_BYTES_PER_SECOND_MIN);
        (begun + earned).min(Instant::now()) + self.pause
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        let begun = *self.begun.get_or_insert_with(Instant::now);
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(context) {
            if let Some(Ok(frame)) = &frame {
                let bytes = frame.data_ref().map_or(0, Bytes::len);
                self.received = self.received.saturating_add(bytes as u64);
            }
            self.deadline = None;
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        let due = self.due(begun);
        let deadline = self.deadline.get_or_insert_with(|| Box::pin(sleep_until(due)));
        deadline.as_mut().poll(context).map(|()| Some(Err(BodyTimeout.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

//! A request's body that must neither pause for long nor trickle, and whose rest is read also when nobody wants it.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use guise_domain::limits::{BODY_BYTES_PER_SECOND_MIN, UNWANTED_BODY_BYTES_MAX};
use http::header::EXPECT;
use http::{Request, Version};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::runtime::Handle;
use tokio::time::{Instant, Sleep, sleep_until};

/// The client stopped sending in the middle of a body, or sends it too slowly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body did not arrive in time")]
pub struct BodyTimeout;

/// A body whose every frame must come within `pause`, and which may be late by no more than `pause` in all.
struct Reading {
    body: Incoming,
    pause: Duration,
    /// When the body was first asked for: until then nobody told the client to send it.
    begun: Option<Instant>,
    received: u64,
    /// Set only for a body that lets the server wait: most come along with their headers.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl Reading {
    /// When the next frame has to be there.
    fn due(&self, begun: Instant) -> Instant {
        let earned = Duration::from_secs(self.received / BODY_BYTES_PER_SECOND_MIN);
        (begun + earned).min(Instant::now()) + self.pause
    }

    /// Reads what is left, up to a bound.
    async fn drain(mut self) {
        let bytes_max = self.received.saturating_add(UNWANTED_BODY_BYTES_MAX);
        while let Some(Ok(_)) = self.frame().await {
            if self.received > bytes_max {
                return;
            }
        }
    }
}

impl Body for Reading {
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

/// The body that a handler gets. When it is let go before its end, which is how requests are refused, the rest is read
/// nevertheless: most clients listen only once they have sent everything, and would never learn why they were cut off.
pub(super) struct Paced {
    /// There until it is let go.
    reading: Option<Reading>,
    drained: bool,
}

impl Paced {
    /// Gives a request such a body.
    pub(super) fn body_of(request: Request<Incoming>, pause: Duration) -> Request<Self> {
        // A stream of HTTP/2 ends without its connection, and whoever waits to be told to send is not told.
        let drained =
            request.version() <= Version::HTTP_11 && !request.headers().contains_key(EXPECT);
        request.map(|body| {
            let reading = Reading { body, pause, begun: None, received: 0, deadline: None };
            Self { reading: Some(reading), drained }
        })
    }
}

impl Body for Paced {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match &mut self.reading {
            Some(reading) => Pin::new(reading).poll_frame(context),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.reading.as_ref().is_none_or(Reading::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.reading.as_ref().map(Reading::size_hint).unwrap_or_default()
    }
}

impl Drop for Paced {
    fn drop(&mut self) {
        let unread = self.reading.take().filter(|reading| self.drained && !reading.is_end_stream());
        if let (Some(unread), Ok(runtime)) = (unread, Handle::try_current()) {
            runtime.spawn(unread.drain());
        }
    }
}

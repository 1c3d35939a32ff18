//! Telling of a box as it fills: when to look into it, and for how long.

use std::collections::VecDeque;
use std::future::Future;

use axum::response::sse::Event;
use guise_domain::Signal;
use tokio::time::{Instant, timeout_at};

use crate::error::Refusal;
use crate::events::{SILENCE, Source, report};
use crate::signals::{Heard, Listener};

/// What is told of a box, and to whom.
pub(crate) trait Follower: Send + 'static {
    /// What waits to be told.
    fn waiting(&mut self) -> &mut VecDeque<Event>;
    /// Reads what came since the last look; whether anything did.
    fn read(&mut self) -> impl Future<Output = Result<bool, Refusal>> + Send;
    /// Takes in a signal; whether it says that there are messages to read.
    fn hear(&mut self, signal: Signal) -> bool;
    /// Whether whoever listens still may.
    fn may_go_on(&self) -> impl Future<Output = Result<bool, Refusal>> + Send;
}

/// A follower at work.
pub(crate) struct Following<F> {
    follower: F,
    listener: Listener,
    check_at: Instant,
}

impl<F> Following<F> {
    /// Follows what `listener` hears of. It has to have listened before anything was read, so that nothing falls in between.
    pub(crate) fn new(follower: F, listener: Listener) -> Self {
        Self { follower, listener, check_at: Instant::now() + SILENCE }
    }
}

impl<F: Follower> Source for Following<F> {
    async fn next(&mut self) -> Option<Event> {
        let mut look = true;
        loop {
            if let Some(event) = self.follower.waiting().pop_front() {
                return Some(event);
            }
            if look && self.follower.read().await.inspect_err(report).ok()? {
                // It may have been read after the end.
                if !self.follower.may_go_on().await.inspect_err(report).ok()? {
                    return None;
                }
                continue;
            }
            look = match timeout_at(self.check_at, self.listener.next()).await {
                Ok(Heard::End) => return None,
                Ok(Heard::Signal(signal)) => self.follower.hear(signal),
                Ok(Heard::Missed) | Err(_) => true,
            };
            // Others' signals are not worth a look at one's credentials.
            if look || !self.follower.waiting().is_empty() {
                self.check_at = Instant::now() + SILENCE;
                if !self.follower.may_go_on().await.inspect_err(report).ok()? {
                    return None;
                }
            }
        }
    }
}

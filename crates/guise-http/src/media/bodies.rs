//! How many bodies with media may be in memory at once. Senders of whom nothing is known have few places of their own,
//! so that they cannot take those of callers.

use std::sync::Arc;

use guise_domain::limits::{MEDIA_BODIES_MAX, UNKNOWN_MEDIA_BODIES_MAX};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::Refusal;

/// Held until the body is done with.
pub(crate) type Place = OwnedSemaphorePermit;

/// The places there are.
#[derive(Debug)]
pub(crate) struct MediaBodies {
    known: Arc<Semaphore>,
    unknown: Arc<Semaphore>,
}

impl Default for MediaBodies {
    fn default() -> Self {
        Self {
            known: Arc::new(Semaphore::new(MEDIA_BODIES_MAX)),
            unknown: Arc::new(Semaphore::new(UNKNOWN_MEDIA_BODIES_MAX)),
        }
    }
}

impl MediaBodies {
    /// A place for the body of a sender who is known or not.
    ///
    /// # Errors
    /// When all are taken.
    pub(crate) fn place(&self, known: bool) -> Result<Place, Refusal> {
        let places = if known { &self.known } else { &self.unknown };
        Arc::clone(places)
            .try_acquire_owned()
            .map_err(|_| Refusal::OverCapacity("too many uploads at once".into()))
    }
}

//! The installation itself: what all programs that open a store have in common.

use std::sync::Arc;

use async_trait::async_trait;

use super::StoreError;
use crate::{Ids, Sealed};

/// What one of the nodes that share a store does for all of them, every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// Removing what expired.
    Expired,
    /// Looking for blobs that no row speaks of.
    Orphans,
}

impl Job {
    /// What it is called in a store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Orphans => "orphans",
        }
    }
}

/// The installation itself.
#[async_trait]
pub trait Installation {
    /// Mints ids that nobody else mints, now or later, and that are kept by this store only. Where several programs may
    /// write at once, the store gives each a number of its own, and another one when it is lost: ids made of the one
    /// before are answered with [`StoreError::Unavailable`] then. Where it is known who writes, the number is `node`.
    async fn ids(&self, node: u16) -> Result<Arc<Ids>, StoreError>;
    /// Begins a job, unless another node is at it, or it was ended less than `rest_seconds` ago.
    async fn begin_job(&self, job: Job, rest_seconds: i64) -> Result<bool, StoreError>;
    /// Ends a job that was begun. One whose node is gone is another's without that.
    async fn end_job(&self, job: Job) -> Result<(), StoreError>;
    /// Keeps `proof`, a text sealed with the installation's key, unless one was kept before; the one that is kept
    /// comes back, and opens only with the right key.
    async fn key_proof(&self, proof: Sealed) -> Result<Sealed, StoreError>;
    /// Whether the store answers.
    async fn ready(&self) -> Result<(), StoreError>;
    /// Finishes what was begun and closes. Whatever is asked afterwards is answered with [`StoreError::Unavailable`].
    async fn close(&self) -> Result<(), StoreError>;
}

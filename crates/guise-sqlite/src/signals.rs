//! [`Signals`] of a store that no other node shares.

use std::future::pending;

use async_trait::async_trait;
use guise_domain::{Signal, Signals, StoreError};

use crate::SqliteStore;

#[async_trait]
impl Signals for SqliteStore {
    async fn tell(&self, _: Vec<Signal>) -> Result<(), StoreError> {
        Ok(())
    }

    async fn hear(&self) -> Result<Option<Signal>, StoreError> {
        pending().await
    }
}

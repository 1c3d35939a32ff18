//! Word between the nodes that share a store.

use async_trait::async_trait;

use super::StoreError;
use crate::Signal;

/// Word between the nodes that share a store. One that has a store of its own has nobody to tell, and hears nothing.
#[async_trait]
pub trait Signals {
    /// Tells the other nodes, in this order. Who does not listen at the moment is not told later.
    async fn tell(&self, signals: Vec<Signal>) -> Result<(), StoreError>;
    /// The next word of another node, waited for as long as it takes; `None` where some may have been missed: as
    /// listening begins, and whenever it had to begin anew.
    async fn hear(&self) -> Result<Option<Signal>, StoreError>;
}

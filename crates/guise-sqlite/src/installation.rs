//! [`Installation`] in SQL.

use std::sync::Arc;

use async_trait::async_trait;
use guise_domain::{Ids, Installation, Job, Sealed, StoreError};

use crate::SqliteStore;
use crate::error::impossible;
use crate::query::one;

const HIGHEST_ID: &str = "SELECT highest_id FROM installation";
const KEEP_KEY_PROOF: &str = "UPDATE installation SET key_proof = ?1 WHERE key_proof IS NULL";
const KEY_PROOF: &str = "SELECT key_proof FROM installation";

#[async_trait]
impl Installation for SqliteStore {
    async fn ids(&self, node: u16) -> Result<Arc<Ids>, StoreError> {
        Ok(Arc::new(Ids::new(node, self.highest_id().await?)))
    }

    /// There is no other node.
    async fn begin_job(&self, _: Job, _: i64) -> Result<bool, StoreError> {
        Ok(true)
    }

    async fn end_job(&self, _: Job) -> Result<(), StoreError> {
        Ok(())
    }

    async fn key_proof(&self, proof: Sealed) -> Result<Sealed, StoreError> {
        self.write(move |step| {
            step.execute(KEEP_KEY_PROOF, [proof.as_bytes()])?;
            let kept = one(step.db, KEY_PROOF, (), |row| row.get(0))?;
            kept.map(Sealed::from_bytes).ok_or_else(|| impossible("no installation"))
        })
        .await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.highest_id().await?;
        // Nothing is written, so nothing is synced: it shows that the writer takes jobs and can begin.
        self.write(|_| Ok(())).await
    }

    /// Copies the write-ahead log into the database, too.
    async fn close(&self) -> Result<(), StoreError> {
        self.readers.close().await;
        let writer = Arc::clone(&self.writer);
        tokio::task::spawn_blocking(move || writer.close())
            .await
            .map_err(|error| StoreError::Failed(error.to_string()))?
    }
}

impl SqliteStore {
    /// The highest id ever committed, 0 at first.
    async fn highest_id(&self) -> Result<i64, StoreError> {
        self.read(|db| Ok(one(db, HIGHEST_ID, (), |row| row.get(0))?.unwrap_or_default())).await
    }
}

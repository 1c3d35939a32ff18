//! [`Installation`] in SQL.

use async_trait::async_trait;
use guise_domain::{Installation, Sealed, StoreError};

use crate::PostgresStore;
use crate::error::impossible;
use crate::group::Locks;
use crate::query::{Columns, one};

const HIGHEST_ID: &str = "SELECT coalesce(max(id), 0) FROM highest_ids";
const KEEP_KEY_PROOF: &str = "UPDATE installation SET key_proof = $1 WHERE key_proof IS NULL";
const KEY_PROOF: &str = "SELECT key_proof FROM installation";
const IS_WRITABLE: &str = "SELECT pg_is_in_recovery()";

#[async_trait]
impl Installation for PostgresStore {
    async fn highest_id(&self) -> Result<i64, StoreError> {
        let highest = one(&self.db().await?, HIGHEST_ID, (), |row| row.at(0)).await?;
        Ok(highest.unwrap_or_default())
    }

    async fn key_proof(&self, proof: Sealed) -> Result<Sealed, StoreError> {
        let proof = proof.as_bytes();
        self.write(Locks::default(), |step| async move {
            step.execute(KEEP_KEY_PROOF, (proof,)).await?;
            let kept = one(&step.db, KEY_PROOF, (), |row| row.at(0)).await?;
            kept.map(Sealed::from_bytes).ok_or_else(|| impossible("no installation"))
        })
        .await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let recovers = one(&self.db().await?, IS_WRITABLE, (), |row| row.at(0)).await?;
        match recovers {
            Some(false) => Ok(()),
            _ => Err(StoreError::Unavailable("the database takes no writes".to_owned())),
        }
    }

    async fn close(&self) -> Result<(), StoreError> {
        self.pool.close();
        Ok(())
    }
}

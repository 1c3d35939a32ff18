//! [`Installation`] in SQL.

use std::sync::Arc;

use async_trait::async_trait;
use guise_domain::{Ids, Installation, Job, Sealed, StoreError};

use crate::PostgresStore;
use crate::error::impossible;
use crate::group::Locks;
use crate::query::{Columns, execute, one};

// Of one that was ended in the future, by a clock that stepped back since, nobody knows how long ago that was.
const BEGIN_JOB: &str = "INSERT INTO jobs AS job (name, holder) VALUES ($1, $2)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder
    WHERE job.ended_at NOT BETWEEN clock_timestamp() - $3::bigint * interval '1 second' AND clock_timestamp()
        AND NOT EXISTS (SELECT FROM nodes WHERE nodes.holder = job.holder AND nodes.holder <> excluded.holder
            AND nodes.until > clock_timestamp())";
const END_JOB: &str = "UPDATE jobs SET holder = NULL, ended_at = clock_timestamp()
    WHERE name = $1 AND holder = $2";
const KEEP_KEY_PROOF: &str = "UPDATE installation SET key_proof = $1 WHERE key_proof IS NULL";
const KEY_PROOF: &str = "SELECT key_proof FROM installation";
const IS_WRITABLE: &str = "SELECT pg_is_in_recovery()";

#[async_trait]
impl Installation for PostgresStore {
    async fn ids(&self, _: u16) -> Result<Arc<Ids>, StoreError> {
        Ok(self.node.ids(&self.pool).await?)
    }

    async fn begin_job(&self, job: Job, rest_seconds: i64) -> Result<bool, StoreError> {
        let Some(holder) = self.node.holder() else { return Ok(false) };
        let begun = (job.as_str(), holder, rest_seconds);
        Ok(execute(&self.db().await?, BEGIN_JOB, begun).await? > 0)
    }

    async fn end_job(&self, job: Job) -> Result<(), StoreError> {
        execute(&self.db().await?, END_JOB, (job.as_str(), self.node.holder())).await?;
        Ok(())
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
        if let Err(error) = self.node.release(&self.pool).await {
            tracing::warn!(%error, "this program's number in ids is kept for it a while longer");
        }
        self.pool.close();
        Ok(())
    }
}

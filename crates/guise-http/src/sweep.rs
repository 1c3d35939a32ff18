//! The sweeper: removes what expired, and blobs that no row speaks of.

use futures::TryStreamExt;
use guise_domain::limits::{READ_WINDOW_KEPT_SECONDS, UPLOAD_SECONDS};
use guise_domain::{MediaKey, SweptUpload};

use crate::blobs::{Listed, PICTURES, SEGMENTS, blobs_of_picture};
use crate::error::Refusal;
use crate::state::Guise;

/// Uploads removed in one step of the store.
const BATCH: u32 = 100;

/// What one run removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Uploads that expired unused.
    pub uploads: u64,
    /// Replay records that no repetition can match any more.
    pub replays: u64,
    /// Answers that are not given again any more.
    pub answers: u64,
    /// Sessions and one-time links that ended.
    pub sessions: u64,
    /// Request tokens that ended.
    pub request_tokens: u64,
    /// Accounts and addresses at or from which nobody guessed lately.
    pub attempts: u64,
    /// Windows of reads that ended.
    pub read_windows: u64,
    /// Blobs left behind by a crash.
    pub blobs: u64,
    /// Folders left behind by what was in them.
    pub folders: u64,
}

/// A sweep that stopped early; the next one goes on.
#[derive(Debug, thiserror::Error)]
#[error("the sweep stopped: {0}")]
pub struct SweepError(String);

impl From<Refusal> for SweepError {
    fn from(refusal: Refusal) -> Self {
        Self(format!("{refusal:?}"))
    }
}

impl Guise {
    /// Removes expired uploads with their blobs, old replay records, answers, request tokens, attempts and windows.
    ///
    /// # Errors
    /// When the store or the blobs do not answer.
    pub async fn sweep(&self) -> Result<Swept, SweepError> {
        let now = self.now();
        let kept = now.plus_seconds(-READ_WINDOW_KEPT_SECONDS);
        let mut swept = Swept {
            replays: self.store().sweep_replays(now).await.map_err(Refusal::from)?,
            answers: self.store().sweep_answers(now).await.map_err(Refusal::from)?,
            sessions: self.store().sweep_sessions(now).await.map_err(Refusal::from)?,
            request_tokens: self.store().sweep_request_tokens(now).await.map_err(Refusal::from)?,
            attempts: self.store().sweep_attempts(now).await.map_err(Refusal::from)?,
            read_windows: self.store().sweep_reads(kept).await.map_err(Refusal::from)?,
            ..Swept::default()
        };
        loop {
            let batch = self.store().sweep_uploads(now, BATCH).await.map_err(Refusal::from)?;
            swept.uploads += batch.len() as u64;
            for upload in &batch {
                self.remove(upload).await?;
            }
            if batch.len() < BATCH as usize {
                return Ok(swept);
            }
        }
    }

    /// Removes blobs older than any upload in progress that no row speaks of, remains of a crash, and folders that
    /// have been empty for as long.
    ///
    /// # Errors
    /// When the store or the blobs do not answer.
    pub async fn sweep_orphans(&self) -> Result<Swept, SweepError> {
        let oldest = self.now().plus_seconds(-2 * UPLOAD_SECONDS);
        let mut swept = Swept::default();
        for folder in [PICTURES, SEGMENTS] {
            let mut listed = self.blobs().list(folder);
            while let Some(Listed { name, changed_at }) =
                listed.try_next().await.map_err(Refusal::from)?
            {
                if changed_at < oldest && !self.is_wanted(&name).await? {
                    self.blobs().delete(&name).await.map_err(Refusal::from)?;
                    swept.blobs += 1;
                }
            }
            swept.folders +=
                self.blobs().remove_empty(folder, oldest).await.map_err(Refusal::from)?;
        }
        Ok(swept)
    }

    async fn remove(&self, upload: &SweptUpload) -> Result<(), SweepError> {
        for name in blobs_of_picture(upload.key).chain(upload.segments.iter().cloned()) {
            self.blobs().delete(&name).await.map_err(Refusal::from)?;
        }
        Ok(())
    }

    /// Removes the files of pictures whose uploads are gone. What cannot be removed now is left to the sweeper.
    pub(crate) async fn remove_pictures(&self, keys: &[MediaKey]) {
        for name in keys.iter().copied().flat_map(blobs_of_picture) {
            if let Err(error) = self.blobs().delete(&name).await {
                tracing::warn!(%error, name, "a blob is left to the sweeper");
            }
        }
    }

    /// Segments never live longer than their upload, which is gone by now; pictures may have become public.
    async fn is_wanted(&self, name: &str) -> Result<bool, Refusal> {
        let mut parts = name.split('/').skip(1);
        let key = parts.next().and_then(MediaKey::parse).filter(|_| name.starts_with(PICTURES));
        match key {
            None => Ok(false),
            // The whole key: each FINALIZE writes under its own, and one that lost may have left files.
            Some(key) => Ok(self.store().upload_exists(key).await?),
        }
    }
}

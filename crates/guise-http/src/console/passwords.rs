//! Hashing passwords: as many at once as there are cores, off the async threads, with a bounded queue before it.

use std::sync::Arc;

use guise_domain::limits::PASSWORDS_WAITING_MAX;
use guise_domain::{HashingError, Password, PasswordHash, Randomness};
use tokio::sync::Semaphore;

use crate::error::Refusal;

/// Whoever hashes waits here for their turn.
pub(crate) struct Passwords {
    running: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            running: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(cores + PASSWORDS_WAITING_MAX)),
        }
    }
}

impl Passwords {
    /// Hashes a password.
    ///
    /// # Errors
    /// When too many wait, or there is no memory for it.
    pub(crate) async fn hash(
        &self,
        password: Password,
        randomness: Arc<dyn Randomness>,
    ) -> Result<PasswordHash, Refusal> {
        self.run(move || PasswordHash::of(&password, &*randomness)).await
    }

    /// Whether `password` is the one that was hashed. Takes as long when there is no hash to compare it with.
    ///
    /// # Errors
    /// As [`Passwords::hash`].
    pub(crate) async fn matches(
        &self,
        password: Password,
        hash: Option<PasswordHash>,
        randomness: Arc<dyn Randomness>,
    ) -> Result<bool, Refusal> {
        self.run(move || match hash {
            Some(hash) => hash.matches(&password),
            None => PasswordHash::of(&password, &*randomness).map(|_| false),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, HashingError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let busy = || Refusal::OverCapacity("too many passwords wait for being hashed".into());
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| busy())?;
        let core = Arc::clone(&self.running).acquire_owned().await.map_err(|_| busy())?;
        let work = move || {
            // Work cannot be called off, so it keeps its place and core also when nobody waits for it any more.
            let _permits = (place, core);
            work()
        };
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.map_err(|error| Refusal::Internal(error.to_string()))?;
        done.map_err(|error| Refusal::Internal(error.to_string()))
    }
}

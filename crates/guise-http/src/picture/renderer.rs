//! Turns for work on pictures: on threads of its own, which give way to whoever answers requests.

use std::sync::Arc;
use std::thread;

use bytes::Bytes;
use guise_domain::limits::PICTURES_WAITING_MAX;
use tokio::sync::{Semaphore, oneshot};

use super::{PictureError, Rendered, render};

/// Does work on pictures, of which each may take two threads: half as many at once as there are cores.
#[derive(Debug)]
pub(crate) struct Renderer {
    pub(super) running: Arc<Semaphore>,
    pub(super) waiting: Arc<Semaphore>,
}

impl Default for Renderer {
    fn default() -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let at_once = (cores / 2).max(1);
        Self {
            running: Arc::new(Semaphore::new(at_once)),
            waiting: Arc::new(Semaphore::new(at_once + PICTURES_WAITING_MAX)),
        }
    }
}

impl Renderer {
    /// Renders one picture.
    ///
    /// # Errors
    /// Why it is none, or that too many wait.
    pub(crate) async fn render(&self, bytes: Bytes) -> Result<Rendered, PictureError> {
        self.run(move || render(&bytes)).await
    }

    /// Does `work` when it is its turn.
    ///
    /// # Errors
    /// Its own, or that too many wait.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PictureError> + Send + 'static,
    ) -> Result<T, PictureError> {
        let waiting = Arc::clone(&self.waiting);
        let place = waiting.try_acquire_owned().map_err(|_| PictureError::Busy)?;
        let running = Arc::clone(&self.running);
        let turn = running.acquire_owned().await.map_err(|_| PictureError::Busy)?;
        let (tell, told) = oneshot::channel();
        let work = move || {
            // Work cannot be called off, so it keeps its place and turn also when nobody waits for it any more.
            let _permits = (place, turn);
            give_way();
            let _ = tell.send(work());
        };
        // Not the runtime's threads: one that gives way once does so for ever, and those have other work too.
        let thread = thread::Builder::new().name("picture".into());
        thread.spawn(work).map_err(|_| PictureError::Busy)?;
        told.await.unwrap_or_else(|_| Err(PictureError::Broken("it cannot be decoded".into())))
    }
}

/// How much this thread and those it starts give way: where all cores are busy, it has a tenth of what another has.
#[cfg(target_os = "linux")]
fn give_way() {
    const NICENESS: i32 = 10;
    let this = rustix::thread::gettid();
    if let Err(error) = rustix::process::setpriority_process(Some(this), NICENESS) {
        tracing::debug!(%error, "pictures are rendered at the priority of requests");
    }
}

/// Elsewhere a priority is a process's.
#[cfg(not(target_os = "linux"))]
fn give_way() {}

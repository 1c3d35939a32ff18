//! The requests of one connection, each in a task of its own: what was begun is finished, counted and logged, whether
//! or not its client still waits.

use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::response::{IntoResponse, Response};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::Refusal;

/// Clones share the tasks. They are cut off when the last clone is dropped.
#[derive(Clone, Default)]
pub(super) struct Requests(Arc<Mutex<JoinSet<()>>>);

impl Requests {
    /// Begins to answer; what is returned may be dropped without ending that.
    pub(super) fn begin<F>(
        &self,
        answering: F,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<F>
    where
        F: Future<Output = Result<Response, Infallible>> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let mut tasks = self.tasks();
        // A connection may live long: the tasks that have ended are let go.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(async move {
            // Nobody listens when the client has left, which is no reason to stop before.
            let _ = tell.send(answering.await);
        });
        async {
            told.await.unwrap_or_else(|_| {
                tracing::error!("a handler panicked");
                Ok(Refusal::Internal("a handler panicked".into()).into_response())
            })
        }
    }

    /// Waits for all that were begun.
    pub(super) async fn finish(self) {
        let mut tasks = std::mem::take(&mut *self.tasks());
        while tasks.join_next().await.is_some() {}
    }

    fn tasks(&self) -> MutexGuard<'_, JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The requests of one connection: what was begun is finished, counted and logged, whether or not its client still waits.
//!
//! A request that has to wait for something goes on in a task of its own. Most reads never do, and need none.

use std::convert::Infallible;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::error::Refusal;

/// Clones share the tasks. They are cut off when the last clone is dropped.
#[derive(Clone, Default)]
pub(super) struct Requests(Arc<Mutex<JoinSet<()>>>);

impl Requests {
    /// Answers; what is returned may be dropped without ending what it has begun.
    pub(super) fn begin<F>(
        &self,
        answering: F,
    ) -> impl Future<Output = Result<Response, Infallible>> + Send + use<F>
    where
        F: Future<Output = Result<Response, Infallible>> + Send + 'static,
    {
        let requests = self.clone();
        async move {
            let mut answering = Box::pin(AssertUnwindSafe(answering).catch_unwind());
            let answered = match futures::poll!(&mut answering) {
                Poll::Ready(answered) => answered.ok(),
                Poll::Pending => requests.go_on(answering).await,
            };
            answered.unwrap_or_else(|| {
                tracing::error!("a handler panicked");
                Ok(Refusal::Internal("a handler panicked".into()).into_response())
            })
        }
    }

    /// Goes on in a task, and waits for it; `None` after a panic.
    async fn go_on<F, T, P>(self, answering: F) -> Option<T>
    where
        F: Future<Output = Result<T, P>> + Send + 'static,
        T: Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        self.spawn(async move {
            // Nobody listens when the client has left, which is no reason to stop before.
            let _ = tell.send(answering.await.ok());
        });
        told.await.ok().flatten()
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks();
        // A connection may live long: the tasks that have ended are let go.
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
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

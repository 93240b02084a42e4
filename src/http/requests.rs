//! Requests that change something, which are done to the end also if whoever asked hangs up meanwhile.

use std::{panic::resume_unwind, sync::Arc, time::Duration};

use axum::response::Response;
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::error::ApiError;

/// Those that are under way.
pub(crate) struct Requests {
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    ending: CancellationToken,
}

impl Requests {
    /// So many at once, those included whose askers are gone.
    pub(super) fn new(most: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS))),
            tasks: TaskTracker::new(),
            ending: CancellationToken::new(),
        }
    }

    /// Answers in a task of its own: a deed of several steps has no half.
    pub(super) async fn finish(
        &self,
        answering: impl Future<Output = Response> + Send + 'static,
    ) -> Result<Response, ApiError> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            metrics::counter!("moim_limited_total", "limit" => "connections").increment(1);
            return Err(ApiError::Unavailable("too many requests are under way".to_owned()));
        };
        let ending = self.ending.clone();
        let answering = async move {
            let _place = place;
            ending.run_until_cancelled(answering).await
        };
        match self.tasks.spawn(answering.in_current_span()).await {
            Ok(Some(response)) => Ok(response),
            Ok(None) => Err(ApiError::Unavailable("cut short by the server's stop".to_owned())),
            Err(error) => resume_unwind(error.into_panic()),
        }
    }

    /// Waits until all are done, but no longer than this; what is left then is cut short.
    pub(crate) async fn end(&self, within: Duration) {
        self.tasks.close();
        if timeout(within, self.tasks.wait()).await.is_err() {
            tracing::warn!(requests = self.tasks.len(), "requests were cut short by the stop");
        }
        self.ending.cancel();
        self.tasks.wait().await;
    }
}

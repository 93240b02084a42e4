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

#[cfg(test)]
mod tests {
    use std::{
        future::{pending, ready},
        sync::atomic::{AtomicBool, Ordering},
    };

    use axum::response::IntoResponse;
    use tokio::time::sleep;

    use super::*;

    const WHILE: Duration = Duration::from_millis(20);

    #[tokio::test(start_paused = true)]
    async fn what_was_begun_is_done_though_nobody_waits_for_it() {
        let (requests, done) = (Requests::new(2), Arc::new(AtomicBool::new(false)));
        let flag = Arc::clone(&done);
        let deed = async move {
            sleep(2 * WHILE).await;
            flag.store(true, Ordering::Relaxed);
            ().into_response()
        };
        assert!(timeout(WHILE, requests.finish(deed)).await.is_err(), "hung up");
        requests.end(9 * WHILE).await;
        assert!(done.load(Ordering::Relaxed));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_waits_so_long_and_no_longer() {
        let requests = Requests::new(2);
        let endless = requests.finish(pending());
        let (cut, ()) = tokio::join!(endless, requests.end(WHILE));
        assert!(matches!(cut, Err(ApiError::Unavailable(_))));
    }

    #[tokio::test]
    async fn of_too_many_the_last_ones_are_turned_away() {
        let requests = Requests::new(1);
        let first = requests.finish(pending());
        assert!(timeout(WHILE, first).await.is_err());
        let second = requests.finish(ready(().into_response())).await;
        assert!(matches!(second, Err(ApiError::Unavailable(_))));
    }

    #[tokio::test]
    async fn a_handler_that_panics_does_so_for_its_asker() {
        let (requests, tasks) = (Requests::new(1), TaskTracker::new());
        let defect = async { panic!("a defect") };
        let asker = tasks.spawn(async move { requests.finish(defect).await.is_ok() });
        assert!(asker.await.is_err_and(|error| error.is_panic()));
    }
}

//! Deeds of which not everybody could be told: they are told as soon as the store is there again.

use std::{ops::ControlFlow, sync::Arc, time::Duration};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Deeds that wait at the same time.
const MAX_OWED: usize = 1_000;
/// After the first failure; then each time twice as long …
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// … up to this …
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// … and no more after so long: what is told then would only confuse.
const GIVE_UP_AFTER: Duration = Duration::from_secs(600);

/// Where they wait.
#[derive(Clone)]
pub(super) struct Owed {
    places: Arc<Semaphore>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Owed {
    /// On these tasks, until `closing`.
    pub(super) fn new(tasks: TaskTracker, closing: CancellationToken) -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_OWED)), tasks, closing }
    }

    /// Tries again until it breaks off, and at last when the server stops. `false`: that would be one too many.
    pub(super) fn settle<T>(&self, mut attempt: impl FnMut(bool) -> T + Send + 'static) -> bool
    where
        T: Future<Output = ControlFlow<()>> + Send,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return false };
        let closing = self.closing.clone();
        self.tasks.spawn(async move {
            let _place = place;
            let (began, mut pause) = (Instant::now(), FIRST_PAUSE);
            loop {
                let stops = closing.run_until_cancelled(sleep(pause)).await.is_none();
                let is_last = stops || began.elapsed() >= GIVE_UP_AFTER;
                if attempt(is_last).await.is_break() || is_last {
                    return;
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        });
        true
    }
}

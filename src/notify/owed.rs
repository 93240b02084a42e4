//! Deeds of which not everybody could be told: they are told as soon as the store is there again.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
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

/// The times at which to try again.
pub(super) struct Turns {
    closing: CancellationToken,
    pause: Duration,
    until: Instant,
    is_over: bool,
    _place: OwnedSemaphorePermit,
}

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Another,
    /// It has taken too long, or the server stops.
    Last,
}

impl Owed {
    /// On these tasks, until `closing`.
    pub(super) fn new(tasks: TaskTracker, closing: CancellationToken) -> Self {
        Self { places: Arc::new(Semaphore::new(MAX_OWED)), tasks, closing }
    }

    /// Begins to try again. `false`: that would be one too many.
    pub(super) fn begin<T>(&self, attempts: impl FnOnce(Turns) -> T) -> bool
    where
        T: Future<Output = ()> + Send + 'static,
    {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else { return false };
        self.tasks.spawn(attempts(Turns {
            closing: self.closing.clone(),
            pause: FIRST_PAUSE,
            until: Instant::now() + GIVE_UP_AFTER,
            is_over: false,
            _place: place,
        }));
        true
    }
}

impl Turns {
    /// Waits for the next one, if there is any.
    pub(super) async fn next(&mut self) -> Option<Turn> {
        if self.is_over {
            return None;
        }
        let stops = self.closing.run_until_cancelled(sleep(self.pause)).await.is_none();
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.is_over = stops || Instant::now() >= self.until;
        Some(if self.is_over { Turn::Last } else { Turn::Another })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When they come, in seconds, and the last one.
    async fn turns(owed: &Owed) -> Vec<u64> {
        let (began, (said, heard)) = (Instant::now(), tokio::sync::oneshot::channel());
        assert!(owed.begin(async move |mut turns| {
            let mut all = Vec::new();
            while let Some(turn) = turns.next().await {
                all.push((began.elapsed().as_secs(), turn));
            }
            let _ = said.send(all);
        }));
        let mut all = heard.await.unwrap();
        let last = all.pop().unwrap();
        assert_eq!(last.1, Turn::Last);
        assert!(all.iter().all(|(_, turn)| *turn == Turn::Another));
        all.iter().chain([&last]).map(|(at, _)| *at).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn it_is_tried_ever_more_rarely_and_not_for_ever() {
        let owed = Owed::new(TaskTracker::new(), CancellationToken::new());
        let all = turns(&owed).await;
        assert_eq!(all[..6], [1, 3, 7, 15, 31, 61]);
        assert_eq!(all.last(), Some(&601));
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_is_the_last_turn() {
        let owed = Owed::new(TaskTracker::new(), CancellationToken::new());
        owed.closing.cancel();
        assert_eq!(turns(&owed).await, [0]);
    }

    #[tokio::test]
    async fn of_too_many_the_last_ones_do_not_wait() {
        let owed = Owed::new(TaskTracker::new(), CancellationToken::new());
        let wait = |turns: Turns| async move {
            std::future::pending::<()>().await;
            drop(turns);
        };
        assert!((0..MAX_OWED).all(|_| owed.begin(wait)));
        assert!(!owed.begin(wait));
    }
}

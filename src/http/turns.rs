//! Who waits for a turn: from one place few log-ins are worked on at once, and the others stand in line.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use super::error::ApiError;
use crate::store::TokenHash;

/// How many from one place are worked on at once, if as many may fail. What succeeds gives back what it took before the next begins, so that
/// a room full of people who log in together is not taken for somebody who guesses.
const AT_ONCE: usize = 4;
/// How many more may wait in one place …
const WAITING: usize = 64;
/// … and for how long.
const TURN_WITHIN: Duration = Duration::from_secs(10);
/// What is told to who is not served.
const TRY_AGAIN: Duration = Duration::from_secs(2);

/// A turn, until it is dropped.
pub(super) struct Turn {
    _work: OwnedSemaphorePermit,
    _place: OwnedSemaphorePermit,
}

/// The lines of all places.
pub(super) struct Turns {
    at_once: usize,
    places: Mutex<HashMap<TokenHash, Place>>,
}

#[derive(Clone)]
struct Place {
    work: Arc<Semaphore>,
    /// Of those at work and those who wait.
    line: Arc<Semaphore>,
}

impl Turns {
    /// Lines of places in which so many may fail.
    pub(super) fn new(may_fail: NonZeroU32) -> Self {
        let at_once = AT_ONCE.min(usize::try_from(may_fail.get()).unwrap_or(AT_ONCE));
        Self { at_once, places: Mutex::default() }
    }

    /// Waits for a turn in this place.
    pub(super) async fn wait_for(&self, place: TokenHash) -> Result<Turn, ApiError> {
        let busy = || ApiError::Busy { what: "turns", wait: TRY_AGAIN };
        let Place { work, line } = self.place(place);
        let place = line.try_acquire_owned().map_err(|_| busy())?;
        match timeout(TURN_WITHIN, work.acquire_owned()).await {
            Ok(Ok(work)) => Ok(Turn { _work: work, _place: place }),
            Ok(Err(_)) | Err(_) => Err(busy()),
        }
    }

    /// Forgets places in which nobody is.
    pub(super) fn sweep(&self) {
        self.places().retain(|_, place| place.line.available_permits() < self.at_once + WAITING);
    }

    fn place(&self, place: TokenHash) -> Place {
        let new = || Place {
            work: Arc::new(Semaphore::new(self.at_once)),
            line: Arc::new(Semaphore::new(self.at_once + WAITING)),
        };
        self.places().entry(place).or_insert_with(new).clone()
    }

    fn places(&self) -> MutexGuard<'_, HashMap<TokenHash, Place>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: TokenHash = TokenHash([1; 32]);
    const THERE: TokenHash = TokenHash([2; 32]);

    #[tokio::test(start_paused = true)]
    async fn who_is_served_makes_room_and_nobody_waits_for_ever() {
        let turns = Turns::new(NonZeroU32::MAX);
        let mut served = Vec::new();
        for _ in 0..AT_ONCE {
            served.push(turns.wait_for(HERE).await.unwrap());
        }
        assert!(turns.wait_for(HERE).await.is_err(), "after some seconds");
        assert!(turns.wait_for(THERE).await.is_ok(), "elsewhere at once");
        let mut waiting = Box::pin(turns.wait_for(HERE));
        assert!(timeout(TURN_WITHIN / 2, &mut waiting).await.is_err());
        served.pop();
        waiting.await.unwrap();
        served.clear();
        turns.sweep();
        assert!(turns.places().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_line_has_so_many_places() {
        let turns = Arc::new(Turns::new(NonZeroU32::MAX));
        let waits = || {
            let turns = Arc::clone(&turns);
            async move { turns.wait_for(HERE).await }
        };
        let mut served = Vec::new();
        for _ in 0..AT_ONCE {
            served.push(waits().await.unwrap());
        }
        let mut waiting: Vec<_> = (0..WAITING).map(|_| Box::pin(waits())).collect();
        for one in &mut waiting {
            assert!(timeout(Duration::from_millis(1), one).await.is_err(), "it waits");
        }
        let refused = timeout(Duration::from_millis(1), turns.wait_for(HERE)).await;
        assert!(matches!(refused, Ok(Err(ApiError::Busy { .. }))));
    }
}

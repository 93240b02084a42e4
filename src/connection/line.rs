//! The line in front of the rooms: after a restart everybody comes back at once, and is let in one after another (W12).

use std::{
    num::NonZeroU32,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::{
    sync::Semaphore,
    time::{Instant, sleep},
};

use crate::bucket::Bucket;

/// Who would have to wait longer is sent away.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(3);
/// So much of a second's joins may come at the same time.
const BURST: Duration = Duration::from_secs(1);

/// Lets so many through a second, in the order of their coming. Who leaves the line costs nothing.
#[derive(Debug)]
pub struct Line {
    /// As many as get in within the longest wait.
    places: Semaphore,
    /// Held by who is next.
    head: Semaphore,
    pace: Mutex<Bucket>,
}

/// There are too many before one.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

impl Line {
    /// With nobody in it.
    pub fn new(joins_per_second: NonZeroU32) -> Self {
        let places = u64::from(joins_per_second.get()) * LONGEST_WAIT.as_secs();
        let places = usize::try_from(places).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        let pace = Bucket::new(joins_per_second.get(), BURST, Instant::now().into_std());
        Self { places: Semaphore::new(places), head: Semaphore::new(1), pace: Mutex::new(pace) }
    }

    /// Waits for one's turn.
    pub(super) async fn turn(&self) -> Result<(), TooLong> {
        let _place = self.places.try_acquire().map_err(|_| TooLong)?;
        // Nobody closes it.
        let _first = self.head.acquire().await.map_err(|_| TooLong)?;
        while let Err(wait) = self.take() {
            sleep(wait).await;
        }
        Ok(())
    }

    fn take(&self) -> Result<(), Duration> {
        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.take(Instant::now().into_std())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::{
        task::JoinSet,
        time::{advance, timeout},
    };

    use super::*;

    fn line(joins_per_second: u32) -> Arc<Line> {
        Arc::new(Line::new(NonZeroU32::new(joins_per_second).unwrap()))
    }

    /// W12
    #[tokio::test(start_paused = true)]
    async fn a_burst_is_spread_over_seconds_and_the_rest_is_sent_away_at_once() {
        let (line, began) = (line(200), Instant::now());
        let mut tasks = JoinSet::new();
        for _ in 0..2000 {
            let line = Arc::clone(&line);
            tasks.spawn(async move { (line.turn().await, began.elapsed()) });
        }
        let all = tasks.join_all().await;
        let within = |second: u64| {
            let until = Duration::from_secs(second);
            all.iter().filter(|(turn, at)| turn.is_ok() && *at < until).count()
        };
        let away = all.iter().filter(|(turn, _)| *turn == Err(TooLong));
        assert!(away.clone().all(|(_, at)| at.is_zero()), "not after a wait");
        let (ok, away) = (within(60), away.count());
        assert_eq!((ok + away, ok), (2000, 800), "a burst and three seconds' worth");
        for second in 1..=3 {
            let most = 200 * (usize::try_from(second).unwrap() + 1);
            assert!((most - 2..=most).contains(&within(second)), "{} by {second}", within(second));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_gives_up_waiting_makes_room_and_spends_nothing() {
        let line = line(1);
        assert_eq!(line.turn().await, Ok(()));
        for _ in 0..100 {
            assert!(timeout(Duration::from_millis(1), line.turn()).await.is_err(), "has to wait");
        }
        advance(Duration::from_secs(1)).await;
        assert_eq!(timeout(Duration::from_millis(1), line.turn()).await, Ok(Ok(())));
    }
}

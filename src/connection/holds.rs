//! How long a close waits for a client that comes back at once, again and again, with what was refused before.
//!
//! Stock clients take no notice of close codes: after a 4401 or a 4413 they reconnect within a tenth of a second, without end.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::Semaphore,
    time::{Instant as Clock, sleep},
};
use tokio_util::sync::CancellationToken;

use crate::{address::Neighbourhood, protocol::CloseCode};

/// The second close is held for so long, each further one twice as long …
const FIRST_HOLD: Duration = Duration::from_secs(1);
/// … up to this. Stock clients give a connection up that is silent for 30 s.
const LONGEST_HOLD: Duration = Duration::from_secs(25);
/// Closes are forgotten after so much time without one.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(90);
/// With another token each time, an address has so many closes of one document free.
const FREE_CLOSES: u32 = 20;
/// Connections whose close is held at the same time. Who is beyond is closed at once.
const MAX_HELD: usize = 1_000;
/// Callers that are remembered.
const MAX_CALLERS: usize = 10_000;

/// Who connects: from where, to what, and with which token. Only hashes of these are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// From one address to one document.
    place: u64,
    /// The same with one token.
    attempt: u64,
}

/// Closes that clients don't heed. Clones share them.
#[derive(Debug, Clone)]
pub struct Holds {
    hashing: RandomState,
    strikes: Arc<Mutex<HashMap<u64, Strikes>>>,
    held: Arc<Semaphore>,
}

#[derive(Debug, Clone, Copy)]
struct Strikes {
    count: u32,
    last: Instant,
}

impl Default for Holds {
    fn default() -> Self {
        Self {
            hashing: RandomState::new(),
            strikes: Arc::default(),
            held: Arc::new(Semaphore::new(MAX_HELD)),
        }
    }
}

impl Holds {
    /// Who connects from this address to this document, with this token.
    pub(crate) fn caller(
        &self,
        from: Neighbourhood,
        document: &str,
        token: Option<&str>,
    ) -> Caller {
        let place = self.hashing.hash_one((from, document));
        Caller { place, attempt: self.hashing.hash_one((place, token)) }
    }

    /// Waits before a close that the client should not answer by coming back. Who heeds it does not notice.
    pub(crate) async fn hold(&self, caller: &Caller, code: CloseCode, closing: &CancellationToken) {
        if code.comes_back() {
            return;
        }
        let wait = self.strike(caller, Clock::now().into_std());
        if wait.is_zero() {
            return;
        }
        metrics::counter!("moim_throttled_total", "limit" => "closes").increment(1);
        if let Ok(_place) = self.held.try_acquire() {
            closing.run_until_cancelled(sleep(wait)).await;
        }
    }

    /// One more close; says how long to hold it.
    fn strike(&self, caller: &Caller, now: Instant) -> Duration {
        let mut strikes = self.lock();
        if strikes.len() >= MAX_CALLERS {
            strikes.retain(|_, one| now.saturating_duration_since(one.last) < FORGOTTEN_AFTER);
        }
        if strikes.len() >= MAX_CALLERS {
            return LONGEST_HOLD;
        }
        let mut count = |key, free: u32| {
            let one = strikes.entry(key).or_insert(Strikes { count: 0, last: now });
            if now.saturating_duration_since(one.last) >= FORGOTTEN_AFTER {
                one.count = 0;
            }
            *one = Strikes { count: one.count.saturating_add(1), last: now };
            one.count.saturating_sub(free)
        };
        let beyond = count(caller.attempt, 1).max(count(caller.place, FREE_CLOSES));
        match beyond.checked_sub(1) {
            Some(doublings) => (FIRST_HOLD * 2_u32.pow(doublings.min(8))).min(LONGEST_HOLD),
            None => Duration::ZERO,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Strikes>> {
        self.strikes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(host: u8) -> Neighbourhood {
        Neighbourhood::of([10, 0, 0, host].into())
    }

    #[test]
    fn who_comes_back_with_the_same_token_waits_twice_as_long_each_time() {
        let (holds, now) = (Holds::default(), Instant::now());
        let caller = holds.caller(from(1), "trip:1", Some("old"));
        let waits: Vec<_> = (0..7).map(|_| holds.strike(&caller, now).as_secs()).collect();
        assert_eq!(waits, [0, 1, 2, 4, 8, 16, 25]);
        let later = now + FORGOTTEN_AFTER;
        assert_eq!(holds.strike(&caller, later), Duration::ZERO, "forgotten");
    }

    #[test]
    fn others_are_not_held_for_it() {
        let (holds, now) = (Holds::default(), Instant::now());
        let caller = holds.caller(from(1), "trip:1", Some("old"));
        (0..9).for_each(|_| _ = holds.strike(&caller, now));
        for other in [
            holds.caller(from(1), "trip:1", Some("new")),
            holds.caller(from(1), "trip:1", None),
            holds.caller(from(1), "trip:2", Some("old")),
            holds.caller(from(2), "trip:1", Some("old")),
        ] {
            assert_eq!(holds.strike(&other, now), Duration::ZERO);
        }
    }

    #[test]
    fn another_token_each_time_helps_for_a_while() {
        let (holds, now) = (Holds::default(), Instant::now());
        let waits = (0..FREE_CLOSES + 2).map(|n| {
            let caller = holds.caller(from(1), "trip:1", Some(&n.to_string()));
            holds.strike(&caller, now).as_secs()
        });
        let waits: Vec<_> = waits.filter(|wait| *wait > 0).collect();
        assert_eq!(waits, [1, 2]);
    }

    #[test]
    fn so_many_callers_are_remembered_and_no_more() {
        let (holds, now) = (Holds::default(), Instant::now());
        for n in 0..MAX_CALLERS {
            let caller = holds.caller(from(1), &n.to_string(), None);
            holds.strike(&caller, now);
        }
        assert!(holds.lock().len() <= MAX_CALLERS + 1);
        let caller = holds.caller(from(1), "new", None);
        assert_eq!(holds.strike(&caller, now), LONGEST_HOLD);
        assert_eq!(holds.strike(&caller, now + FORGOTTEN_AFTER), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_close_that_clients_come_back_after_is_never_held_and_a_stop_ends_the_others() {
        let (holds, closing) = (Holds::default(), CancellationToken::new());
        let caller = holds.caller(from(1), "trip:1", None);
        let began = Clock::now();
        for _ in 0..9 {
            holds.hold(&caller, CloseCode::GoingAway, &closing).await;
        }
        holds.hold(&caller, CloseCode::Token, &closing).await;
        assert!(began.elapsed().is_zero());
        holds.hold(&caller, CloseCode::Token, &closing).await;
        assert_eq!(began.elapsed(), FIRST_HOLD);
        closing.cancel();
        holds.hold(&caller, CloseCode::Token, &closing).await;
        assert_eq!(began.elapsed(), FIRST_HOLD);
    }
}

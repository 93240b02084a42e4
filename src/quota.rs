//! How often something may be done, decided on one number that is kept for each who does it.
//!
//! The number is when all of the quota will be free again (the generic cell rate algorithm), in microseconds since
//! 1970. Whoever keeps it forgets it from then on. A number that lies further ahead than any count could bring it was
//! written by a clock that was wrong, and counts for nothing: nobody is held back for longer than the quota's time.

use std::{num::NonZeroU32, time::Duration};

/// So many within a time, at once or spread over it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// After so many microseconds one more is free.
    step: i64,
    /// After so many all are.
    most: i64,
}

impl Quota {
    /// So many within this time.
    pub fn new(count: NonZeroU32, within: Duration) -> Self {
        let within = i64::try_from(within.as_micros()).unwrap_or(i64::MAX / 4);
        let step = (within / i64::from(count.get())).max(1);
        Self { step, most: step.saturating_mul(i64::from(count.get())) }
    }

    /// How much later all is free after one was taken, in microseconds.
    pub fn step(self) -> i64 {
        self.step
    }

    /// How much later than now all may be free at most, in microseconds.
    pub fn most(self) -> i64 {
        self.most
    }

    /// The latest time at which all may be free again, seen from now. It is twice as far as a count brings it, so
    /// that clocks of several nodes need not agree to the second.
    pub fn last(self, now: i64) -> i64 {
        now.saturating_add(self.most.saturating_mul(2))
    }

    /// Takes one, and says when all will be free again; or how long to wait for one.
    pub fn take(self, free: Option<i64>, now: i64) -> Result<i64, Duration> {
        let free = free.filter(|free| *free <= self.last(now));
        let free = free.map_or(now, |free| free.max(now)).saturating_add(self.step);
        let over = free.saturating_sub(now).saturating_sub(self.most);
        let wait = Duration::from_micros(u64::try_from(over).unwrap_or(0));
        if over > 0 { Err(wait) } else { Ok(free) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    fn quota(count: u32, seconds: u64) -> Quota {
        Quota::new(NonZeroU32::new(count).unwrap(), Duration::from_secs(seconds))
    }

    #[test]
    fn all_may_be_taken_at_once_and_the_next_waits_for_its_turn() {
        let quota = quota(3, 30);
        let taken = (0..3).fold(None, |free, _| Some(quota.take(free, 5 * SECOND).unwrap()));
        assert_eq!(taken, Some(35 * SECOND));
        assert_eq!(quota.take(taken, 5 * SECOND), Err(Duration::from_secs(10)));
        assert_eq!(quota.take(taken, 9 * SECOND), Err(Duration::from_secs(6)));
        assert_eq!(quota.take(taken, 15 * SECOND), Ok(45 * SECOND));
    }

    #[test]
    fn who_was_away_for_long_has_no_more_than_the_quota() {
        let quota = quota(2, 10);
        let free = quota.take(Some(SECOND), 1_000 * SECOND).unwrap();
        assert_eq!(free, 1_005 * SECOND);
        let free = quota.take(Some(free), 1_000 * SECOND).unwrap();
        assert!(quota.take(Some(free), 1_000 * SECOND).is_err());
    }

    #[test]
    fn what_a_wrong_clock_wrote_holds_nobody_back_for_longer_than_the_quotas_time() {
        let quota = quota(3, 30);
        let full = 30 * SECOND;
        for ahead in [1, 29, 31, 45, 61, 600, 40 * 24 * 3_600] {
            match quota.take(Some(full + ahead * SECOND), 0) {
                Ok(free) => assert_eq!(free, 10 * SECOND, "begins anew"),
                Err(wait) => assert!(wait <= Duration::from_secs(30 + 10), "{ahead}: {wait:?}"),
            }
        }
        assert!(quota.take(Some(full + 600 * SECOND), 0).is_ok());
    }

    #[test]
    fn extremes_are_taken_too() {
        let dense = Quota::new(NonZeroU32::MAX, Duration::from_micros(1));
        assert!(dense.take(Some(dense.most()), 0).is_err());
        assert!(dense.take(Some(i64::MAX), 0).is_ok(), "no count brings it so far");
        assert!(dense.take(None, i64::MAX).is_ok());
        let rare = Quota::new(NonZeroU32::MIN, Duration::MAX);
        assert!(rare.take(None, 0).is_ok());
    }
}

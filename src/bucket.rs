//! A token bucket: so much a second, and a burst of what some time brings.

use std::time::{Duration, Instant};

/// Fills up with time and is emptied by what is done.
#[derive(Debug)]
pub struct Bucket {
    per_second: f64,
    most: f64,
    level: f64,
    as_of: Instant,
}

impl Bucket {
    /// A full one. A burst may use what `burst` brings, and one in any case.
    pub fn new(per_second: u32, burst: Duration, now: Instant) -> Self {
        let per_second = f64::from(per_second);
        let most = (per_second * burst.as_secs_f64()).max(1.0);
        Self { per_second, most, level: most, as_of: now }
    }

    /// Takes what is there or not, and says how long it takes until the debt is paid.
    pub fn spend(&mut self, amount: f64, now: Instant) -> Option<Duration> {
        self.fill(now);
        self.level -= amount;
        (self.level < 0.0).then(|| self.time_for(-self.level))
    }

    /// Takes one if it is there, and says how long it takes until it is, if not.
    pub fn take(&mut self, now: Instant) -> Result<(), Duration> {
        self.fill(now);
        if self.level < 1.0 {
            return Err(self.time_for(1.0 - self.level));
        }
        self.level -= 1.0;
        Ok(())
    }

    /// Whether nothing is owed.
    pub fn is_paid(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= 0.0
    }

    /// Whether it is as if nothing had ever been taken.
    pub fn is_full(&mut self, now: Instant) -> bool {
        self.fill(now);
        self.level >= self.most
    }

    fn fill(&mut self, now: Instant) {
        let gained = now.saturating_duration_since(self.as_of).as_secs_f64() * self.per_second;
        self.level = (self.level + gained).min(self.most);
        self.as_of = now;
    }

    fn time_for(&self, amount: f64) -> Duration {
        // A nanosecond more, so that rounding never makes it too short.
        Duration::from_secs_f64(amount / self.per_second) + Duration::from_nanos(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_is_taken_is_never_more_than_a_burst_and_the_rate() {
        let mut now = Instant::now();
        let mut bucket = Bucket::new(5, SECOND, now);
        assert!((0..5).all(|_| bucket.take(now).is_ok()));
        for _ in 0..20 {
            let wait = bucket.take(now).expect_err("empty");
            assert!(bucket.take(now + wait / 2).is_err(), "not before");
            now += wait;
            assert_eq!(bucket.take(now), Ok(()), "and then at once");
        }
        now += 100 * SECOND;
        assert!((0..5).all(|_| bucket.take(now).is_ok()), "a rest pays for one burst");
        assert!(bucket.take(now).is_err());
    }

    #[test]
    fn a_debt_is_paid_at_the_rate() {
        let now = Instant::now();
        let mut bucket = Bucket::new(10, SECOND, now);
        assert_eq!(bucket.spend(10.0, now), None);
        let pause = bucket.spend(5.0, now).expect("a debt");
        assert!((pause.as_secs_f64() - 0.5).abs() < 1e-6, "{pause:?}");
    }

    #[test]
    fn a_slow_bucket_still_holds_one() {
        let now = Instant::now();
        assert_eq!(Bucket::new(1, SECOND / 10, now).take(now), Ok(()));
    }
}

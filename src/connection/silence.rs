//! When a connection counts as silent: nothing of it has come in, neither a frame nor a part of one.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// One frame may take so long to come in, as long as some of it comes: a whole document over a slow line.
const FRAME_WITHIN: Duration = Duration::from_secs(300);

/// Counts the bytes that have come in over one TCP connection. Clones share the count.
#[derive(Debug, Clone, Default)]
pub struct Arrivals(Arc<AtomicU64>);

impl Arrivals {
    /// So many more have come.
    pub fn add(&self, bytes: usize) {
        self.0.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// How long nothing was heard.
#[derive(Debug)]
pub(crate) struct Silence {
    arrivals: Arrivals,
    seen: u64,
    /// The last whole frame.
    frame: Instant,
    /// The last frame, or sign of one.
    heard: Instant,
    most: Duration,
}

impl Silence {
    /// A connection that was just opened, and may be silent for so long.
    pub(crate) fn new(arrivals: Arrivals, most: Duration, now: Instant) -> Self {
        Self { seen: arrivals.count(), arrivals, frame: now, heard: now, most }
    }

    /// A whole frame has come in.
    pub(crate) fn heard(&mut self, now: Instant) {
        (self.frame, self.heard) = (now, now);
        self.seen = self.arrivals.count();
    }

    /// When it is to be looked at again.
    pub(crate) fn deadline(&self) -> Instant {
        self.heard + self.most
    }

    /// Whether it was silent for too long. Bytes that came since the last look are part of a frame.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        if now < self.deadline() {
            return false;
        }
        let count = self.arrivals.count();
        let is_coming = count > self.seen && now < self.frame + FRAME_WITHIN;
        self.seen = count;
        if is_coming {
            self.heard = now;
        }
        !is_coming
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(40);

    fn silence() -> (Arrivals, Silence, Instant) {
        let (arrivals, now) = (Arrivals::default(), Instant::now());
        (arrivals.clone(), Silence::new(arrivals, MOST, now), now)
    }

    /// W12
    #[test]
    fn silence_ends_a_connection_and_frames_put_it_off() {
        let (_, mut silence, start) = silence();
        assert!(!silence.is_over(start + Duration::from_secs(39)));
        silence.heard(start + Duration::from_secs(39));
        assert!(!silence.is_over(start + Duration::from_secs(78)));
        assert!(silence.is_over(start + Duration::from_secs(79)));
    }

    /// W12
    #[test]
    fn a_frame_that_is_on_its_way_over_a_slow_line_is_waited_for_but_not_without_end() {
        let (arrivals, mut silence, start) = silence();
        let mut now = start;
        while now + MOST < start + FRAME_WITHIN {
            now += MOST;
            arrivals.add(1);
            assert!(!silence.is_over(now), "{:?}", now - start);
        }
        now += MOST;
        arrivals.add(1);
        assert!(silence.is_over(now));
    }

    /// W12
    #[test]
    fn a_part_of_a_frame_after_which_nothing_comes_is_silence() {
        let (arrivals, mut silence, start) = silence();
        arrivals.add(100);
        assert!(!silence.is_over(start + MOST));
        assert!(silence.is_over(start + 2 * MOST));
    }
}

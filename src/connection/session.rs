//! What a client may say and when, without a socket or a clock: its messages' budget and its ticket's life.

use std::time::{Duration, Instant};

use crate::{bucket::Bucket, connection::state::Limits};

/// A burst may use what this time brings.
const BURST: Duration = Duration::from_secs(10);

/// How much a connection may send: a token bucket of messages and one of bytes.
#[derive(Debug)]
pub(crate) struct Budget {
    messages: Bucket,
    bytes: Bucket,
}

impl Budget {
    pub(crate) fn new(limits: &Limits, now: Instant) -> Self {
        let messages = Bucket::new(limits.messages_per_second, BURST, now);
        Self { messages, bytes: Bucket::new(limits.bytes_per_second, BURST, now) }
    }

    /// Spends a message of so many bytes, and says how long to wait before the next one is read, and for the
    /// sake of which limit.
    pub(crate) fn spend(&mut self, bytes: usize, now: Instant) -> Option<(Duration, &'static str)> {
        let messages = self.messages.spend(1.0, now).map(|pause| (pause, "messages_per_second"));
        let bytes = self.bytes.spend(bytes as f64, now).map(|pause| (pause, "bytes_per_second"));
        messages.max(bytes)
    }
}

/// How long a connection may go on without a new ticket (W11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// The ticket is good until then.
    Good(Instant),
    /// A new one was asked for and must come by then.
    Asked(Instant),
}

/// What a connection has to do about its ticket.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    Nothing,
    AskForTicket,
    Close,
}

impl Tenure {
    pub(crate) fn deadline(self) -> Instant {
        match self {
            Self::Good(until) | Self::Asked(until) => until,
        }
    }

    /// Moves on when its time has come.
    pub(crate) fn tick(&mut self, now: Instant, grace: Duration) -> Due {
        match *self {
            Self::Good(until) | Self::Asked(until) if now < until => Due::Nothing,
            Self::Good(_) => {
                *self = Self::Asked(now + grace);
                Due::AskForTicket
            }
            Self::Asked(_) => Due::Close,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_a_flood_is_slowed_to_its_rate() {
        let start = Instant::now();
        let limits = Limits { messages_per_second: 10, ..Limits::default() };
        let mut budget = Budget::new(&limits, start);
        assert!((0..100).all(|_| budget.spend(10, start).is_none()), "ten seconds' worth");
        let (pause, limit) = budget.spend(10, start).expect("one too many");
        assert!((pause.as_secs_f64() - 0.1).abs() < 1e-6, "{pause:?}");
        assert_eq!(limit, "messages_per_second");
        assert_eq!(budget.spend(10, start + Duration::from_secs(1)), None);
    }

    #[test]
    fn large_messages_are_slowed_by_their_bytes() {
        let start = Instant::now();
        let limits = Limits { bytes_per_second: 1000, ..Limits::default() };
        let mut budget = Budget::new(&limits, start);
        assert_eq!(budget.spend(10_000, start), None);
        let (pause, limit) = budget.spend(500, start).expect("too many");
        assert!((pause.as_secs_f64() - 0.5).abs() < 1e-6, "{pause:?}");
        assert_eq!(limit, "bytes_per_second");
    }

    /// W11
    #[test]
    fn a_ticket_that_runs_out_is_asked_for_once_and_then_closes() {
        let start = Instant::now();
        let grace = Duration::from_secs(25);
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut tenure = Tenure::Good(at(600));
        assert_eq!(tenure.tick(at(599), grace), Due::Nothing);
        assert_eq!(tenure.tick(at(600), grace), Due::AskForTicket);
        assert_eq!(tenure.tick(at(601), grace), Due::Nothing);
        assert_eq!(tenure.tick(at(625), grace), Due::Close);
    }
}

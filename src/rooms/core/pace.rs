//! How long a room holds edits back so that a burst becomes one frame: not at all while it is quiet.

use std::time::{Duration, Instant};

/// Above so many edits in a `SPAN` …
const BUSY: u32 = 20;
/// … of this length the room is busy …
const SPAN: Duration = Duration::from_millis(100);
/// … and sends edits on at most once in this time.
const WINDOW: Duration = Duration::from_millis(4);
/// Awareness is sent on at most once in this time.
const AWARENESS_WINDOW: Duration = Duration::from_millis(40);

/// When edits and awareness may go out next.
#[derive(Debug)]
pub(crate) struct Pace {
    span_began: Instant,
    in_span: u32,
    busy: bool,
    edits_sent: Option<Instant>,
    awareness_sent: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(now: Instant) -> Self {
        Self { span_began: now, in_span: 0, busy: false, edits_sent: None, awareness_sent: None }
    }

    /// Counts an edit.
    pub(crate) fn edit(&mut self, now: Instant) {
        if now.duration_since(self.span_began) >= SPAN {
            self.busy = self.in_span >= BUSY && now.duration_since(self.span_began) < 2 * SPAN;
            self.span_began = now;
            self.in_span = 0;
        }
        self.in_span += 1;
    }

    /// When edits that wait may go out.
    pub(crate) fn edits_due(&self, now: Instant) -> Instant {
        self.edits_sent.filter(|_| self.busy).map_or(now, |sent| sent + WINDOW)
    }

    /// When awareness that waits may go out.
    pub(crate) fn awareness_due(&self, now: Instant) -> Instant {
        self.awareness_sent.map_or(now, |sent| sent + AWARENESS_WINDOW)
    }

    pub(crate) fn sent_edits(&mut self, now: Instant) {
        self.edits_sent = Some(now);
    }

    pub(crate) fn sent_awareness(&mut self, now: Instant) {
        self.awareness_sent = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_wait_only_in_a_busy_room() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let at = |millis| start + Duration::from_millis(millis);
        for millis in (0..40).map(|count| count * 50) {
            pace.edit(at(millis));
            assert_eq!(pace.edits_due(at(millis)), at(millis), "20 a second is quiet");
            pace.sent_edits(at(millis));
        }
        for millis in 2000..2300 {
            pace.edit(at(millis));
        }
        pace.sent_edits(at(2300));
        assert_eq!(pace.edits_due(at(2301)), at(2304));
        pace.edit(at(4000));
        assert_eq!(pace.edits_due(at(4000)), at(4000), "and quiet again");
    }
}

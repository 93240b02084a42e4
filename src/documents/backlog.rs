//! What of a document is in its journal, and when it is time to fold that into the state.

use crate::store::Loaded;

/// A fold costs what the state costs, so the journal may grow to this part of it …
const PART_OF_STATE: usize = 4;
/// … but opening a document replays its journal: at most so many times the entries that are folded at the earliest.
const MOST_TIMES: usize = 10;

/// How large a journal is, beside the state that it adds to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Backlog {
    entries: usize,
    bytes: usize,
    state_bytes: usize,
}

impl Backlog {
    /// What was read. A state that is damaged counts as a journal: a fold mends it.
    pub(super) fn of(loaded: &Loaded, is_damaged: bool) -> Self {
        let bytes = loaded.entries.iter().map(|entry| entry.update.len()).sum();
        let entries = loaded.entries.len().max(usize::from(is_damaged));
        Self { entries, bytes, state_bytes: loaded.state.len() }
    }

    /// More became durable.
    pub(crate) const fn grow(&mut self, entries: usize, bytes: usize) {
        self.entries += entries;
        self.bytes += bytes;
    }

    /// A fold takes what is there. If it fails, what comes next has it tried again.
    pub(crate) const fn taken(&mut self) {
        self.entries = 0;
        self.bytes = 0;
    }

    /// A fold has made a state of so many bytes.
    pub(crate) const fn folded(&mut self, state_bytes: usize) {
        self.state_bytes = state_bytes;
    }

    /// Whether there is anything to fold.
    pub(crate) const fn is_empty(self) -> bool {
        self.entries == 0
    }

    /// Whether it is to be folded while people are there, `earliest` being the entries below which it never is.
    pub(crate) const fn is_long(self, earliest: usize) -> bool {
        self.entries > earliest
            && (self.bytes > self.state_bytes / PART_OF_STATE
                || self.entries > earliest.saturating_mul(MOST_TIMES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EARLIEST: usize = 1_000;

    fn of(entries: usize, bytes: usize, state_bytes: usize) -> Backlog {
        Backlog { entries, bytes, state_bytes }
    }

    #[test]
    fn a_small_document_is_folded_after_the_least_of_entries() {
        assert!(!of(1_000, 50_000, 1_000).is_long(EARLIEST));
        assert!(of(1_001, 50_000, 1_000).is_long(EARLIEST));
    }

    #[test]
    fn a_large_one_waits_until_the_journal_is_worth_it() {
        let state = 4_000_000;
        assert!(!of(5_000, state / 4, state).is_long(EARLIEST));
        assert!(of(5_000, state / 4 + 1, state).is_long(EARLIEST));
    }

    #[test]
    fn no_journal_is_too_long_to_be_replayed() {
        assert!(!of(10_000, 10_000, 5_000_000).is_long(EARLIEST));
        assert!(of(10_001, 10_000, 5_000_000).is_long(EARLIEST));
    }

    /// Each edit pays for a part of the folds: with a part that shrinks as the document grows.
    #[test]
    fn all_folds_of_a_long_life_together_take_a_few_times_the_last_state() {
        let (entry, kept) = (40, 20);
        let mut backlog = Backlog::default();
        let (mut state, mut folded) = (0, 0);
        for _ in 0..200_000 {
            backlog.grow(1, entry);
            state += kept;
            if backlog.is_long(EARLIEST) {
                backlog.taken();
                backlog.folded(state);
                folded += state;
            }
        }
        assert!(folded < 16 * state, "{folded} bytes folded for a state of {state}");
    }
}

//! Counts what merging an update takes, and stops where that is more than it may.

use super::{read::Read, update::Content};
use crate::crdt::limits::{Refusal, Work};

/// Counts up to a limit.
#[derive(Debug)]
pub(in crate::crdt) struct Meter {
    most: Work,
    pub(in crate::crdt) spent: Work,
    /// The letters and values that are deleted, each at least a byte.
    pub(in crate::crdt) freed: usize,
    /// Whether a shared type is deleted, with all that is in it.
    pub(in crate::crdt) freed_more: bool,
}

impl Meter {
    pub(in crate::crdt) fn new(most: Work) -> Self {
        Self { most, spent: Work::default(), freed: 0, freed_more: false }
    }

    /// Looks at so many items that others put where the update puts one.
    pub(super) fn scan(&mut self, items: u64) -> Read<()> {
        self.spent.scan = self.spent.scan.saturating_add(items);
        let is_more = self.spent.scan > self.most.scan;
        if is_more { Err(Refusal::TooMany(Refusal::CONCURRENT)) } else { Ok(()) }
    }

    /// Notes that an item is deleted.
    pub(super) fn free(&mut self, content: Content, length: u32) {
        self.freed_more |= matches!(content, Content::Type(_));
        if matches!(content, Content::Text | Content::Values) {
            self.freed += length as usize;
        }
    }

    /// Copies something, in steps.
    pub(super) fn copy(&mut self, steps: u64) -> Read<()> {
        self.spent.copy = self.spent.copy.saturating_add(steps);
        let is_more = self.spent.copy > self.most.copy;
        if is_more { Err(Refusal::TooMany(Refusal::PIECES)) } else { Ok(()) }
    }
}

// A step is about as long as a look at one item: 40 nanoseconds.

/// To copy so many letters.
pub(super) fn letters(count: u32) -> u64 {
    u64::from(count / 512)
}

/// To go over so many letters one by one.
pub(super) fn counted(letters: u32) -> u64 {
    u64::from(letters / 32)
}

/// To clone so many plain values.
pub(super) fn values(count: u32) -> u64 {
    u64::from(count / 4)
}

/// To move so many entries of a client's list of items.
pub(super) fn rows(count: usize) -> u64 {
    count as u64 / 32
}

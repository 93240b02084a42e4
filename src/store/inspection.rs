//! A document as it lies in the store, piece by piece, and what is to become of it.

use bytes::Bytes;

use super::EntryId;

/// All that is stored of a document's content.
#[derive(Debug, Clone)]
pub struct Inspection {
    /// As of when.
    pub seen: Seen,
    /// The states that are kept, newest first.
    pub states: Vec<StoredState>,
    /// The entries that are kept, in the order of appending.
    pub entries: Vec<StoredEntry>,
}

/// A moment in the life of a stored document: it changes with each append and each fold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The number that a state was given last.
    pub generation: u64,
    /// The newest entry.
    pub last: Option<EntryId>,
}

/// Bytes with what their checksum says of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stored {
    /// They are those that were written.
    Sound(Bytes),
    /// They are not.
    Damaged,
}

impl Stored {
    /// The bytes, if they are those that were written.
    pub const fn sound(&self) -> Option<&Bytes> {
        match self {
            Self::Sound(bytes) => Some(bytes),
            Self::Damaged => None,
        }
    }
}

/// A state that is kept.
#[derive(Debug, Clone)]
pub struct StoredState {
    /// Which it is.
    pub generation: u64,
    /// The state.
    pub state: Stored,
}

/// An entry that is kept.
#[derive(Debug, Clone)]
pub struct StoredEntry {
    /// Its name.
    pub id: EntryId,
    /// The first generation that contains it; none yet: `None`.
    pub folded_into: Option<u64>,
    /// The update.
    pub update: Stored,
}

impl Inspection {
    /// The entries that the state of this generation lacks.
    pub fn lacked_by(&self, generation: u64) -> impl Iterator<Item = &StoredEntry> {
        let lacks = move |entry: &&StoredEntry| entry.folded_into.is_none_or(|at| at > generation);
        self.entries.iter().filter(lacks)
    }
}

/// What is to be written over a damaged document. Afterwards it has the state of `base` with the entries that
/// this lacks, and `state`, which has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mend {
    /// The generation that `state` was made from; it stays.
    pub base: u64,
    /// The next generation.
    pub state: Bytes,
    /// Generations that are set aside.
    pub states_aside: Vec<u64>,
    /// Entries that are set aside.
    pub entries_aside: Vec<EntryId>,
}

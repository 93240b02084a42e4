//! Documents as they lie in the store, piece by piece, and what is to become of them.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::{error::Result, journal::EntryId};
use crate::ids::DocId;

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

impl Inspection {
    /// The entries that the state of this generation lacks.
    pub fn lacked_by(&self, generation: u64) -> impl Iterator<Item = &StoredEntry> {
        let lacks = move |entry: &&StoredEntry| entry.folded_into.is_none_or(|at| at > generation);
        self.entries.iter().filter(lacks)
    }
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

/// Documents as they lie in the store, sound or not: for who looks after them.
#[async_trait]
pub trait Care: Send + Sync {
    /// Documents in the order of their names, those after `after` if given.
    async fn documents(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>>;

    /// Each state and each entry of a document, as of one moment. One that is damaged hides no other.
    /// `None`: no such document.
    async fn inspect(&self, doc: DocId) -> Result<Option<Inspection>>;

    /// Carries out a mend, all or nothing. `Conflict` if the document is not as it was `seen`: inspect again.
    async fn mend(&self, doc: DocId, seen: Seen, mend: &Mend, now: Timestamp) -> Result<()>;

    /// Puts a document into another epoch with all that it holds, for it may go on otherwise than before: the
    /// store was put back to what it was. Clients' copies of before are of no use then. `Conflict` if there is no
    /// such document. Only while nobody serves it.
    async fn begin_epoch(&self, doc: DocId) -> Result<u64>;
}

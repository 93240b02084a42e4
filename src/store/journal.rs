//! Documents at rest: states by generation, and the updates since.

use async_trait::async_trait;
use bytes::Bytes;

use super::error::Result;
use crate::ids::DocId;

/// Which state of a document to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// The one written last.
    Newest,
    /// The one before it: for when the newest turns out to be damaged.
    Previous,
}

/// A document as it is stored.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Counts the times that the document's history was replaced; clients with another epoch start afresh.
    pub epoch: u64,
    /// What was loaded is the end of the epoch before: it is to be replaced before anything else.
    pub is_sealed: bool,
    /// Which generation `state` is.
    pub generation: u64,
    /// A Yjs update (v1) that makes the document.
    pub state: Bytes,
    /// The updates that `state` lacks, in the order of appending.
    pub entries: Vec<Entry>,
}

/// One journal entry.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its name, for `Journal::fold`.
    pub id: EntryId,
    /// A Yjs update (v1).
    pub update: Bytes,
}

/// Names a journal entry within its document; opaque outside the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct EntryId(pub u128);

/// Documents as a state and the updates since, which is where durability is promised.
///
/// A document has *generations* of state. The newest two are kept, and with them every journal entry
/// that the older of the two lacks: a damaged newest state loses nothing.
#[async_trait]
pub trait Journal: Send + Sync {
    /// Writes the first state (generation 1, epoch 1) of a document. `Conflict` if it exists.
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()>;

    /// Appends updates of this epoch in this order, all or none. When this returns `Ok` they are durable; after
    /// `Unavailable` the caller appends them again, which is harmless because an update that is applied
    /// twice changes nothing. `Conflict` if there is no such document, or if it is in another epoch: then they
    /// are not, and never will be, part of it.
    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()>;

    /// The chosen state and every entry that it lacks, in the order of appending. `None`: no such document,
    /// or it has no previous state. `Corrupt` if the state or one of the entries is not what was written.
    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>>;

    /// Writes `state`, which was made from the loaded generation `base` and `entries`, as the newest
    /// generation, and drops what the older of the then two newest has no need of. `Conflict` if `base`
    /// is not the newest: load again. A damaged newest state counts for nothing: it is replaced by a fold
    /// whose base is the previous one.
    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()>;

    /// As `fold`, where the newest generation, `unloadable`, is what was written and yet makes no document:
    /// `state` was made from the previous one, `base`, and takes its place. `Conflict` unless these two are
    /// the newest.
    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()>;

    /// Ends this epoch: the document is in the `next` one, takes no update of this one any more, and is *sealed*
    /// until its content begins anew. `Conflict` unless it is in this epoch and not sealed, and the next one is
    /// greater.
    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()>;

    /// Puts `state` in the place of all that a document had, and unseals it. Whoever finds it sealed may do so,
    /// with a state that was made after it was. `Conflict` unless it is in this epoch and sealed.
    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()>;
}

//! Many updates as one: small batches for the wire, whole journals for the store.

use std::hash::{DefaultHasher, Hash, Hasher};

use yrs::{ReadTxn, StateVector};

use super::{
    canon::Texts,
    document::Document,
    guard::{self, Update},
    kinds::{self, Projection},
    limits::{Limits, LoadError, Refusal},
    live::{Garbage, Live},
};
use crate::{ids::DocKind, summary::Summary};

/// A document as it is to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// The document as one update, without what was deleted.
    pub state: Vec<u8>,
    /// What everybody who may read it sees.
    pub projection: Projection,
    /// What lists show of it.
    pub summary: Summary,
}

/// What an update, or a document as one, takes of the memory once it is merged, in bytes, at most. Nothing for what is
/// no update.
pub fn weight(update: &[u8]) -> usize {
    Update::parse(update).map_or(0, |update| update.weight())
}

/// Updates that a document accepted in this order, as one that changes a document as they do. `None`: no single
/// update can say it, send them as they are. The result is as long as its parts at most.
pub fn merge<U: AsRef<[u8]>>(updates: &[U]) -> Result<Option<Vec<u8>>, Refusal> {
    let parsed: Result<Vec<_>, _> = updates.iter().map(|one| Update::parse(one.as_ref())).collect();
    Ok(guard::join(&parsed?))
}

/// Makes a new state of an old one and the updates since. What was deleted is dropped. The new state is
/// loaded into a fresh document and compared before it is handed out.
pub fn fold<'a>(
    kind: DocKind,
    state: &'a [u8],
    updates: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Folded, LoadError> {
    fold_document(Document::load(kind, state, updates, Limits::default())?)
}

/// The same, of a document that is loaded. One document at a time is in memory.
pub(super) fn fold_document(document: Document) -> Result<Folded, LoadError> {
    let (kind, before) = (document.kind(), Witness::of(&document));
    let encoded = document.encode_state();
    drop(document);
    let state = collect(kind, &encoded)?;
    drop(encoded);
    let again = Document::load(kind, &state, [], Limits::default())?;
    if !before.is_same_as(&Witness::of(&again)) {
        return Err(LoadError::Differs);
    }
    let projection = again.project();
    let summary = again.summary();
    Ok(Folded { state, projection, summary })
}

/// The state without what was deleted.
fn collect(kind: DocKind, encoded: &[u8]) -> Result<Vec<u8>, LoadError> {
    let collected = Live::new(kinds::schema(kind), Garbage::Collected);
    collected.apply(encoded).map_err(|_| LoadError::Damaged("the merge failed"))?;
    Ok(collected.encode())
}

/// What is kept of a document to see whether nothing got lost.
struct Witness {
    vector: StateVector,
    letters: (usize, u64),
    lengths: (usize, u64),
}

impl Witness {
    fn of(document: &Document) -> Self {
        let content = |texts| {
            let content = document.live().content(texts);
            let mut hasher = DefaultHasher::new();
            content.hash(&mut hasher);
            (content.len(), hasher.finish())
        };
        let vector = document.live().read().state_vector();
        Self { vector, letters: content(Texts::Letters), lengths: content(Texts::Lengths) }
    }

    fn is_same_as(&self, other: &Self) -> bool {
        self.vector == other.vector
            && (self.letters == other.letters || self.lengths == other.lengths)
    }
}

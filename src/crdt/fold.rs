//! Many updates as one: small batches for the wire, whole journals for the store.

use yrs::ReadTxn;

use super::{
    Limits, LoadError, Projection, Refusal,
    canon::Texts,
    document::Document,
    guard::{self, Update},
    live::{Garbage, Live},
    reading::Reading,
};
use crate::trip::Summary;

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

/// Updates that a document accepted in this order, as one that changes a document as they do. `None`: no single
/// update can say it, send them as they are. The result is as long as its parts at most.
pub fn merge<U: AsRef<[u8]>>(updates: &[U]) -> Result<Option<Vec<u8>>, Refusal> {
    let parsed: Result<Vec<_>, _> = updates.iter().map(|one| Update::parse(one.as_ref())).collect();
    Ok(guard::join(&parsed?))
}

/// Makes a new state of an old one and the updates since. What was deleted is dropped. The new state is
/// loaded into a fresh document and compared before it is handed out.
pub fn fold<'a>(
    state: &'a [u8],
    updates: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Folded, LoadError> {
    fold_document(&Document::load(state, updates, Limits::default())?)
}

/// The same, of a document that is loaded.
pub(super) fn fold_document(document: &Document) -> Result<Folded, LoadError> {
    let collected = Live::new(Garbage::Collected);
    let damaged = |_| LoadError::Damaged("the merge failed");
    collected.apply(&document.encode_state()).map_err(damaged)?;
    let state = collected.encode();
    let again = Document::load(&state, [], Limits::default())?;
    if !is_same(document, &again) {
        return Err(LoadError::Differs);
    }
    let projection = again.project();
    let summary = Reading::new(&again.live().read()).summary();
    Ok(Folded { state, projection, summary })
}

/// Whether nothing got lost between the two.
fn is_same(one: &Document, other: &Document) -> bool {
    let (one, other) = (one.live(), other.live());
    let same = |texts| one.content(texts) == other.content(texts);
    one.read().state_vector() == other.read().state_vector()
        && (same(Texts::Letters) || same(Texts::Lengths))
}

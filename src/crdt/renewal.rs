//! A document that begins anew: what it holds, without its history and its trash.

use yrs::{Text, WriteTxn};

use super::{
    document::Document,
    fold::Folded,
    limits::{Limits, LoadError},
    live::{Garbage, Live, fresh_client},
    restore::{Maps, Node, Texts, read_roots},
};
use crate::ids::DocKind;

/// A stored document as one update that knows nothing of what was before: no deletions, no older
/// values, no trash, and none of its elements. The result is loaded and compared before it is handed out.
pub fn renew<'a>(
    kind: DocKind,
    state: &'a [u8],
    updates: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Folded, LoadError> {
    let document = Document::load(kind, state, updates, Limits::default())?;
    let (maps, texts) = what_counts(&document);
    let fresh = Live::with_client(fresh_client(), document.schema(), Garbage::Kept);
    let written = fresh.edit(|txn| {
        for (name, content) in &texts {
            txn.get_or_insert_text(name.as_str()).push(txn, content);
        }
        for (name, entries) in &maps {
            let map = txn.get_or_insert_map(*name);
            entries.iter().for_each(|(key, node)| node.write(txn, &map, key));
        }
    });
    written.map_err(|_| LoadError::Damaged("a new document could not be written"))?;
    let state = fresh.encode();
    let again = Document::load(kind, &state, [], Limits::default())?;
    if what_counts(&again) != (maps, texts) {
        return Err(LoadError::Differs);
    }
    Ok(Folded { state, projection: again.project(), summary: again.summary() })
}

/// The content without the trash, without what its kind has no place for, and without texts that have nothing in them.
fn what_counts(document: &Document) -> (Maps, Texts) {
    let (mut maps, mut texts) = read_roots(&document.live().read(), document.schema());
    texts.retain(|_, text| !text.is_empty());
    for (name, entries) in &mut maps {
        let has_trash = document.schema().has_trash(name);
        entries.retain(|_, node| !(has_trash && node.is_trashed()));
        entries.values_mut().for_each(Node::drop_others);
        entries.retain(|_, node| *node != Node::Other);
    }
    (maps, texts)
}

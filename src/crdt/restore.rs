//! Going back to a version as a forward edit: the smallest difference, so that what others do meanwhile stays.

use std::collections::BTreeMap;

use yrs::{
    Any, GetString, Map, MapPrelim, MapRef, Out, ReadTxn, TextPrelim, TransactionMut, WriteTxn,
};

use super::{
    canon,
    document::Document,
    limits::{Limits, LoadError, Refusal},
    schema::Schema,
    splice,
    stamp::Stamp,
};

/// Content of a document, read out of it.
#[derive(Debug)]
pub(super) enum Node {
    Plain(Any),
    Text(String),
    Map(BTreeMap<String, Node>),
    /// Lists and XML: no part of any kind of document, left as they are.
    Other,
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Plain(one), Self::Plain(other)) => canon::is_same(one, other),
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            (Self::Other, Self::Other) => true,
            _ => false,
        }
    }
}

impl Document {
    /// Makes the content what it was in the version with this encoded state, in one transaction. Entries that
    /// the version lacks go to the trash with this stamp, where there is one. Returns the update to journal and
    /// send, or `None` if nothing differs.
    pub fn restore(&mut self, state: &[u8], stamp: &Stamp) -> Result<Option<Vec<u8>>, LoadError> {
        let (version, schema) =
            (Self::load(self.kind(), state, [], Limits::default())?, self.schema());
        let (maps, texts) = read_roots(&version.live().read(), schema);
        self.edit(|txn| {
            for name in all_texts(txn, schema, &texts) {
                let wanted = texts.get(&name).map_or("", String::as_str);
                let text = txn.get_or_insert_text(name);
                splice::to(txn, &text, wanted);
            }
            for (name, wanted) in &maps {
                let map = txn.get_or_insert_map(*name);
                let extra =
                    if schema.has_trash(name) { Extra::Trashed(stamp) } else { Extra::Removed };
                restore_map(txn, &map, wanted, extra);
            }
        })
        .map_err(|refusal| match refusal {
            Refusal::Malformed(what) | Refusal::TooLarge(what) | Refusal::TooMany(what) => {
                LoadError::Damaged(what)
            }
            Refusal::Missing => LoadError::Incomplete,
            Refusal::Failed | Refusal::Barred | Refusal::Later => {
                LoadError::Damaged("the merge failed")
            }
        })
    }
}

/// What becomes of entries that the version lacks.
#[derive(Clone, Copy)]
enum Extra<'a> {
    Removed,
    Trashed(&'a Stamp),
}

pub(super) type Maps = Vec<(&'static str, BTreeMap<String, Node>)>;
pub(super) type Texts = BTreeMap<String, String>;

pub(super) fn read_roots<T: ReadTxn>(txn: &T, schema: &Schema) -> (Maps, Texts) {
    let entries = |name: &str| txn.get_map(name).map(|map| read_map(txn, &map));
    let maps = schema.maps.iter().map(|name| (*name, entries(name).unwrap_or_default()));
    let texts = text_roots(txn, schema).into_iter().filter_map(|name| {
        let content = txn.get_text(name.as_str())?.get_string(txn);
        Some((name, content))
    });
    (maps.collect(), texts.collect())
}

fn text_roots<T: ReadTxn>(txn: &T, schema: &Schema) -> Vec<String> {
    let names = txn.root_refs().map(|(name, _)| name);
    names.filter(|name| schema.is_text(name)).map(ToOwned::to_owned).collect()
}

/// The text roots of the document and of the version.
fn all_texts(txn: &TransactionMut<'_>, schema: &Schema, wanted: &Texts) -> Vec<String> {
    let mut names = text_roots(txn, schema);
    names.extend(wanted.keys().cloned());
    names.sort_unstable();
    names.dedup();
    names
}

fn read_map<T: ReadTxn>(txn: &T, map: &MapRef) -> BTreeMap<String, Node> {
    map.iter(txn).map(|(key, value)| (key.to_owned(), Node::read(txn, &value))).collect()
}

impl Node {
    fn read<T: ReadTxn>(txn: &T, value: &Out) -> Self {
        match value {
            Out::Any(any) => Self::Plain(any.clone()),
            Out::YText(text) => Self::Text(text.get_string(txn)),
            Out::YMap(map) => Self::Map(read_map(txn, map)),
            Out::YArray(_)
            | Out::YXmlElement(_)
            | Out::YXmlFragment(_)
            | Out::YXmlText(_)
            | Out::YDoc(_)
            | Out::UndefinedRef(_) => Self::Other,
        }
    }

    /// Whether it lies in the trash.
    pub(super) fn is_trashed(&self) -> bool {
        let Self::Map(entries) = self else { return false };
        let del = entries.get("del");
        !matches!(del, None | Some(Self::Plain(Any::Null | Any::Undefined)))
    }

    /// Leaves out what no kind of document has a place for, as deep as it lies.
    pub(super) fn drop_others(&mut self) {
        if let Self::Map(entries) = self {
            entries.values_mut().for_each(Self::drop_others);
            entries.retain(|_, node| *node != Self::Other);
        }
    }

    /// Sets this as a new value.
    pub(super) fn write(&self, txn: &mut TransactionMut<'_>, map: &MapRef, key: &str) {
        match self {
            Self::Plain(any) => {
                map.insert(txn, key, any.clone());
            }
            Self::Text(text) => {
                map.insert(txn, key, TextPrelim::new(text.as_str()));
            }
            Self::Map(entries) => {
                let inner = map.insert(txn, key, MapPrelim::default());
                for (key, node) in entries {
                    node.write(txn, &inner, key);
                }
            }
            Self::Other => {}
        }
    }
}

fn restore_map(
    txn: &mut TransactionMut<'_>,
    map: &MapRef,
    wanted: &BTreeMap<String, Node>,
    extra: Extra<'_>,
) {
    let keys: Vec<String> = map.keys(txn).map(ToOwned::to_owned).collect();
    for key in keys.iter().filter(|key| !wanted.contains_key(*key)) {
        match extra {
            Extra::Trashed(stamp) => trash(txn, map, key, stamp),
            Extra::Removed => {
                map.remove(txn, key);
            }
        }
    }
    for (key, node) in wanted {
        match (map.get(txn, key), node) {
            (_, Node::Other) => {}
            (Some(Out::YMap(inner)), Node::Map(entries)) => {
                restore_map(txn, &inner, entries, Extra::Removed);
            }
            (Some(Out::YText(text)), Node::Text(content)) => splice::to(txn, &text, content),
            (Some(Out::Any(any)), Node::Plain(value)) if canon::is_same(&any, value) => {}
            (_, Node::Plain(_) | Node::Text(_) | Node::Map(_)) => node.write(txn, map, key),
        }
    }
}

/// Puts an entry into the trash, unless it lies there. What isn't made of fields has no trash.
fn trash(txn: &mut TransactionMut<'_>, map: &MapRef, key: &str, stamp: &Stamp) {
    let Some(Out::YMap(entry)) = map.get(txn, key) else {
        map.remove(txn, key);
        return;
    };
    if matches!(entry.get(txn, "del"), None | Some(Out::Any(Any::Null | Any::Undefined))) {
        entry.insert(txn, "del", stamp.to_any());
    }
}

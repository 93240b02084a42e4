//! Whether a document still serves: it can be saved, opened, joined by a stock reader, and reads the same each time.

use moim::{
    crdt::{Document, Limits, Projection, fold, merge},
    ids::DocKind,
};
use serde_json::Value;
use yrs::{
    Doc, GetString, Map, ReadTxn, StateVector, Transact, types::ToJson, updates::decoder::Decode,
};

/// It can be saved and opened, and who joins with yrs gets the same.
pub fn check(document: &Document) {
    let state = document.encode_state();
    let folded = fold(DocKind::Trip, &state, [])
        .unwrap_or_else(|error| panic!("it can't be folded: {error}"));
    let opened = Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
    assert_eq!(opened.project(), folded.projection, "it reads otherwise when it is opened");
    check_same(&opened, document, "folding changed it");
    assert_eq!(opened.state_vector().len(), document.state_vector().len(), "a client is lost");
    for state in [state, folded.state] {
        let reader = read_with_yrs(&state);
        let back = Document::load(DocKind::Trip, &reader, [], Limits::default()).unwrap();
        check_same(&back, document, "a reader sends back something else");
    }
}

/// A journal of what was accepted makes the document again, one by one and merged.
pub fn check_journal(document: &Document, start: &[u8], accepted: &[Vec<u8>]) {
    let entries = || accepted.iter().map(Vec::as_slice);
    let again = Document::load(DocKind::Trip, start, entries(), Limits::default())
        .unwrap_or_else(|error| panic!("the journal can't be read: {error}"));
    check_same(&again, document, "the journal makes something else");
    if let Some(merged) = merge(accepted).unwrap() {
        let merged = Document::load(DocKind::Trip, start, [merged.as_slice()], Limits::default())
            .unwrap_or_else(|error| panic!("what was merged can't be read: {error}"));
        check_same(&merged, document, "merging makes something else");
    }
}

/// They read the same. What stands where in a text depends on the order in which updates arrive, once somebody
/// lied about neighbours: then as much of it must be there.
fn check_same(one: &Document, other: &Document, what: &str) {
    let (one, other) = (one.project(), other.project());
    assert!(one == other || shape(&one) == shape(&other), "{what}: {one:?}, and {other:?}");
}

/// A projection with the lengths of its texts in their stead.
fn shape(projection: &Projection) -> Value {
    fn measure(value: &mut Value) {
        match value {
            Value::Array(values) => values.iter_mut().for_each(measure),
            Value::Object(fields) => {
                for (key, value) in fields {
                    match value.as_str().filter(|_| ["title", "note", "desc"].contains(&&**key)) {
                        // Where a title is clamped, broken letters tell.
                        Some(text) => *value = text.encode_utf16().count().min(100).into(),
                        None => measure(value),
                    }
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut value = serde_json::to_value(projection).expect("it is JSON");
    measure(&mut value);
    value
}

/// What a yrs client, which collects garbage, makes of a state; it looks at everything in it.
fn read_with_yrs(state: &[u8]) -> Vec<u8> {
    let doc = Doc::new();
    let roots = ["title", "desc", "day:d1:note"].map(|name| doc.get_or_insert_text(name));
    let maps = ["cards", "days", "meta"].map(|name| doc.get_or_insert_map(name));
    let mut txn = doc.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(state).unwrap()).unwrap();
    assert!(!txn.has_missing_updates(), "a reader waits for something");
    drop(txn);
    let txn = doc.transact();
    for text in roots {
        text.get_string(&txn);
    }
    for map in maps {
        map.to_json(&txn);
        assert!(map.keys(&txn).all(|key| map.contains_key(&txn, key)));
    }
    txn.encode_state_as_update_v1(&StateVector::default())
}

//! Honest traffic of stock Yjs clients: nothing of it may be refused, and the server ends where Yjs ends.
//!
//! `tests/golden/traffic.json` was recorded from seeded sessions of three Yjs 13.6 clients: cards, nested texts and maps,
//! formats and embeds, undo and redo, offline windows, merged updates, whole documents sent again, and `fold` where the
//! server drops what was deleted.

use std::{fs, path::Path};

use moim::{
    crdt::{Document, Limits, fold},
    ids::DocKind,
};
use serde::Deserialize;
use serde_json::Value;
use yrs::{Any, Doc, GetString, ReadTxn, Transact, types::ToJson, updates::decoder::Decode};

use crate::bytes::from_base64;

#[derive(Deserialize)]
pub(crate) struct Session {
    seed: u32,
    log: Vec<String>,
    content: Value,
}

impl Session {
    /// What clients sent, in order.
    pub(crate) fn updates(&self) -> Vec<Vec<u8>> {
        let updates = self.log.iter().filter(|line| *line != "fold");
        updates.map(|line| from_base64(line)).collect()
    }
}

pub(crate) fn sessions() -> Vec<Session> {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/traffic.json");
    // A longer recording than the repository holds.
    let path = std::env::var_os("MOIM_TRAFFIC").map_or(recorded, Into::into);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// What a yrs client reads that joins now.
fn content(document: &Document) -> Value {
    let doc = Doc::new();
    let (title, desc) = (doc.get_or_insert_text("title"), doc.get_or_insert_text("desc"));
    let note = doc.get_or_insert_text("day:d1:note");
    let (cards, days) = (doc.get_or_insert_map("cards"), doc.get_or_insert_map("days"));
    let mut txn = doc.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(&document.encode_state()).unwrap()).unwrap();
    assert!(!txn.has_missing_updates());
    let json = |any: Any| serde_json::to_value(any).unwrap();
    serde_json::json!({
        "title": title.get_string(&txn),
        "desc": desc.get_string(&txn),
        "note": note.get_string(&txn),
        "cards": json(cards.to_json(&txn)),
        "days": json(days.to_json(&txn)),
    })
}

fn numbers_as_floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = number.as_f64().into(),
        Value::Array(values) => values.iter_mut().for_each(numbers_as_floats),
        Value::Object(fields) => fields.values_mut().for_each(numbers_as_floats),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn nothing_that_stock_clients_send_is_refused() {
    let sessions = sessions();
    assert!(!sessions.is_empty());
    for session in sessions {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        for (at, line) in session.log.iter().enumerate() {
            if line == "fold" {
                let folded = fold(DocKind::Trip, &document.encode_state(), []).unwrap();
                document =
                    Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
                continue;
            }
            if let Err(refusal) = document.apply(&from_base64(line)) {
                panic!("session {}, line {at}: {refusal}", session.seed);
            }
        }
        let (mut expected, mut found) = (session.content, content(&document));
        numbers_as_floats(&mut expected);
        numbers_as_floats(&mut found);
        assert_eq!(found, expected, "session {}", session.seed);
    }
}

#[test]
fn a_journal_in_any_order_makes_the_same_document() {
    for session in sessions().into_iter().filter(|one| !one.log.iter().any(|line| line == "fold")) {
        let mut updates = session.updates();
        let inorder = fold(DocKind::Trip, &[0, 0], updates.iter().map(Vec::as_slice)).unwrap();
        updates.reverse();
        let reversed = fold(DocKind::Trip, &[0, 0], updates.iter().map(Vec::as_slice)).unwrap();
        assert_eq!(inorder.projection, reversed.projection, "session {}", session.seed);
    }
}

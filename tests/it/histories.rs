//! Random histories of edits as Yjs 13.5 and 13.6 make them: nothing of them may be refused, and the server ends where Yjs ends.
//!
//! `tests/interop/histories/generate.js` makes them, of every kind of shared type, with undo, long offline branches,
//! merged and partial updates. `tests/golden/histories.json` holds some; `make test-histories` makes fresh ones, and lets
//! Yjs read what the server answers.

use std::{collections::BTreeMap, fs, path::Path};

use moim::{
    crdt::{Document, Limits, Refusal, fold, merge},
    ids::DocKind,
};
use serde::Deserialize;
use serde_json::{Value, json};
use yrs::{Any, Array, Doc, GetString, ReadTxn, Transact, types::ToJson, updates::decoder::Decode};

use crate::{
    bytes::{from_base64, to_base64},
    fuzzed::serves,
    golden::difference,
};

#[derive(Deserialize)]
pub(crate) struct History {
    seed: u32,
    log: Vec<String>,
    content: Content,
}

/// What Yjs reads in the end.
#[derive(Deserialize)]
struct Content {
    maps: BTreeMap<String, Value>,
    texts: BTreeMap<String, Value>,
    array: Value,
}

impl History {
    /// What clients sent, in order.
    pub(crate) fn updates(&self) -> Vec<Vec<u8>> {
        let updates = self.log.iter().filter(|line| *line != "fold");
        updates.map(|line| from_base64(line)).collect()
    }
}

pub(crate) fn recorded() -> Vec<History> {
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/histories.json"))
}

/// Those of the repository, or of the file in `MOIM_HISTORIES`.
fn histories() -> Vec<History> {
    std::env::var_os("MOIM_HISTORIES").map_or_else(recorded, |path| read(Path::new(&path)))
}

fn read(path: &Path) -> Vec<History> {
    let histories: Vec<_> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!histories.is_empty(), "{} holds none", path.display());
    histories
}

/// Hears a whole history as the server does. What builds on something that is still to come is sent again by
/// its client after the server asked for that; nothing else may be refused.
fn hear(history: &History, updates: &[Vec<u8>]) -> Document {
    let mut document = Document::new(DocKind::Trip, Limits::default());
    let mut waiting: Vec<&[u8]> = vec![];
    for update in updates {
        waiting.push(update);
        let mut before = 0;
        while waiting.len() != before {
            before = waiting.len();
            waiting.retain(|update| match document.apply(update) {
                Ok(_) => false,
                Err(Refusal::Missing) => true,
                Err(refusal) => panic!("history {}: {refusal}", history.seed),
            });
        }
    }
    assert!(waiting.is_empty(), "history {}: {} updates wait", history.seed, waiting.len());
    document
}

/// What a yrs client that joins now reads of the roots that the history has.
fn content(state: &[u8], like: &Content) -> Value {
    let doc = Doc::new();
    let maps: Vec<_> =
        like.maps.keys().map(|name| (name, doc.get_or_insert_map(&**name))).collect();
    let texts: Vec<_> =
        like.texts.keys().map(|name| (name, doc.get_or_insert_text(&**name))).collect();
    let array = doc.get_or_insert_array("array");
    let mut txn = doc.transact_mut();
    txn.apply_update(yrs::Update::decode_v1(state).unwrap()).unwrap();
    assert!(!txn.has_missing_updates());
    let maps: BTreeMap<_, _> =
        maps.into_iter().map(|(name, map)| (name, plain(&map.to_json(&txn)))).collect();
    let texts: BTreeMap<_, _> =
        texts.into_iter().map(|(name, text)| (name, letters(&text.get_string(&txn)))).collect();
    let array: Vec<_> = array.iter(&txn).map(|value| plain(&value.to_json(&txn))).collect();
    json!({ "maps": maps, "texts": texts, "array": array })
}

/// A value as `tests/interop/histories/content.js` tells it.
pub(crate) fn plain(any: &Any) -> Value {
    use yrs::any::Number;
    match any {
        Any::Undefined => json!({ "$undefined": true }),
        Any::Null => Value::Null,
        Any::Bool(value) => json!(value),
        Any::Number(Number::Float(number)) => json!(number),
        Any::Number(Number::Int(number)) if number.unsigned_abs() < 1 << 53 => {
            json!(*number as f64)
        }
        Any::Number(Number::Int(number)) => json!({ "$integer": number.to_string() }),
        Any::String(text) => letters(text),
        Any::Buffer(bytes) => {
            let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            json!({ "$bytes": hex })
        }
        Any::Array(values) => values.iter().map(plain).collect(),
        Any::Map(fields) => fields.iter().map(|(key, value)| (key.clone(), plain(value))).collect(),
    }
}

/// A letter of two code units may be broken, for some readers and not for others.
pub(crate) fn letters(text: &str) -> Value {
    let letters = text.chars().map(|letter| match letter {
        '\u{fffd}' => "?".to_owned(),
        letter if letter.len_utf16() == 2 => "??".to_owned(),
        letter => letter.to_string(),
    });
    letters.collect::<String>().into()
}

/// JSON has one sort of numbers.
pub(crate) fn numbers_as_floats(value: &mut Value) {
    match value {
        Value::Number(number) => *value = number.as_f64().into(),
        Value::Array(values) => values.iter_mut().for_each(numbers_as_floats),
        Value::Object(fields) => fields.values_mut().for_each(numbers_as_floats),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

fn check_content(history: &History, state: &[u8], what: &str) {
    let Content { maps, texts, array } = &history.content;
    let mut expected = json!({ "maps": maps, "texts": texts, "array": array });
    numbers_as_floats(&mut expected);
    let found = content(state, &history.content);
    let seed = history.seed;
    assert!(found == expected, "history {seed}, {what}: {}", difference(&expected, &found, ""));
}

#[test]
fn nothing_that_yjs_sends_is_refused_and_all_of_it_is_there() {
    let mut answers = vec![];
    for history in histories() {
        let document = hear(&history, &history.updates());
        let state = document.encode_state();
        check_content(&history, &state, "live");
        let folded = fold(DocKind::Trip, &state, []).unwrap();
        check_content(&history, &folded.state, "folded");
        serves::check(&document);
        answers.push(json!({
            "seed": history.seed,
            "live": to_base64(&state),
            "folded": to_base64(&folded.state),
            "lacking": to_base64(&document.encode_diff(&[0]).unwrap()),
        }));
    }
    // For `tests/interop/histories/verify.js`.
    if let Some(path) = std::env::var_os("MOIM_HISTORIES_ANSWERS") {
        fs::write(path, serde_json::to_string(&answers).unwrap()).unwrap();
    }
}

#[test]
fn a_history_whose_rooms_fall_idle_on_the_way_ends_the_same() {
    for history in histories() {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        for line in &history.log {
            if line == "fold" {
                let folded = fold(DocKind::Trip, &document.encode_state(), []).unwrap();
                document =
                    Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
            } else if let Err(refusal) = document.apply(&from_base64(line)) {
                panic!("history {}: {refusal}", history.seed);
            }
        }
        check_content(&history, &document.encode_state(), "idle on the way");
    }
}

#[test]
fn a_history_in_any_order_is_taken_once_what_it_builds_on_is_there() {
    for history in histories() {
        let mut updates = history.updates();
        updates.reverse();
        let document = hear(&history, &updates);
        check_content(&history, &document.encode_state(), "backwards");
    }
}

#[test]
fn a_history_merged_into_one_update_says_the_same() {
    for history in histories() {
        let updates = history.updates();
        // One by one where no single update can say it.
        let merged = merge(&updates).unwrap().map_or(updates, |merged| vec![merged]);
        let document = hear(&history, &merged);
        check_content(&history, &document.encode_state(), "merged");
    }
}

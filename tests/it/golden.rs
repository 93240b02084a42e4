//! Golden documents: real Yjs updates and what Rust and TypeScript alike must read out of them.

use std::{fs, path::Path};

use moim::{
    crdt::{Document, Limits, fold, merge, renew},
    ids::DocKind,
};
use serde::Deserialize;
use serde_json::Value;

use crate::bytes::from_base64;

#[derive(Deserialize)]
struct Golden {
    name: String,
    updates: Vec<String>,
    projection: Value,
}

fn read_all() -> Vec<Golden> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/documents");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<Golden> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
        .collect();
    assert!(!all.is_empty(), "there are no golden documents");
    all
}

/// The updates of each golden document.
pub(crate) fn all_updates() -> impl Iterator<Item = Vec<Vec<u8>>> {
    let updates = |golden: Golden| golden.updates.iter().map(|text| from_base64(text)).collect();
    read_all().into_iter().map(updates)
}

fn check(read: impl Fn(&[Vec<u8>]) -> Value) {
    let mut wrong = vec![];
    for golden in read_all() {
        let updates: Vec<_> = golden.updates.iter().map(|text| from_base64(text)).collect();
        let projection = read(&updates);
        if projection != golden.projection {
            let difference = difference(&golden.projection, &projection, "");
            wrong.push(format!("{}: {difference}", golden.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Where two values differ first.
pub(crate) fn difference(expected: &Value, found: &Value, path: &str) -> String {
    match (expected, found) {
        (Value::Object(one), Value::Object(other)) if one.keys().eq(other.keys()) => {
            let differs = one.iter().find(|(key, value)| other[*key] != **value);
            differs.map_or(path.to_owned(), |(key, value)| {
                difference(value, &other[key], &format!("{path}.{key}"))
            })
        }
        (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
            let differs = (0..one.len()).find(|at| one[*at] != other[*at]);
            differs.map_or(path.to_owned(), |at| {
                difference(&one[at], &other[at], &format!("{path}[{at}]"))
            })
        }
        _ => format!("{path}: expected {expected}, found {found}"),
    }
}

fn apply_all(updates: &[Vec<u8>]) -> Document {
    // A text that is longer than it may be must be clamped all the same.
    let limits = Limits { note_chars: 1 << 20, ..Limits::default() };
    let mut document = Document::new(DocKind::Trip, limits);
    for update in updates {
        document.apply(update).unwrap();
    }
    document
}

#[test]
fn golden_documents_read_as_in_the_browser() {
    check(|updates| serde_json::to_value(apply_all(updates).project()).unwrap());
}

#[test]
fn golden_documents_read_the_same_after_folding() {
    check(|updates| {
        let folded = fold(DocKind::Trip, &[0, 0], updates.iter().map(Vec::as_slice)).unwrap();
        let again = Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
        assert_eq!(again.project(), folded.projection);
        serde_json::to_value(folded.projection).unwrap()
    });
}

#[test]
fn golden_documents_read_the_same_after_they_began_anew() {
    check(|updates| {
        let anew = renew(DocKind::Trip, &[0, 0], updates.iter().map(Vec::as_slice)).unwrap();
        let again = Document::load(DocKind::Trip, &anew.state, [], Limits::default()).unwrap();
        assert_eq!(again.project(), anew.projection);
        serde_json::to_value(anew.projection).unwrap()
    });
}

#[test]
fn golden_documents_read_the_same_from_one_merged_update() {
    check(|updates| {
        let merged = merge(updates).unwrap().expect("they leave no hole");
        serde_json::to_value(apply_all(&[merged]).project()).unwrap()
    });
}

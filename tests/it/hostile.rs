//! Hostile input: none of it may hurt the process, the document or who joins it afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use moim::crdt::{Awareness, Document, Limits, Presence, Refusal, fold, merge};
use yrs::{Doc, GetString, Map, MapPrelim, ReadTxn, StateVector, Text, TextPrelim, Transact};

use crate::bytes::{conversation, from_hex};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile")
}

/// A trip with two cards and a text, made by client 1.
fn trip() -> Document {
    let doc = Doc::with_client_id(1);
    let cards = doc.get_or_insert_map("cards");
    let title = doc.get_or_insert_text("title");
    let mut txn = doc.transact_mut();
    title.push(&mut txn, "héllo 😀");
    for id in ["one", "two"] {
        let card = cards.insert(&mut txn, id, MapPrelim::default());
        card.insert(&mut txn, "kind", "note");
        card.insert(&mut txn, "note", TextPrelim::new("a note"));
    }
    drop(txn);
    let state = doc.transact().encode_state_as_update_v1(&StateVector::default());
    let mut document = Document::new(Limits::default());
    document.apply(&state).unwrap();
    document
}

/// People can still join, edit and save.
fn check_serves(document: &mut Document, what: &str) {
    let state = document.encode_state();
    let folded = fold(&state, []).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut again = Document::load(&folded.state, [], Limits::default()).unwrap();
    assert_eq!(again.project(), document.project(), "{what}");
    document.set_title("still here").unwrap();
    again.set_title("still here").unwrap();
    assert_eq!(document.project().title, "still here", "{what}");
    let visitor = Doc::new();
    let title = visitor.get_or_insert_text("title");
    let mut txn = visitor.transact_mut();
    let diff = document.encode_diff(&[0]).unwrap();
    txn.apply_update(yrs::updates::decoder::Decode::decode_v1(&diff).unwrap()).unwrap();
    assert!(!txn.has_missing_updates(), "{what}");
    assert_eq!(title.get_string(&txn), "still here", "{what}");
}

pub(crate) fn payloads() -> Vec<(String, String, Vec<u8>)> {
    let text = fs::read_to_string(folder().join("payloads.txt")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    lines
        .map(|line| {
            let parts: Vec<_> = line.split('|').map(str::trim).collect();
            let [kind, what, hex] = parts[..] else { panic!("{line}") };
            (kind.to_owned(), what.to_owned(), from_hex(hex))
        })
        .collect()
}

#[test]
fn hostile_payloads_are_refused_at_once_and_harm_nothing() {
    let all = payloads();
    assert!(all.len() > 20);
    for (kind, what, bytes) in all {
        let mut document = trip();
        let before = document.encode_state();
        let began = Instant::now();
        let refused = match kind.as_str() {
            "update" => document.apply(&bytes).err(),
            "state-vector" => document.encode_diff(&bytes).err(),
            "awareness" => set_awareness(&bytes).err(),
            other => panic!("{other}"),
        };
        assert!(refused.is_some(), "{what} was taken");
        assert_ne!(refused, Some(Refusal::Failed), "{what} got as far as yrs");
        assert!(began.elapsed() < Duration::from_secs(1), "{what} took long");
        assert_eq!(document.encode_state(), before, "{what}");
        check_serves(&mut document, &what);
    }
}

fn set_awareness(payload: &[u8]) -> Result<Vec<u64>, Refusal> {
    let user = Presence {
        id: "01JABCDEFGHJKMNPQRSTVWXYZ0".parse().unwrap(),
        name: String::new(),
        color: String::new(),
    };
    Awareness::default().set(1, &user, payload, Instant::now())
}

/// Two updates of client 7 that say different things of the same elements of the title.
#[test]
fn what_a_client_says_twice_is_merged_for_others_as_the_document_has_it() {
    let first = from_hex("01 01 07 00 04 01 05 7469746c65 03 616263 00");
    let longer = from_hex("01 01 07 00 04 01 05 7469746c65 06 78797a646566 00");
    let mut document = Document::new(Limits::default());
    document.apply(&first).unwrap();
    document.apply(&longer).unwrap();
    assert_eq!(document.project().title, "abcdef");
    let merged = merge(&[first, longer]).unwrap().unwrap();
    let reader = Document::load(&merged, [], Limits::default()).unwrap();
    assert_eq!(reader.project().title, "abcdef");
}

/// Client 7 says of elements whose beginning is known that they lie in what is gone. They follow their
/// beginning all the same: they are text, and nothing can lie in them.
#[test]
fn what_follows_a_known_beginning_lies_where_that_does() {
    let title = from_hex("02 01 08 00 00 01 01 07 00 04 01 05 7469746c65 03 616263 00");
    let longer = from_hex("01 01 07 00 04 00 08 00 06 616263646566 00");
    let inside = from_hex("01 01 07 06 27 00 07 03 01 6b 02 00");
    let mut document = Document::new(Limits::default());
    document.apply(&title).unwrap();
    document.apply(&longer).unwrap();
    assert_eq!(document.project().title, "abcdef");
    let refusal = Refusal::Malformed("a parent that is no type");
    assert_eq!(document.apply(&inside), Err(refusal));
    check_serves(&mut document, "the document");
}

#[test]
fn hostile_conversations_harm_nothing() {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "bin")).collect();
    assert_eq!(files.len(), 2);
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for mut document in [trip(), Document::new(Limits::default())] {
            for update in conversation(&bytes) {
                assert_ne!(document.apply(update), Err(Refusal::Failed), "{}", path.display());
                check_serves(&mut document, &path.display().to_string());
            }
        }
    }
}

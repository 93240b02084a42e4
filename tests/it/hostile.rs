//! Hostile input: none of it may hurt the process, the document or who joins it afterwards.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use moim::{
    crdt::{Applied, Awareness, Document, Limits, Presence, Refusal, Work, fold, merge},
    ids::DocKind,
};
use yrs::{
    Doc, GetString, Map, MapPrelim, ReadTxn, StateVector, Text, TextPrelim, Transact, WriteTxn,
};

use crate::{
    bytes::{conversation, from_hex, write_number},
    peers::Peer,
};

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
    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&state).unwrap();
    document
}

/// People can still join, edit and save.
fn check_serves(document: &mut Document, what: &str) {
    let state = document.encode_state();
    let folded = fold(DocKind::Trip, &state, []).unwrap_or_else(|error| panic!("{what}: {error}"));
    let mut again = Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
    assert_eq!(again.project(), document.project(), "{what}");
    document.set_title("still here").unwrap();
    again.set_title("still here").unwrap();
    assert_eq!(document.summary().title, "still here", "{what}");
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
    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&first).unwrap();
    document.apply(&longer).unwrap();
    assert_eq!(document.summary().title, "abcdef");
    let merged = merge(&[first, longer]).unwrap().unwrap();
    let reader = Document::load(DocKind::Trip, &merged, [], Limits::default()).unwrap();
    assert_eq!(reader.summary().title, "abcdef");
}

/// Client 7 says of elements whose beginning is known that they lie in what is gone. They follow their
/// beginning all the same: they are text, and nothing can lie in them.
#[test]
fn what_follows_a_known_beginning_lies_where_that_does() {
    let title = from_hex("02 01 08 00 00 01 01 07 00 04 01 05 7469746c65 03 616263 00");
    let longer = from_hex("01 01 07 00 04 00 08 00 06 616263646566 00");
    let inside = from_hex("01 01 07 06 27 00 07 03 01 6b 02 00");
    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&title).unwrap();
    document.apply(&longer).unwrap();
    assert_eq!(document.summary().title, "abcdef");
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
        for mut document in [trip(), Document::new(DocKind::Trip, Limits::default())] {
            for update in conversation(&bytes) {
                assert_ne!(document.apply(update), Err(Refusal::Failed), "{}", path.display());
                check_serves(&mut document, &path.display().to_string());
            }
        }
    }
}

/// How many updates are taken before one is refused or put off, and how long all of them take.
fn until_refused(
    document: &mut Document,
    updates: impl Iterator<Item = Vec<u8>>,
) -> (usize, Option<Refusal>, Duration) {
    let began = Instant::now();
    let mut taken = 0;
    for update in updates {
        match document.apply(&update) {
            Ok(_) => taken += 1,
            Err(refusal) => return (taken, Some(refusal), began.elapsed()),
        }
    }
    (taken, None, began.elapsed())
}

/// An element of a client that nobody knew: `head` says where it stands.
fn lone(clients: std::ops::Range<u64>, head: &[u8], content: &[u8]) -> Vec<u8> {
    let mut update = vec![];
    write_number(clients.end - clients.start, &mut update);
    for client in clients {
        [1, client, 0].iter().for_each(|number| write_number(*number, &mut update));
        update.extend_from_slice(head);
        update.extend_from_slice(content);
    }
    update.push(0);
    update
}

/// What makes yrs look at the product of what stands there and of what comes is stopped early, and who knows what
/// stands there goes on, also after a restart.
#[test]
fn what_takes_the_square_of_its_length_is_stopped_and_others_go_on() {
    let limits = Limits {
        work: Work { scan: 1 << 20, copy: 1 << 20 },
        lasting_scan: 1 << 22,
        ..Limits::default()
    };
    let shapes: [(&str, &[u8], &[u8]); 3] = [
        ("values of one key", b"\x28\x01\x04meta\x01k", b"\x01\x78"),
        ("values of one key, deleted", b"\x21\x01\x04meta\x01k", b"\x01"),
        ("letters at the beginning of one text", b"\x04\x01\x04page", b"\x01x"),
    ];
    for (what, head, content) in shapes {
        for ascending in [true, false] {
            let mut document = Document::new(DocKind::Trip, limits);
            let updates = (0..200).map(|n| {
                let first = if ascending { n } else { 200 - n } * 500 + 1;
                lone(first..first + 500, head, content)
            });
            let (taken, refusal, took) = until_refused(&mut document, updates);
            assert!(took < Duration::from_secs(40), "{what}: {taken} taken in {took:?}");
            if let Some(refusal) = refusal {
                assert!(matches!(refusal, Refusal::TooMany(_)), "{what}: {refusal}");
            }
            let began = Instant::now();
            let mut again =
                Document::load(DocKind::Trip, &document.encode_state(), [], limits).unwrap();
            assert!(began.elapsed() < Duration::from_secs(40), "{what} took long to load");
            let peer = Peer::new(1 << 40);
            peer.receive(&document.encode_state());
            for n in 0..50 {
                let edit = peer.edit(|txn| {
                    txn.get_or_insert_map("meta").insert(txn, "k", n);
                    txn.get_or_insert_text("page").insert(txn, n, "y");
                    txn.get_or_insert_text("page").push(txn, "z");
                });
                assert_eq!(document.apply(&edit), Ok(Applied::Changed), "{what}");
                assert_eq!(again.apply(&edit), Ok(Applied::Changed), "{what}, after a restart");
            }
        }
    }
}

/// Each letter that is deleted alone has the rest of its text copied.
#[test]
fn cuts_in_a_long_text_are_stopped_before_they_take_long() {
    let limits = Limits { work: Work { scan: 0, copy: 1 << 20 }, ..Limits::default() };
    let mut document = Document::new(DocKind::Trip, limits);
    let peer = Peer::new(1);
    for _ in 0..20 {
        let paste = peer.edit(|txn| txn.get_or_insert_text("page").push(txn, &"x".repeat(200_000)));
        document.apply(&paste).unwrap();
    }
    let cuts = peer.edit(|txn| {
        let page = txn.get_or_insert_text("page");
        for at in 0..2_000 {
            page.remove_range(txn, at * 20, 1);
        }
    });
    let began = Instant::now();
    assert!(matches!(document.apply(&cuts), Err(Refusal::TooMany(_))));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let other = Peer::new(2);
    other.receive(&document.encode_state());
    let few = other.edit(|txn| {
        let page = txn.get_or_insert_text("page");
        for at in 0..20 {
            page.remove_range(txn, at * 20, 1);
        }
    });
    assert_eq!(document.apply(&few), Ok(Applied::Changed));
}

//! What documents take in memory against what is reckoned for them: what costs more than its bytes is reckoned so.

use std::process::{Command, Stdio};

use moim::{
    crdt::{self, Document, Limits, weight},
    ids::DocKind,
};
use yrs::{Array, Map, Text, WriteTxn};

use crate::{
    allocations::{MEMORY, peak_of},
    bytes::write_number,
    peers::{Peer, add_card, card},
};

const CHILD: &str = "weights::a_child_of_one_thread_weighs";

/// Nothing is reckoned at more than so many times what it takes, but for what yrs joins again.
const AT_MOST: usize = 6;

#[test]
fn no_document_takes_more_than_is_reckoned() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([CHILD, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("trips of 400 cards"), "it measured nothing: {said}");
}

/// Whether the parts stay parts.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Parts {
    Stay,
    AreJoined,
}

#[test]
#[ignore = "is started by the test above, in a process of its own"]
fn a_child_of_one_thread_weighs() {
    let _ = Document::new(DocKind::Trip, limits()).apply(&[0, 0]);
    for count in [300, 3_000] {
        for (what, parts, one) in kinds() {
            check(&what, &[update(count, &*one)], parts);
        }
        check("clients", &[of_clients(count)], Parts::Stay);
        check("values in one struct", &[values(count, &[126])], Parts::Stay);
        check("objects in one struct", &[values(count, &[118, 0])], Parts::Stay);
        check("lists in one struct", &[values(count, &[117, 0])], Parts::Stay);
        check(
            "lists in lists",
            &[values(count, &[&[117, 1].repeat(20)[..], &[126]].concat())],
            Parts::Stay,
        );
        check("objects with an entry", &[values(count, &[118, 1, 1, b'a', 126])], Parts::Stay);
        check("texts in one struct", &[values(count, &[119, 1, b'x'])], Parts::Stay);
    }
    check("deleted letters", &letters_deleted(9_000), Parts::Stay);
    check(
        "a long text",
        &[Peer::new(7).edit(|txn| {
            txn.get_or_insert_text("desc").push(txn, &"가나다라 abcd ".repeat(1_500));
        })],
        Parts::Stay,
    );
    check("typing", &typed(3_000), Parts::AreJoined);
    check("a list", &listed(3_000), Parts::AreJoined);
    for cards in [5, 100, 400] {
        let trip = trip(cards);
        check(&format!("trips of {cards} cards"), std::slice::from_ref(&trip), Parts::Stay);
        folding_takes_what_is_reckoned(&format!("trips of {cards} cards"), &trip);
    }
    let arrays = update(40_000, &|at, out| after_previous(at, &[7], &[0], out));
    folding_takes_what_is_reckoned("lists", &arrays);
}

fn limits() -> Limits {
    Limits::default()
}

/// Applies the updates to a document and compares what it takes with what is reckoned.
#[track_caller]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn check(what: &str, updates: &[Vec<u8>], parts: Parts) {
    let before = MEMORY.current_usage();
    let mut document = Document::new(DocKind::Trip, limits());
    for update in updates {
        document.apply(update).unwrap_or_else(|refusal| panic!("{what}: {refusal}"));
    }
    let takes = MEMORY.current_usage().saturating_sub(before);
    let (reckoned, bytes) = (
        updates.iter().map(|one| weight(one)).sum::<usize>(),
        updates.iter().map(Vec::len).sum::<usize>(),
    );
    eprintln!(
        "{what}: {bytes} bytes take {:.0} times as many, {:.1} times that is reckoned",
        takes as f64 / bytes as f64,
        reckoned as f64 / takes as f64,
    );
    // An empty document takes a little as well, which is part of a room.
    assert!(takes <= reckoned + (32 << 10), "{what}: {takes} for {reckoned}");
    let state = document.encode_state();
    drop(document);
    let before = MEMORY.current_usage();
    let loaded = Document::load(DocKind::Trip, &state, [], limits()).unwrap();
    let takes = MEMORY.current_usage().saturating_sub(before);
    let reckoned = weight(&state);
    assert!(takes <= reckoned + (32 << 10), "{what}, loaded: {takes} for {reckoned}");
    if parts == Parts::Stay && takes > 100_000 {
        assert!(reckoned <= AT_MOST * takes, "{what}: {takes}, and {reckoned} is reckoned");
    }
    drop(loaded);
}

/// A fold takes no more than twice what the document is reckoned at, and six times its bytes.
#[track_caller]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
fn folding_takes_what_is_reckoned(what: &str, state: &[u8]) {
    let (peak, folded) = peak_of(|| crdt::fold(DocKind::Trip, state, []));
    folded.unwrap();
    let reckoned = 2 * weight(state) + 6 * state.len();
    eprintln!("folding {what}: {:.1} times is reckoned", reckoned as f64 / peak as f64);
    assert!(peak <= reckoned + (64 << 10), "folding {what}: {peak} for {reckoned}");
    let (peak, document) = peak_of(|| Document::load(DocKind::Trip, state, [], limits()).unwrap());
    let reckoned = 2 * weight(state) + 6 * state.len();
    assert!(peak <= reckoned + (64 << 10), "opening {what}: {peak} for {reckoned}");
    drop(document);
}

type One = Box<dyn Fn(u64, &mut Vec<u8>)>;

/// Structs of one client, each kind by itself.
fn kinds() -> Vec<(String, Parts, One)> {
    let mut kinds: Vec<(String, Parts, One)> = vec![
        (
            "what is deleted".into(),
            Parts::AreJoined,
            Box::new(|at, out| after_previous(at, &[1], &[1], out)),
        ),
        (
            "letters".into(),
            Parts::Stay,
            Box::new(|at, out| before_previous(at, 4, &[1, b'x'], out)),
        ),
        ("binaries".into(), Parts::Stay, Box::new(|at, out| before_previous(at, 3, &[1, 7], out))),
        ("values".into(), Parts::Stay, Box::new(|at, out| before_previous(at, 8, &[1, 126], out))),
        ("embeds".into(), Parts::Stay, Box::new(|at, out| before_previous(at, 5, b"\x02{}", out))),
        (
            "embeds of objects".into(),
            Parts::Stay,
            Box::new(|at, out| before_previous(at, 5, b"\x0f[{},{},{},[[]]]", out)),
        ),
        (
            "formats".into(),
            Parts::Stay,
            Box::new(|at, out| before_previous(at, 6, b"\x01b\x04true", out)),
        ),
        ("keys".into(), Parts::Stay, Box::new(|at, out| named(b"\x28\x01\x01k", at, out))),
        ("roots".into(), Parts::Stay, Box::new(|at, out| named(b"\x08\x01", at, out))),
    ];
    for (name, kind) in
        [("arrays", 0), ("maps", 1), ("texts", 2), ("fragments", 4), ("xml texts", 6)]
    {
        kinds.push((
            name.into(),
            Parts::Stay,
            Box::new(move |at, out| after_previous(at, &[7], &[kind], out)),
        ));
    }
    let element: One = Box::new(|at, out| after_previous(at, &[7], &[3, 1, b'p'], out));
    kinds.push(("xml elements".into(), Parts::Stay, element));
    let within: One = Box::new(|at, out| match at {
        0 => out.extend([0x07, 1, 1, b'r', 0]),
        // Each in the one before, up to a depth of 20.
        _ => {
            out.extend([0x07, 0, 1]);
            write_number(if at % 20 == 0 { 0 } else { at - 1 }, out);
            out.push(0);
        }
    });
    kinds.push(("arrays in arrays".into(), Parts::Stay, within));
    kinds
}

/// An update of client 1 with so many structs.
fn update(count: u64, one: &dyn Fn(u64, &mut Vec<u8>)) -> Vec<u8> {
    let mut update = vec![1];
    [count, 1, 0].iter().for_each(|number| write_number(*number, &mut update));
    (0..count).for_each(|at| one(at, &mut update));
    update.push(0);
    update
}

fn of_clients(count: u64) -> Vec<u8> {
    let mut update = vec![];
    write_number(count, &mut update);
    for client in 0..count {
        [1, client + 5, 0].iter().for_each(|number| write_number(*number, &mut update));
        update.extend([0x08, 1, 1, b'r', 1, 126]);
    }
    update.push(0);
    update
}

/// One struct with so many values.
fn values(count: u64, value: &[u8]) -> Vec<u8> {
    let mut update = vec![1, 1, 1, 0, 0x08, 1, 1, b'r'];
    write_number(count, &mut update);
    (0..count).for_each(|_| update.extend_from_slice(value));
    update.push(0);
    update
}

fn after_previous(at: u64, info: &[u8], content: &[u8], out: &mut Vec<u8>) {
    if at == 0 {
        out.extend_from_slice(info);
        out.extend([1, 1, b'r']);
    } else {
        out.push(0x80 | info[0]);
        [1, at - 1].iter().for_each(|number| write_number(*number, out));
    }
    out.extend_from_slice(content);
}

/// Each stands before the one that came before it: yrs does not join them.
fn before_previous(at: u64, kind: u8, content: &[u8], out: &mut Vec<u8>) {
    if at == 0 {
        out.extend([kind, 1, 1, b'r']);
    } else {
        out.push(0x40 | kind);
        [1, at - 1].iter().for_each(|number| write_number(*number, out));
    }
    out.extend_from_slice(content);
}

fn named(before: &[u8], at: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(before);
    let name = format!("n{at}");
    write_number(name.len() as u64, out);
    out.extend_from_slice(name.as_bytes());
    out.extend([1, 126]);
}

/// A text, and the deletion of every second letter of it.
fn letters_deleted(count: u32) -> Vec<Vec<u8>> {
    let text = Peer::new(1).edit(|txn| {
        txn.get_or_insert_text("desc").push(txn, &"x".repeat(2 * count as usize));
    });
    let mut deletion = vec![0, 1, 1];
    write_number(count.into(), &mut deletion);
    for at in 0..count {
        [u64::from(2 * at), 1].iter().for_each(|number| write_number(*number, &mut deletion));
    }
    vec![text, deletion]
}

fn typed(count: u32) -> Vec<Vec<u8>> {
    let peer = Peer::new(3);
    (0..count)
        .map(|at| peer.edit(|txn| txn.get_or_insert_text("desc").insert(txn, at, "x")))
        .collect()
}

fn listed(count: u32) -> Vec<Vec<u8>> {
    let peer = Peer::new(3);
    let one = |at| {
        peer.edit(|txn| {
            txn.get_or_insert_array("list").insert(txn, at, i64::from(at));
        })
    };
    (0..count).map(one).collect()
}

fn trip(cards: usize) -> Vec<u8> {
    let peer = Peer::new(9);
    peer.edit(|txn| {
        for at in 0..cards {
            add_card(txn, &format!("card-{at:05}"), Some("d1"), &format!("a{at:05}"));
            let card = card(txn, &format!("card-{at:05}"));
            let place = yrs::any!({
                "src": "geonames", "id": "1846266", "name": "성산일출봉", "lat": 33.458, "lng": 126.942,
                "addr": "제주특별자치도 서귀포시 성산읍", "cc": "KR", "tz": "Asia/Seoul"
            });
            card.insert(txn, "place", place);
        }
    })
}

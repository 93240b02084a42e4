//! What documents cost in time and memory. Not run by default: `cargo nextest run --run-ignored only cost --no-capture`.

use std::{fs, hint::black_box, time::Instant};

use moim::{
    crdt::{
        Document, Limits, Work, fold,
        trip::{Card, CardKind, Place, TripDraft},
    },
    ids::DocKind,
};
use yrs::{Array, Map, Text, WriteTxn};

use crate::peers::{Peer, at, card};

/// The state of a trip with so many cards in seven days.
fn trip(cards: usize) -> Vec<u8> {
    let mut draft = TripDraft::with_days("제주 가족 여행", 7, Some("2026-12-24".parse().unwrap()));
    for n in 0..cards {
        let mut made =
            Card::new(format!("01JABCDEFGHJKMNPQRSTVW{n:04}"), CardKind::Place, "카페 올레");
        made.note = "아침에 일찍 가야 줄이 짧다. 주차는 뒤쪽 골목.".into();
        made.place = Some(Place {
            src: "geonames".into(),
            id: n.to_string(),
            name: "카페 올레".into(),
            alt: "Cafe Olle".into(),
            lat: 33.4996,
            lng: 126.5312,
            addr: "제주시 애월읍 애월로 1".into(),
            cc: "KR".into(),
            tz: "Asia/Seoul".into(),
        });
        draft.content_mut().days[n % 7].cards.push(made);
    }
    draft.encode()
}

fn resident_bytes() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

#[expect(clippy::print_stderr, reason = "the numbers are what it is for")]
fn timed<T>(what: &str, times: u32, mut work: impl FnMut() -> T) {
    let began = Instant::now();
    (0..times).for_each(|_| drop(black_box(work())));
    eprintln!("{what}: {:?}", began.elapsed() / times);
}

fn load(state: &[u8]) -> Document {
    Document::load(DocKind::Trip, state, [], Limits::default()).unwrap()
}

#[test]
#[ignore = "measures"]
fn cost_of_updates() {
    let state = trip(200);
    let peer = Peer::new(7);
    peer.receive(&state);
    let id = "01JABCDEFGHJKMNPQRSTVW0003";
    let moves: Vec<_> = (0..5_000)
        .map(|n| {
            peer.edit(|txn| {
                card(txn, id).insert(txn, "at", at(Some("d2"), &format!("a{n}")));
            })
        })
        .collect();
    let letters: Vec<_> = (0..5_000)
        .map(|_| {
            peer.edit(|txn| {
                let note: yrs::TextRef = card(txn, id).get(txn, "note").unwrap().cast().unwrap();
                note.insert(txn, 3, "x");
            })
        })
        .collect();
    for (what, updates) in [("a move", &moves), ("a letter", &letters)] {
        let mut document = load(&state);
        if what == "a letter" {
            for update in &moves {
                document.apply(update).unwrap();
            }
        }
        let mut next = updates.iter();
        timed(&format!("guard and merge {what}"), 5_000, || {
            document.apply(next.next().unwrap()).unwrap()
        });
        let doc = Peer::new(8);
        doc.receive(&state);
        if what == "a letter" {
            moves.iter().for_each(|update| doc.receive(update));
        }
        let mut next = updates.iter();
        timed(&format!("yrs alone, {what}"), 5_000, || doc.receive(next.next().unwrap()));
    }
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "the numbers are what it is for")]
fn cost_of_whole_documents() {
    for cards in [200, 1_000] {
        let state = trip(cards);
        eprintln!("{cards} cards: {} bytes", state.len());
        let document = load(&state);
        timed("  load", 10, || load(&state));
        timed("  yrs alone", 10, || Peer::new(9).receive(&state));
        timed("  encode", 10, || document.encode_state());
        timed("  project", 10, || document.project());
        timed("  summary", 10, || document.summary());
        timed("  fold", 5, || fold(DocKind::Trip, &state, []).unwrap());
        timed("  reader's full step 2", 10, || document.adds_nothing(&state).unwrap());
    }
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "the numbers are what it is for")]
fn cost_in_memory() {
    let (mut kept, mut others) = (vec![], vec![]);
    for (cards, documents) in [(0, 4_000), (5, 2_000), (30, 1_000), (200, 200)] {
        let state = trip(cards);
        let before = resident_bytes();
        kept.extend((0..documents).map(|_| load(&state)));
        let with_guard = (resident_bytes() - before) / documents;
        let before = resident_bytes();
        others.extend((0..documents).map(|_| {
            let peer = Peer::new(9);
            peer.receive(&state);
            peer
        }));
        let alone = (resident_bytes() - before) / documents;
        eprintln!(
            "{cards} cards, {} bytes: {with_guard} in memory, yrs alone {alone}",
            state.len()
        );
    }
}

/// One update in which each of so many clients sets the same key, knowing of no other.
fn rivals(clients: std::ops::Range<u32>) -> Vec<u8> {
    let number = |mut number: u32, out: &mut Vec<u8>| {
        while number >= 0x80 {
            out.push(u8::try_from(number & 0x7f).unwrap() | 0x80);
            number >>= 7;
        }
        out.push(u8::try_from(number).unwrap());
    };
    let mut bytes = vec![];
    number(clients.end - clients.start, &mut bytes);
    for client in clients {
        bytes.push(1);
        number(client, &mut bytes);
        bytes.extend_from_slice(b"\x00\x28\x01\x04meta\x01k\x01\x78");
    }
    bytes.push(0);
    bytes
}

/// How long a step takes where an update takes as many as it may, or nearly.
#[expect(clippy::print_stderr, reason = "the numbers are what it is for")]
fn steps(what: &str, document: &mut Document, update: &[u8]) {
    let mut left = Work::UNLIMITED;
    let began = Instant::now();
    let applied = document.apply_within(update, &mut left);
    let took = began.elapsed();
    let (scan, copy) = (u64::MAX - left.scan, u64::MAX - left.copy);
    let each = took.as_nanos() as f64 / (scan + copy) as f64;
    eprintln!("{what}: {took:?}, {applied:?}, {scan} + {copy} steps, {each:.0} ns each");
}

#[test]
#[ignore = "measures"]
fn cost_of_a_step() {
    let in_front = |client: u64, rows: u32| {
        Peer::new(client).edit(|txn| {
            let list = txn.get_or_insert_array("list");
            for n in 0..rows {
                list.insert(txn, 0, n);
            }
        })
    };
    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&in_front(1, 3_500)).unwrap();
    steps("3 500 rows in front of 3 500", &mut document, &in_front(2, 3_500));

    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&rivals(1..4_000)).unwrap();
    steps("4 000 values of one key after 4 000", &mut document, &rivals(4_000..8_000));
    let mut document = Document::new(DocKind::Trip, Limits::default());
    document.apply(&rivals(4_000..8_000)).unwrap();
    steps("4 000 values of one key before 4 000", &mut document, &rivals(1..4_000));

    for (letters, cuts) in [(4 << 20, 1_000), (1 << 20, 5_000), (1 << 16, 5_000)] {
        for (what, backwards) in [("forwards", false), ("backwards", true)] {
            let mut document =
                Document::new(DocKind::Trip, Limits { update_bytes: 8 << 20, ..Limits::default() });
            let peer = Peer::new(1);
            let text = "한".repeat(letters / 4) + &"x".repeat(letters / 4);
            let paste = peer.edit(|txn| txn.get_or_insert_text("page").push(txn, &text));
            document.apply(&paste).unwrap();
            let cut = peer.edit(|txn| {
                let page = txn.get_or_insert_text("page");
                for n in 0..cuts {
                    let at = if backwards { cuts - n } else { n } * 6;
                    page.insert(txn, at, "y");
                }
            });
            let what = format!("{cuts} words in a text of {letters} bytes, {what}");
            steps(&what, &mut document, &cut);
        }
    }

    let mut document =
        Document::new(DocKind::Trip, Limits { update_bytes: 8 << 20, ..Limits::default() });
    let peer = Peer::new(1);
    let text = peer.edit(|txn| {
        let page = txn.get_or_insert_text("page");
        page.push(txn, &"abcdefghi ".repeat(20_000));
        (0..100_000).for_each(|_| page.insert(txn, 0, "y"));
    });
    document.apply(&text).unwrap();
    let rows = peer.edit(|txn| {
        let page = txn.get_or_insert_text("page");
        (0..10_000).for_each(|n| page.insert(txn, 150_000 + n * 5, "y"));
    });
    steps("10 000 words where a client has made 100 000 pieces", &mut document, &rows);
}

#[test]
#[ignore = "measures"]
#[expect(clippy::print_stderr, reason = "the numbers are what it is for")]
fn cost_of_the_worst_contention() {
    let mut document = Document::new(DocKind::Trip, Limits::default());
    let mut clients = 0;
    let began = Instant::now();
    while document.apply(&rivals(clients + 1..clients + 1_001)).is_ok() {
        clients += 1_000;
    }
    eprintln!("{clients} clients until they are refused: {:?}", began.elapsed());
    let state = document.encode_state();
    timed("loading what they made", 1, || load(&state));
}

//! Documents that live long: what people do thousands of times is never refused, also after a restart, and costs no more each time.
//!
//! `tests/interop/honest/generate.js` makes sessions of stock Yjs clients, of each kind of people. `tests/golden/honest.json`
//! holds short ones; a longer recording is read from the file in `MOIM_SESSIONS`.

use std::{collections::BTreeMap, fs, path::Path};

use moim::{
    crdt::{Applied, Document, Limits, Work, fold},
    ids::DocKind,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use serde::Deserialize;
use serde_json::{Value, json};
use yrs::{
    Any, Array, GetString, Map, MapPrelim, Text, Transact, TransactionMut, WriteTxn,
    XmlElementPrelim, XmlFragment, XmlTextPrelim,
};

use crate::{
    bytes::from_base64,
    golden::difference,
    histories::{letters, numbers_as_floats, plain},
    peers::{Peer, add_card, at, card},
};

/// People around a server, where each has received what was sent so many edits ago.
struct Table {
    server: Document,
    people: Vec<Person>,
    sent: Vec<Vec<u8>>,
}

struct Person {
    peer: Peer,
    received: usize,
}

impl Table {
    fn new(people: u64) -> Self {
        let people = (1..=people).map(|n| Person { peer: Peer::new(n * 17 % 11), received: 0 });
        Self {
            server: Document::new(DocKind::Trip, Limits::default()),
            people: people.collect(),
            sent: vec![],
        }
    }

    /// One edit of one of them, who doesn't know the last `behind` edits yet.
    fn edit(&mut self, who: usize, behind: usize, edit: impl FnOnce(&mut TransactionMut<'_>)) {
        let person = &mut self.people[who];
        let known = self.sent.len().saturating_sub(behind).max(person.received);
        for update in &self.sent[person.received..known] {
            person.peer.receive(update);
        }
        person.received = known;
        let update = person.peer.edit(edit);
        self.take(update);
    }

    /// An edit may take what is free for everybody, and nothing beyond.
    fn take(&mut self, update: Vec<u8>) {
        let mut left = Work::default();
        let applied = self.server.apply_within(&update, &mut left);
        assert_eq!(applied, Ok(Applied::Changed), "edit {}", self.sent.len());
        self.sent.push(update);
    }

    /// The room ends and is opened again: it reads the same, and people go on.
    fn restart(&mut self, edit: impl Fn(&mut TransactionMut<'_>)) {
        for is_folded in [false, true] {
            let mut state = self.server.encode_state();
            if is_folded {
                state = fold(DocKind::Trip, &state, []).unwrap().state;
            }
            self.server = Document::load(DocKind::Trip, &state, [], Limits::default()).unwrap();
            for who in 0..self.people.len() {
                for _ in 0..20 {
                    self.edit(who, 0, &edit);
                }
            }
        }
        for person in &mut self.people {
            self.sent[person.received..].iter().for_each(|update| person.peer.receive(update));
        }
        let reader = Peer::new(999);
        reader.receive(&self.server.encode_state());
        for person in &self.people {
            assert_eq!(reader.state_vector().len(), person.peer.state_vector().len());
            assert_eq!(read(&reader), read(&person.peer));
        }
    }
}

/// The roots that people here write into.
fn read(peer: &Peer) -> (String, String, Any, Any, Any) {
    use yrs::types::ToJson;
    let (text, page) =
        (peer.doc.get_or_insert_text("text"), peer.doc.get_or_insert_xml_fragment("page"));
    let rows = peer.doc.get_or_insert_array("rows");
    let (shape, cards) = (peer.doc.get_or_insert_map("shape"), peer.doc.get_or_insert_map("cards"));
    let txn = peer.doc.transact();
    (
        text.get_string(&txn),
        page.get_string(&txn),
        rows.to_json(&txn),
        shape.to_json(&txn),
        cards.to_json(&txn),
    )
}

/// One author does the same so often, and after a restart goes on.
fn alone(times: usize, edit: impl Fn(&mut TransactionMut<'_>)) {
    let mut table = Table::new(1);
    for _ in 0..times {
        table.edit(0, 0, &edit);
    }
    table.restart(edit);
}

fn paragraph(txn: &mut TransactionMut<'_>) {
    let page = txn.get_or_insert_xml_fragment("page");
    let paragraph = page.push_back(txn, XmlElementPrelim::empty("paragraph"));
    paragraph.push_back(txn, XmlTextPrelim::new("a paragraph"));
}

fn row(txn: &mut TransactionMut<'_>, first: bool) {
    let rows = txn.get_or_insert_array("rows");
    let at = if first { 0 } else { rows.len(txn) };
    let row = rows.insert(txn, at, MapPrelim::default());
    row.insert(txn, "name", "a row");
}

fn drag(txn: &mut TransactionMut<'_>, x: u32) {
    let shape = txn.get_or_insert_map("shape");
    shape.insert(txn, "x", x);
    shape.insert(txn, "y", x % 100);
}

#[test]
fn one_author_appends_paragraphs() {
    alone(5_793, paragraph);
}

#[test]
fn one_author_appends_rows() {
    alone(5_793, |txn| row(txn, false));
}

#[test]
fn one_author_puts_rows_in_front() {
    alone(5_793, |txn| row(txn, true));
}

#[test]
fn one_author_types_at_random_places() {
    let random = std::cell::RefCell::new(StdRng::seed_from_u64(1));
    alone(5_793, |txn| {
        let text = txn.get_or_insert_text("text");
        let at = random.borrow_mut().random_range(0..=text.len(txn));
        text.insert(txn, at, "x");
    });
}

#[test]
fn one_author_drags_a_shape_at_60_hz_for_50_seconds() {
    let x = std::cell::Cell::new(0);
    alone(3_000, |txn| {
        x.set(x.get() + 1);
        drag(txn, x.get());
    });
}

#[test]
fn four_authors_insert_and_correct_in_a_note_of_9_000_letters() {
    let mut table = Table::new(4);
    let note = |txn: &TransactionMut<'_>| -> yrs::TextRef {
        card(txn, "c").get(txn, "note").unwrap().cast().unwrap()
    };
    table.edit(0, 0, |txn| {
        add_card(txn, "c", None, "a0");
        note(txn).push(txn, &"nine letters ".repeat(700)[..9_000]);
    });
    let random = std::cell::RefCell::new(StdRng::seed_from_u64(2));
    let correct = |txn: &mut TransactionMut<'_>| {
        let note = note(txn);
        let at = random.borrow_mut().random_range(0..note.len(txn));
        note.insert(txn, at, "wrnog");
        note.remove_range(txn, at, 5);
        note.insert(txn, at, "w");
    };
    for n in 0..4_000 {
        table.edit(n % 4, if n < 8 { 0 } else { n % 5 }, correct);
    }
    table.restart(correct);
}

#[test]
fn two_people_move_one_card_6_500_times() {
    let mut table = Table::new(2);
    table.edit(0, 0, |txn| add_card(txn, "c", None, "a0"));
    let n = std::cell::Cell::new(0);
    let place = |txn: &mut TransactionMut<'_>| {
        n.set(n.get() + 1);
        let key = format!("a{}", n.get() % 9);
        card(txn, "c").insert(txn, "at", at(Some("d1"), &key));
    };
    for n in 0..6_500 {
        table.edit(n % 2, if n < 4 { 0 } else { n % 3 }, place);
    }
    table.restart(place);
}

/// Both write what the other doesn't know, thousands of times, and it is merged as one update each.
#[test]
fn two_people_come_back_after_a_long_flight() {
    let mut table = Table::new(3);
    table.edit(2, 0, |txn| {
        txn.get_or_insert_text("text").push(txn, "a beginning");
        row(txn, true);
        drag(txn, 0);
    });
    table.edit(0, 0, |txn| drag(txn, 1));
    table.edit(1, 0, |txn| drag(txn, 2));
    for n in 0..3_000 {
        for person in &table.people[..2] {
            person.peer.edit(|txn| {
                let text = txn.get_or_insert_text("text");
                let length = text.len(txn);
                text.insert(txn, if n % 2 == 0 { length } else { length / 2 }, "a word ");
                row(txn, false);
                drag(txn, n);
            });
        }
    }
    for who in 0..2 {
        let update = table.people[who].peer.diff(&table.server.state_vector());
        assert_eq!(table.server.apply(&update), Ok(Applied::Changed));
        table.sent.push(update);
    }
    table.restart(|txn| row(txn, true));
}

/// The same list, to whose front both add while they are offline: yrs compares each with each.
#[test]
fn two_people_put_rows_in_front_offline() {
    let mut table = Table::new(2);
    table.edit(0, 0, |txn| row(txn, true));
    table.edit(1, 0, |txn| row(txn, true));
    for person in &table.people {
        for _ in 0..1_000 {
            person.peer.edit(|txn| row(txn, true));
        }
    }
    for who in 0..2 {
        let update = table.people[who].peer.diff(&table.server.state_vector());
        assert_eq!(table.server.apply(&update), Ok(Applied::Changed));
        table.sent.push(update);
    }
    table.restart(|txn| row(txn, true));
}

/// An editor of its own keeps a text longer than any of the trip's may be.
#[test]
fn a_long_text_is_pasted_into_a_root_of_its_own() {
    let mut table = Table::new(2);
    for n in 0..20 {
        table.edit(n % 2, 0, |txn| {
            txn.get_or_insert_text("text").push(txn, &"a line of text\n".repeat(4_000));
        });
    }
    let random = std::cell::RefCell::new(StdRng::seed_from_u64(3));
    let replace = |txn: &mut TransactionMut<'_>| {
        let text = txn.get_or_insert_text("text");
        let at = random.borrow_mut().random_range(0..text.len(txn) - 5);
        text.remove_range(txn, at, 4);
        text.insert(txn, at, "word");
    };
    for n in 0..300 {
        table.edit(n % 2, 0, replace);
    }
    table.restart(replace);
}

/// What stock clients sent, in order, and what Yjs reads in the end.
#[derive(Deserialize)]
struct Session {
    seed: u32,
    kind: String,
    log: Vec<String>,
    content: Content,
}

#[derive(Deserialize)]
struct Content {
    texts: BTreeMap<String, String>,
    arrays: BTreeMap<String, Value>,
    maps: BTreeMap<String, Value>,
}

fn sessions() -> Vec<Session> {
    let recorded = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/honest.json");
    let path = std::env::var_os("MOIM_SESSIONS").map_or(recorded, Into::into);
    let sessions: Vec<_> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert!(!sessions.is_empty());
    sessions
}

/// What an edit may take beyond what is free for everybody: nothing. In a session of a million edits one may cut a text
/// that has become long; there it is a hundredth of what its author may use in a second.
fn beyond_free() -> Work {
    if std::env::var_os("MOIM_SESSIONS").is_none() {
        return Work::default();
    }
    let Work { scan, copy } = Limits::default().work_per_second;
    Work { scan: scan / 100, copy: copy / 100 }
}

/// What a yrs client that joins now reads of the roots that a session has.
fn content(document: &Document, like: &Content) -> Value {
    use yrs::types::ToJson;
    let reader = Peer::new(1 << 40);
    let doc = &reader.doc;
    let texts: Vec<_> = like.texts.keys().map(|name| doc.get_or_insert_text(&**name)).collect();
    let arrays: Vec<_> = like.arrays.keys().map(|name| doc.get_or_insert_array(&**name)).collect();
    let maps: Vec<_> = like.maps.keys().map(|name| doc.get_or_insert_map(&**name)).collect();
    reader.receive(&document.encode_state());
    let txn = doc.transact();
    json!({
        "texts": texts.iter().map(|text| letters(&text.get_string(&txn))).collect::<Vec<_>>(),
        "arrays": arrays.iter().map(|array| plain(&array.to_json(&txn))).collect::<Vec<_>>(),
        "maps": maps.iter().map(|map| plain(&map.to_json(&txn))).collect::<Vec<_>>(),
    })
}

#[test]
fn sessions_of_stock_clients_are_taken_whole_and_end_where_yjs_ends() {
    for Session { seed, kind, log, content: end } in sessions() {
        let mut document = Document::new(DocKind::Trip, Limits::default());
        for (at, line) in log.iter().enumerate() {
            if line == "fold" {
                let folded = fold(DocKind::Trip, &document.encode_state(), []).unwrap();
                document =
                    Document::load(DocKind::Trip, &folded.state, [], Limits::default()).unwrap();
                continue;
            }
            let applied = document.apply_within(&from_base64(line), &mut beyond_free());
            assert!(applied.is_ok(), "{kind}, seed {seed}, line {at}: {applied:?}");
        }
        assert!(document.memory() < (64 << 10) + log.len() * 1_000, "{}", document.memory());
        let mut expected = json!({
            "texts": end.texts.values().map(|text| letters(text)).collect::<Vec<_>>(),
            "arrays": end.arrays.values().collect::<Vec<_>>(),
            "maps": end.maps.values().collect::<Vec<_>>(),
        });
        numbers_as_floats(&mut expected);
        let mut found = content(&document, &end);
        numbers_as_floats(&mut found);
        assert!(found == expected, "{kind}, seed {seed}: {}", difference(&expected, &found, ""));
    }
}

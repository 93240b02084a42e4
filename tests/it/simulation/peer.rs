//! A person with a replica: edits online and offline, speaks the protocol, remembers what was acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use moim::protocol::{self, Message};
use rand::{Rng, rngs::StdRng};
use yrs::{
    Any, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector,
    Text, TextPrelim, TextRef, Transact, Update, WriteTxn, updates::decoder::Decode,
};

/// A mark that a peer set or took back in the document: the edits whose survival is checked.
pub(super) type Mark = String;

/// What a message to the server carried.
#[derive(Debug, Clone, Default)]
struct Carried {
    set: BTreeSet<Mark>,
    taken_back: BTreeSet<Mark>,
}

/// Our end of a connection.
#[derive(Debug, Default)]
pub(super) struct Wire {
    pub(super) to_server: VecDeque<Message>,
    pub(super) to_peer: VecDeque<Bytes>,
    /// Step 2 and update messages so far, with what each carried.
    sent: Vec<Carried>,
}

pub(super) struct Peer {
    name: usize,
    pub(super) doc: Doc,
    pub(super) wire: Option<Wire>,
    /// Asks for counted acknowledgements.
    pub(super) counted: bool,
    marks: u64,
    /// Everything done so far.
    done: Carried,
    /// What the server said is durable.
    pub(super) acknowledged_set: BTreeSet<Mark>,
    pub(super) acknowledged_taken_back: BTreeSet<Mark>,
}

pub(super) fn replica(client: u64) -> Doc {
    let options = Options {
        client_id: yrs::ClientID::new(client),
        offset_kind: OffsetKind::Utf16,
        ..Options::default()
    };
    Doc::with_options(options)
}

impl Peer {
    pub(super) fn new(name: usize, client: u64, counted: bool) -> Self {
        Self {
            name,
            doc: replica(client),
            wire: None,
            counted,
            marks: 0,
            done: Carried::default(),
            acknowledged_set: BTreeSet::new(),
            acknowledged_taken_back: BTreeSet::new(),
        }
    }

    /// Begins a connection, as stock clients do: with a step 1.
    pub(super) fn connect(&mut self) {
        let state_vector = self.doc.transact().state_vector();
        let mut wire = Wire::default();
        wire.to_server.push_back(Message::Step1(encode(&state_vector)));
        self.wire = Some(wire);
    }

    /// One edit; sent at once if there is a connection.
    pub(super) fn edit(&mut self, rng: &mut StdRng) {
        let before = self.doc.transact().state_vector();
        let carried = match rng.random_range(0..8) {
            0 | 1 => self.mark(),
            2 => self.take_back(rng),
            3 => self.type_text(rng),
            4 => self.delete_text(rng),
            5 => self.create_card(),
            6 => self.write_in_card(rng),
            _ => self.move_card(rng),
        };
        self.done.set.extend(carried.set.iter().cloned());
        self.done.taken_back.extend(carried.taken_back.iter().cloned());
        // A difference carries the whole delete set, so also what a transaction only deleted.
        let update = self.doc.transact().encode_state_as_update_v1(&before);
        if let Some(wire) = &mut self.wire {
            wire.to_server.push_back(Message::Update(update.into()));
            wire.sent.push(carried);
        }
    }

    fn mark(&mut self) -> Carried {
        self.marks += 1;
        let mark = format!("mark:{}:{}", self.name, self.marks);
        self.map("meta", |map, txn| {
            map.insert(txn, mark.clone(), Any::from(true));
        });
        Carried { set: [mark].into(), ..Carried::default() }
    }

    fn take_back(&mut self, rng: &mut StdRng) -> Carried {
        let open: Vec<_> = self.done.set.difference(&self.done.taken_back).cloned().collect();
        let Some(mark) = pick(&open, rng) else { return self.mark() };
        self.map("meta", |map, txn| {
            map.remove(txn, mark);
        });
        Carried { taken_back: [mark.clone()].into(), ..Carried::default() }
    }

    fn type_text(&mut self, rng: &mut StdRng) -> Carried {
        let words = ["모임", "trip ", "여행🙂", "x"];
        let at = rng.random::<u32>();
        self.text("desc", |text, txn| {
            let at = boundary(text, txn, at);
            text.insert(txn, at, words[at as usize % words.len()]);
        })
    }

    fn delete_text(&mut self, rng: &mut StdRng) -> Carried {
        let at = rng.random::<u32>();
        self.text("desc", |text, txn| {
            let length = text.len(txn);
            if length > 0 {
                let at = at % length;
                text.remove_range(txn, at, (length - at).min(3));
            }
        })
    }

    fn create_card(&mut self) -> Carried {
        self.marks += 1;
        let id = format!("card-{}-{}", self.name, self.marks);
        self.map("cards", |cards, txn| {
            let card = cards.insert(txn, id, MapPrelim::default());
            card.insert(txn, "kind", "place");
            card.insert(txn, "title", TextPrelim::new("섬"));
            card.insert(txn, "note", TextPrelim::new(""));
            card.insert(txn, "at", Any::from(vec![Any::from("d1"), Any::from("a0")]));
        })
    }

    fn write_in_card(&mut self, rng: &mut StdRng) -> Carried {
        self.with_card(rng, |card, txn| {
            if let Some(Out::YText(note)) = card.get(txn, "note") {
                note.insert(txn, 0, "메모");
            }
        })
    }

    fn move_card(&mut self, rng: &mut StdRng) -> Carried {
        let key = format!("a{}", rng.random_range(0..10));
        self.with_card(rng, |card, txn| {
            card.insert(txn, "at", Any::from(vec![Any::from("d2"), Any::from(key)]));
        })
    }

    fn with_card(
        &mut self,
        rng: &mut StdRng,
        change: impl FnOnce(&MapRef, &mut yrs::TransactionMut<'_>),
    ) -> Carried {
        let at = rng.random::<u32>() as usize;
        self.map("cards", |cards, txn| {
            let ids: BTreeSet<_> = cards.keys(txn).map(str::to_owned).collect();
            if let Some(id) = ids.iter().nth(at % ids.len().max(1))
                && let Some(Out::YMap(card)) = cards.get(txn, id)
            {
                change(&card, txn);
            }
        })
    }

    fn map(
        &mut self,
        root: &str,
        change: impl FnOnce(&MapRef, &mut yrs::TransactionMut<'_>),
    ) -> Carried {
        let mut txn = self.doc.transact_mut();
        let map = txn.get_or_insert_map(root);
        change(&map, &mut txn);
        Carried::default()
    }

    fn text(
        &mut self,
        root: &str,
        change: impl FnOnce(&TextRef, &mut yrs::TransactionMut<'_>),
    ) -> Carried {
        let mut txn = self.doc.transact_mut();
        let text = txn.get_or_insert_text(root);
        change(&text, &mut txn);
        Carried::default()
    }

    /// The marks that the peer itself took back, acknowledged or not.
    pub(super) fn taken_back(&self) -> &BTreeSet<Mark> {
        &self.done.taken_back
    }

    /// Whether the server has said that everything is stored.
    pub(super) fn is_acknowledged(&self) -> bool {
        self.acknowledged_set == self.done.set
            && self.acknowledged_taken_back == self.done.taken_back
    }

    /// Reads one frame of the server.
    pub(super) fn receive(&mut self, frame: Bytes) {
        match frame.first() {
            Some(100) => return self.stored(varint(&frame[1..])),
            // Whatever it was comes again, with the step 2 that the server asks for.
            Some(101 | 2) => return,
            _ => {}
        }
        for message in protocol::messages(frame) {
            match message.expect("the server speaks the protocol") {
                Message::Step1(state_vector) => self.answer(&state_vector),
                Message::Step2(update) | Message::Update(update) => {
                    let update = Update::decode_v1(&update).expect("an update");
                    self.doc.transact_mut().apply_update(update).expect("applies");
                }
                Message::Awareness(_) | Message::AskAwareness | Message::Token(_) => {}
            }
        }
    }

    fn answer(&mut self, state_vector: &[u8]) {
        let state_vector = StateVector::decode_v1(state_vector).expect("a state vector");
        let update = self.doc.transact().encode_state_as_update_v1(&state_vector);
        let done = self.done.clone();
        if let Some(wire) = &mut self.wire {
            wire.to_server.push_back(Message::Step2(update.into()));
            wire.sent.push(done);
        }
    }

    /// W4
    fn stored(&mut self, count: u64) {
        let Some(wire) = &self.wire else { return };
        for carried in &wire.sent[..usize::try_from(count).expect("a count")] {
            self.acknowledged_set.extend(carried.set.iter().cloned());
            self.acknowledged_taken_back.extend(carried.taken_back.iter().cloned());
        }
    }
}

fn varint(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f))
}

fn boundary(text: &TextRef, txn: &impl ReadTxn, at: u32) -> u32 {
    // Not inside a surrogate pair: typing never lands there.
    let boundaries: Vec<u32> = text
        .get_string(txn)
        .chars()
        .scan(0, |offset, char| Some(std::mem::replace(offset, *offset + char.len_utf16() as u32)))
        .collect();
    boundaries.get(at as usize % boundaries.len().max(1)).copied().unwrap_or(0)
}

fn pick<'a, T>(from: &'a [T], rng: &mut StdRng) -> Option<&'a T> {
    (!from.is_empty()).then(|| &from[rng.random_range(0..from.len())])
}

fn encode(state_vector: &StateVector) -> Bytes {
    use yrs::updates::encoder::Encode;
    state_vector.encode_v1().into()
}

/// What a replica says, in one comparable value.
pub(super) fn content(doc: &Doc) -> BTreeMap<String, String> {
    let (meta, cards, desc) = {
        let mut txn = doc.transact_mut();
        (
            txn.get_or_insert_map("meta"),
            txn.get_or_insert_map("cards"),
            txn.get_or_insert_text("desc"),
        )
    };
    let txn = doc.transact();
    let mut all = BTreeMap::from([("desc".to_owned(), desc.get_string(&txn))]);
    all.extend(meta.iter(&txn).map(|(key, value)| (key.to_owned(), value.to_string(&txn))));
    for (id, card) in cards.iter(&txn) {
        let Out::YMap(card) = card else { continue };
        all.extend(
            card.iter(&txn).map(|(key, value)| (format!("{id}.{key}"), value.to_string(&txn))),
        );
    }
    all
}

//! A person with a replica: edits online and offline, speaks the protocol, remembers what was acknowledged.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use bytes::Bytes;
use moim::{
    ids::UserId,
    protocol::{self, Message},
};
use rand::{Rng, rngs::StdRng};
use yrs::{
    Any, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector,
    Text, TextPrelim, TextRef, Transact, Update, WriteTxn, sync::AwarenessUpdate,
    updates::decoder::Decode,
};

/// A mark that a peer set or took back in the document: the edits whose survival is checked. It is a key of
/// `content`, or (a memo) a part of one of its values.
pub(crate) type Mark = String;

/// What the mark of a new card ends with: the key that never changes.
pub(crate) const CARD: &str = ".kind";

/// What a message to the server carried.
#[derive(Debug, Clone, Default)]
struct Carried {
    set: BTreeSet<Mark>,
    taken_back: BTreeSet<Mark>,
}

/// Our end of a connection.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    pub(crate) to_server: VecDeque<Message>,
    pub(crate) to_peer: VecDeque<Bytes>,
    /// Step 2 and update messages so far, with what each carried.
    sent: Vec<Sent>,
    /// The first so many of them are stored.
    stored: usize,
    /// Which of them were refused, with the status and the reason.
    refusals: Vec<(usize, String)>,
    /// The server has asked for what it lacks, and was answered.
    answered: bool,
    /// The server has answered our step 1: everything that it had is here.
    pub(crate) synced: bool,
}

/// A message that counts, and what it carried; nothing once it was refused.
#[derive(Debug, Default)]
struct Sent {
    carried: Carried,
    update: Bytes,
}

pub(crate) struct Peer {
    name: usize,
    /// Of its replica and of its awareness.
    pub(crate) client: u64,
    clock: u64,
    pub(crate) user: UserId,
    /// The awareness of everybody, as the server told it.
    pub(crate) seen: BTreeMap<u64, String>,
    pub(crate) doc: Doc,
    pub(crate) wire: Option<Wire>,
    /// Asks for counted acknowledgements.
    pub(crate) counted: bool,
    /// What the server last said that its person may do; empty if it said nothing.
    pub(crate) role: &'static str,
    marks: u64,
    /// Everything done so far.
    done: Carried,
    /// What the server said is durable.
    pub(crate) acknowledged_set: BTreeSet<Mark>,
    pub(crate) acknowledged_taken_back: BTreeSet<Mark>,
    /// The updates of which the server said so.
    pub(crate) acknowledged: Vec<Bytes>,
    /// Step 2 and update messages over all connections.
    pub(crate) messages: usize,
}

pub(crate) fn replica(client: u64) -> Doc {
    let options = Options {
        client_id: yrs::ClientID::new(client),
        offset_kind: OffsetKind::Utf16,
        ..Options::default()
    };
    Doc::with_options(options)
}

impl Peer {
    pub(crate) fn new(name: usize, client: u64, counted: bool) -> Self {
        Self {
            name,
            client,
            clock: 0,
            user: UserId::new(),
            seen: BTreeMap::new(),
            doc: replica(client),
            wire: None,
            counted,
            role: "",
            marks: 0,
            done: Carried::default(),
            acknowledged_set: BTreeSet::new(),
            acknowledged_taken_back: BTreeSet::new(),
            acknowledged: Vec::new(),
            messages: 0,
        }
    }

    /// Begins a connection, as stock clients do: with a step 1.
    pub(crate) fn connect(&mut self) {
        self.wire = Some(Wire::default());
        self.ask();
    }

    /// Lets go of its replica, which is of no use in the epoch that has begun, and of what was not acknowledged.
    pub(crate) fn begin_anew(&mut self, client: u64) {
        // What it took back without hearing that this is stored may be there or not.
        for mark in self.done.taken_back.difference(&self.acknowledged_taken_back) {
            self.acknowledged_set.remove(mark);
        }
        self.done = Carried {
            set: self.acknowledged_set.clone(),
            taken_back: self.acknowledged_taken_back.clone(),
        };
        self.acknowledged.clear();
        self.seen.clear();
        (self.client, self.clock, self.doc, self.wire) = (client, 0, replica(client), None);
    }

    /// Asks for all that is not here.
    pub(crate) fn ask(&mut self) {
        let state_vector = self.doc.transact().state_vector();
        if let Some(wire) = &mut self.wire {
            wire.synced = false;
            wire.to_server.push_back(Message::Step1(encode(&state_vector)));
        }
    }

    /// Moves its cursor; the others see that if there is a connection.
    pub(crate) fn wave(&mut self) {
        self.clock += 1;
        let Some(wire) = &mut self.wire else { return };
        let mut entry = Vec::new();
        for mut number in [1, self.client, self.clock] {
            while number >= 0x80 {
                entry.push(number.to_le_bytes()[0] | 0x80);
                number >>= 7;
            }
            entry.push(number.to_le_bytes()[0]);
        }
        entry.extend(b"\x02{}");
        wire.to_server.push_back(Message::Awareness(entry.into()));
    }

    /// One edit; sent at once if there is a connection.
    pub(crate) fn edit(&mut self, rng: &mut StdRng) {
        self.change(|this| match rng.random_range(0..8) {
            0 | 1 => this.mark(),
            2 => this.take_back(rng),
            3 => this.type_text(rng),
            4 => this.delete_text(rng),
            5 => this.create_card(),
            6 => this.write_in_card(rng),
            _ => this.move_card(rng),
        });
    }

    /// One edit that sets a mark, and the mark.
    pub(crate) fn set_mark(&mut self) -> Mark {
        self.change(Self::mark);
        format!("mark:{}:{}", self.name, self.marks)
    }

    /// One edit that types into the description.
    pub(crate) fn describe(&mut self, words: &str) {
        self.change(|this| this.text("desc", |text, txn| text.insert(txn, 0, words)));
    }

    /// One edit that makes so many cards, each with a note of so many letters.
    pub(crate) fn fill_cards(&mut self, cards: usize, letters: usize) {
        self.change(|this| {
            this.map("cards", |map, txn| {
                for at in 0..cards {
                    let card = map.insert(txn, format!("full-{at}"), MapPrelim::default());
                    card.insert(txn, "kind", "note");
                    card.insert(txn, "note", TextPrelim::new("가".repeat(letters)));
                }
            })
        });
    }

    /// One edit that goes out together with all that is here, as after a time offline.
    pub(crate) fn set_mark_and_say_all(&mut self) {
        let carried = self.mark();
        self.done.set.extend(carried.set);
        self.answer(&[0]);
    }

    fn change(&mut self, change: impl FnOnce(&mut Self) -> Carried) {
        let before = self.doc.transact().state_vector();
        let carried = change(self);
        self.done.set.extend(carried.set.iter().cloned());
        self.done.taken_back.extend(carried.taken_back.iter().cloned());
        // A difference carries the whole delete set, so also what a transaction only deleted.
        let update = Bytes::from(self.doc.transact().encode_state_as_update_v1(&before));
        self.send(Message::Update(update.clone()), Sent { carried, update });
    }

    fn send(&mut self, message: Message, sent: Sent) {
        if let Some(wire) = &mut self.wire {
            wire.to_server.push_back(message);
            wire.sent.push(sent);
            self.messages += 1;
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
        // A replica that began anew has its own marks only when it has come to know the document.
        let here = content(&self.doc);
        let is_open = |mark: &&Mark| {
            let is_here = mark.starts_with("mark:") && here.contains_key(*mark);
            is_here && !self.done.taken_back.contains(*mark)
        };
        let open: Vec<_> = self.done.set.iter().filter(is_open).cloned().collect();
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
        let mark = format!("{id}{CARD}");
        self.map("cards", |cards, txn| {
            let card = cards.insert(txn, id, MapPrelim::default());
            card.insert(txn, "kind", "place");
            card.insert(txn, "title", TextPrelim::new("섬"));
            card.insert(txn, "note", TextPrelim::new(""));
            card.insert(txn, "at", Any::from(vec![Any::from("d1"), Any::from("a0")]));
        });
        Carried { set: [mark].into(), ..Carried::default() }
    }

    fn write_in_card(&mut self, rng: &mut StdRng) -> Carried {
        self.marks += 1;
        let memo = format!("[메모:{}:{}]", self.name, self.marks);
        let mut carried = Carried::default();
        self.with_card(rng, |card, txn| {
            if let Some(Out::YText(note)) = card.get(txn, "note") {
                note.insert(txn, 0, &memo);
                carried.set.insert(memo);
            }
        });
        carried
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
    pub(crate) fn taken_back(&self) -> &BTreeSet<Mark> {
        &self.done.taken_back
    }

    /// Whether the server has said that everything is stored.
    pub(crate) fn is_acknowledged(&self) -> bool {
        self.acknowledged_set == self.done.set
            && self.acknowledged_taken_back == self.done.taken_back
    }

    /// Reads one frame of the server.
    pub(crate) fn receive(&mut self, frame: Bytes) {
        match frame.first() {
            Some(100) => return self.stored(varint(&frame[1..])),
            Some(101) => return self.refused(&frame),
            Some(2) => return self.allowed(&frame),
            _ => {}
        }
        for message in protocol::messages(frame) {
            match message.expect("the server speaks the protocol") {
                Message::Step1(state_vector) => self.answer(&state_vector),
                Message::Step2(update) => {
                    apply(&self.doc, &update);
                    if let Some(wire) = &mut self.wire {
                        wire.synced = true;
                    }
                }
                Message::Update(update) => apply(&self.doc, &update),
                Message::Awareness(states) => self.look(&states),
                Message::AskAwareness | Message::Token(_) | Message::Probe => {}
            }
        }
    }

    /// Notes what its person may do from now on.
    fn allowed(&mut self, frame: &[u8]) {
        for role in ["viewer", "editor", "owner"] {
            if frame == protocol::access(role) {
                self.role = role;
            }
        }
    }

    fn look(&mut self, states: &[u8]) {
        let states = AwarenessUpdate::decode_v1(states).expect("awareness");
        for (id, state) in states.clients {
            if &*state.json == "null" {
                self.seen.remove(&id.get());
            } else {
                self.seen.insert(id.get(), state.json.to_string());
            }
        }
    }

    fn answer(&mut self, state_vector: &[u8]) {
        let state_vector = StateVector::decode_v1(state_vector).expect("a state vector");
        let update = Bytes::from(self.doc.transact().encode_state_as_update_v1(&state_vector));
        let carried = self.done.clone();
        self.send(Message::Step2(update.clone()), Sent { carried, update });
        if let Some(wire) = &mut self.wire {
            wire.answered = true;
        }
    }

    /// W4
    fn stored(&mut self, count: u64) {
        let Some(wire) = &mut self.wire else { return };
        let count = usize::try_from(count).expect("a count");
        for sent in &mut wire.sent[wire.stored..count] {
            let Sent { carried, update } = std::mem::take(sent);
            self.acknowledged_set.extend(carried.set);
            self.acknowledged_taken_back.extend(carried.taken_back);
            // Empty: it was refused.
            self.acknowledged.extend(Some(update).filter(|update| !update.is_empty()));
        }
        wire.stored = count;
    }

    /// Whatever it was comes again, with the step 2 that the server asks for.
    fn refused(&mut self, frame: &[u8]) {
        let Some(wire) = &mut self.wire else { return };
        let nth = usize::try_from(varint(&frame[1..])).expect("a count");
        wire.sent[nth - 1] = Sent::default();
        wire.refusals.push((nth, String::from_utf8_lossy(&frame[2..]).into_owned()));
    }

    /// How the server stands to what was said, in words.
    pub(crate) fn standing(&self) -> String {
        let Some(wire) = &self.wire else { return "not connected".to_owned() };
        let Wire { stored, sent, answered, synced, refusals, .. } = wire;
        let (sent, waiting) = (sent.len(), wire.to_server.len());
        format!(
            "{stored} of {sent} stored, {waiting} not sent, asked: {answered}, synced: {synced}, refused: {refusals:?}"
        )
    }

    /// Whether the server has asked for everything, and has said that it is stored.
    pub(crate) fn is_settled(&self) -> bool {
        self.wire.as_ref().is_some_and(|wire| {
            wire.answered && wire.to_server.is_empty() && wire.stored == wire.sent.len()
        })
    }

    /// Whether nothing has come and nothing was made.
    pub(crate) fn is_untouched(&self) -> bool {
        self.doc.transact().state_vector().is_empty()
    }

    /// Messages that the server has not answered yet.
    pub(crate) fn unanswered(&self) -> usize {
        self.wire.as_ref().map_or(0, |wire| wire.sent.len() - wire.stored)
    }
}

/// The number at the beginning.
fn varint(bytes: &[u8]) -> u64 {
    let length = bytes.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    bytes[..length].iter().rev().fold(0, |sum, byte| sum << 7 | u64::from(byte & 0x7f))
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

/// Takes an update in.
pub(crate) fn apply(doc: &Doc, update: &[u8]) {
    let update = Update::decode_v1(update).expect("an update");
    doc.transact_mut().apply_update(update).expect("applies");
}

/// All of a replica in one update.
pub(crate) fn state(doc: &Doc) -> Vec<u8> {
    doc.transact().encode_state_as_update_v1(&StateVector::default())
}

/// Whether none of these updates would add anything, down to the last deletion.
pub(crate) fn has_all<'a>(doc: &Doc, updates: impl IntoIterator<Item = &'a [u8]>) -> bool {
    let before = doc.transact().snapshot();
    updates.into_iter().for_each(|update| apply(doc, update));
    doc.transact().snapshot() == before
}

/// What a replica says, in one comparable value.
pub(crate) fn content(doc: &Doc) -> BTreeMap<String, String> {
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

/// How often a memo is there.
pub(crate) fn times(content: &BTreeMap<String, String>, memo: &Mark) -> usize {
    content.values().map(|value| value.matches(memo.as_str()).count()).sum()
}

/// Whether a mark is set.
pub(crate) fn holds(content: &BTreeMap<String, String>, mark: &Mark) -> bool {
    content.contains_key(mark)
        || (mark.starts_with('[') && content.values().any(|value| value.contains(mark)))
}

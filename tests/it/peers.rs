//! Yrs clients that edit a trip, for tests: what they do comes from a seeded generator.

use moim::crdt::{self, trip};
use rand::{Rng, rngs::StdRng};
use yrs::{
    Any, Doc, GetString, Map, MapPrelim, MapRef, OffsetKind, Options, Out, ReadTxn, StateVector,
    Text, TextPrelim, TextRef, Transact, TransactionMut, any, updates::decoder::Decode,
};

/// What a document shows, of a trip.
pub(crate) fn trip(projection: &crdt::Projection) -> &trip::Projection {
    let crdt::Projection::Trip(trip) = projection;
    trip
}

/// One client.
pub(crate) struct Peer {
    pub(crate) doc: Doc,
}

const WORDS: &[&str] = &["제주", "한글 입력", "😀", "x", "🏝️", "long text"];

impl Peer {
    pub(crate) fn new(client: u64) -> Self {
        let options = Options {
            offset_kind: OffsetKind::Utf16,
            ..Options::with_client_id(yrs::ClientID::new(client))
        };
        let doc = Doc::with_options(options);
        for name in ["title", "desc", "day:d1:note"] {
            doc.get_or_insert_text(name);
        }
        for name in ["cards", "days", "meta"] {
            doc.get_or_insert_map(name);
        }
        Self { doc }
    }

    /// Edits in one transaction; returns the update.
    pub(crate) fn edit(&self, edit: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        edit(&mut txn);
        txn.commit();
        txn.encode_update_v1()
    }

    pub(crate) fn receive(&self, update: &[u8]) {
        let update = yrs::Update::decode_v1(update).unwrap();
        self.doc.transact_mut().apply_update(update).unwrap();
    }

    pub(crate) fn state_vector(&self) -> Vec<u8> {
        use yrs::updates::encoder::Encode;
        self.doc.transact().state_vector().encode_v1()
    }

    /// What somebody with this state vector lacks.
    pub(crate) fn diff(&self, state_vector: &[u8]) -> Vec<u8> {
        let known = StateVector::decode_v1(state_vector).unwrap();
        self.doc.transact().encode_state_as_update_v1(&known)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        let text = self.doc.get_or_insert_text(name);
        text.get_string(&self.doc.transact())
    }

    /// How many entries a root map has.
    pub(crate) fn count(&self, name: &str) -> usize {
        let map = self.doc.get_or_insert_map(name);
        map.len(&self.doc.transact()) as usize
    }

    /// Some edit or other.
    pub(crate) fn edit_somehow(&self, random: &mut StdRng) -> Vec<u8> {
        self.edit(|txn| {
            for _ in 0..random.random_range(1..4) {
                act(txn, random);
            }
        })
    }
}

fn act(txn: &mut TransactionMut<'_>, random: &mut StdRng) {
    let cards = txn.get_map("cards").unwrap();
    let days = txn.get_map("days").unwrap();
    let mut ids: Vec<String> = cards.keys(txn).map(ToOwned::to_owned).collect();
    ids.sort_unstable();
    let id = if ids.is_empty() { None } else { Some(&ids[random.random_range(0..ids.len())]) };
    let card: Option<MapRef> = id.and_then(|id| cards.get(txn, id)?.cast().ok());
    let day = ["d1", "d2", "d3", "d4"][random.random_range(0..4)];
    match (random.random_range(0..10), card) {
        (0, _) | (_, None) => {
            add_card(txn, &format!("c{}", random.random::<u16>()), Some(day), "a1");
        }
        (1, Some(card)) => {
            card.insert(txn, "at", at(Some(day), &format!("a{}", random.random_range(0..9))));
        }
        (2, Some(card)) => {
            card.insert(txn, "del", if random.random() { Any::Null } else { any!({"by": "u"}) });
        }
        (3, Some(_)) => {
            days.insert(txn, day, any!({"ord": "a1"}));
        }
        (4, Some(_)) => {
            days.remove(txn, day);
        }
        (5, Some(_)) if random.random_range(0..3) == 0 => {
            cards.remove(txn, id.unwrap());
        }
        (6, Some(_)) => type_into(txn, "title", random),
        (7, Some(_)) => type_into(txn, "day:d1:note", random),
        (_, Some(card)) => {
            if let Some(Out::YText(note)) = card.get(txn, "note") {
                type_somewhere(txn, &note, random);
            }
        }
    }
}

fn type_into(txn: &mut TransactionMut<'_>, name: &str, random: &mut StdRng) {
    let text = txn.get_text(name).unwrap();
    type_somewhere(txn, &text, random);
}

/// Types or deletes between two letters.
fn type_somewhere(txn: &mut TransactionMut<'_>, text: &TextRef, random: &mut StdRng) {
    let content = text.get_string(txn);
    let mut places: Vec<u32> = vec![0];
    for letter in content.chars() {
        places.push(places.last().unwrap() + u32::try_from(letter.len_utf16()).unwrap());
    }
    let from = random.random_range(0..places.len());
    let to = (from + random.random_range(0..4)).min(places.len() - 1);
    if random.random_range(0..3) == 0 && to > from {
        text.remove_range(txn, places[from], places[to] - places[from]);
    } else {
        text.insert(txn, places[from], WORDS[random.random_range(0..WORDS.len())]);
    }
}

pub(crate) fn at(day: Option<&str>, key: &str) -> Any {
    Any::from(vec![day.map_or(Any::Null, Any::from), Any::from(key)])
}

pub(crate) fn add_card(txn: &mut TransactionMut<'_>, id: &str, day: Option<&str>, key: &str) {
    let cards = txn.get_map("cards").unwrap();
    let card = cards.insert(txn, id, MapPrelim::default());
    card.insert(txn, "kind", "note");
    card.insert(txn, "at", at(day, key));
    card.insert(txn, "title", TextPrelim::new(id));
    card.insert(txn, "note", TextPrelim::new("a note"));
    card.insert(txn, "who", MapPrelim::default());
    card.insert(txn, "del", Any::Null);
}

/// The card with this id, as its map.
pub(crate) fn card<T: ReadTxn>(txn: &T, id: &str) -> MapRef {
    txn.get_map("cards").unwrap().get(txn, id).unwrap().cast().unwrap()
}

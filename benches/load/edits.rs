//! Real Yjs edits, each with a number in it that a receiver finds without knowing Yjs.

use bytes::Bytes;
use ulid::Ulid;
use yrs::{
    Any, Doc, Map, MapPrelim, MapRef, OffsetKind, Options, ReadTxn, StateVector, Text, TextPrelim,
    TextRef, Transact, any, updates::encoder::Encode,
};

/// After so many edits an author goes on with a new card: a note has a limit.
const EDITS_A_CARD: usize = 500;

/// Somebody who edits cards of their own in a document.
pub(crate) struct Author {
    doc: Doc,
    cards: MapRef,
    card: (MapRef, TextRef),
    made: usize,
}

impl Author {
    /// With the update that puts the first card there.
    pub(crate) fn new() -> (Self, Vec<u8>) {
        let doc =
            Doc::with_options(Options { offset_kind: OffsetKind::Utf16, ..Options::default() });
        let cards = doc.get_or_insert_map("cards");
        let mut transaction = doc.transact_mut();
        let card = add_card(&cards, &mut transaction, "동문재래시장", "");
        let update = transaction.encode_update_v1();
        drop(transaction);
        (Self { doc, cards, card, made: 0 }, update)
    }

    /// One edit of about 100 bytes: by turns some words more in a note, and another link on the card.
    pub(crate) fn edit(&mut self, number: usize) -> Vec<u8> {
        self.made += 1;
        let mut transaction = self.doc.transact_mut();
        if self.made.is_multiple_of(EDITS_A_CARD) {
            self.card = add_card(&self.cards, &mut transaction, &marker(number), "");
        } else if self.made.is_multiple_of(2) {
            let words = format!("{} 아침은 시장에서, 점심은 바닷가에서 ", marker(number));
            let end = self.card.1.len(&transaction);
            self.card.1.insert(&mut transaction, end, &words);
        } else {
            let link = format!("https://moim.example/places/{}/reservations/today", marker(number));
            self.card.0.insert(&mut transaction, "link", link);
        }
        transaction.encode_update_v1()
    }

    /// The updates that write a document of at least `bytes`, each far below the limit of an update: cards with so
    /// many verses in their notes.
    pub(crate) fn write(&mut self, bytes: usize, verses: usize) -> Vec<Vec<u8>> {
        let mut updates = Vec::new();
        let mut written = 0;
        while written < bytes {
            let mut transaction = self.doc.transact_mut();
            for _ in 0..50 {
                let note =
                    "표선해수욕장에서 걷고, 흑돼지를 먹고, 오름에 올라 해가 지는 것을 본다. "
                        .repeat(verses);
                add_card(&self.cards, &mut transaction, "성산일출봉 새벽 산행", &note);
            }
            let update = transaction.encode_update_v1();
            written += update.len();
            updates.push(update);
        }
        updates
    }

    /// What a replica knows that has this author's edits alone.
    pub(crate) fn state_vector(&self) -> StateVector {
        self.doc.transact().state_vector()
    }

    /// The same, as it goes over the wire.
    pub(crate) fn encoded_state_vector(&self) -> Vec<u8> {
        self.state_vector().encode_v1()
    }
}

fn add_card(
    cards: &MapRef,
    transaction: &mut yrs::TransactionMut<'_>,
    title: &str,
    note: &str,
) -> (MapRef, TextRef) {
    let card = cards.insert(transaction, Ulid::generate().to_string(), MapPrelim::default());
    let plain: [(&str, Any); 9] = [
        ("kind", any!("place")),
        ("at", any!(["d1", "a0"])),
        (
            "place",
            any!({"src": "gn", "id": "1846266", "name": "제주", "lat": 33.50972, "lng": 126.52194}),
        ),
        ("when", any!({"s": "2026-12-24T10:00", "stz": "Asia/Seoul"})),
        ("dur", any!(90)),
        ("status", any!("plan")),
        ("est", any!({"amt": 24000, "cur": "KRW"})),
        ("by", any!("01JFA0B1C2D3E4F5G6H7J8K9M0")),
        ("ts", any!("2026-11-21T09:00:00Z")),
    ];
    for (key, value) in plain {
        card.insert(transaction, key, value);
    }
    card.insert(transaction, "title", TextPrelim::new(title));
    let note = card.insert(transaction, "note", TextPrelim::new(note));
    (card, note)
}

const DIGITS: usize = 7;

fn marker(number: usize) -> String {
    format!("#{number:0DIGITS$}#")
}

/// The numbers of all edits in a frame, merged ones too.
pub(crate) fn numbers(frame: &[u8]) -> impl Iterator<Item = usize> {
    let mut rest = frame;
    std::iter::from_fn(move || {
        while let Some(at) = rest.iter().position(|&byte| byte == b'#') {
            rest = &rest[at + 1..];
            if let Some((digits, after)) = rest.split_at_checked(DIGITS)
                && after.first() == Some(&b'#')
                && digits.iter().all(u8::is_ascii_digit)
            {
                rest = &after[1..];
                return Some(
                    digits.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0')),
                );
            }
        }
        None
    })
}

/// An update as a client sends it.
pub(crate) fn update_message(update: &[u8]) -> Bytes {
    moim::protocol::update(update)
}

/// Asks for what a replica with this state vector lacks.
pub(crate) fn step1_message(state_vector: &[u8]) -> Bytes {
    moim::protocol::step1(state_vector)
}

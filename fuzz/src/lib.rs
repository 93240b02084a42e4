//! What must hold whatever bytes come: the bodies of the fuzz targets. `tests/it/fuzzed.rs` runs them over the corpus.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use bytes::Bytes;
use moim::{
    bus::frame::{Frame, NodeSaid, RoomSaid, Said},
    crdt::{Applied, Awareness, Document, Limits, Presence, Refusal},
    ids::DocKind,
    protocol::{self, DecodeError, Message},
};
use serde_json::value::RawValue;

pub mod serves;

/// A frame is read to its end or to its first error, and what was read makes the same frame again.
pub fn decode_frame(input: &[u8]) {
    let messages: Vec<_> = protocol::messages(Bytes::copy_from_slice(input)).collect();
    assert!(messages.len() <= input.len(), "messages of no bytes");
    let good: Vec<Message> = messages.iter().map_while(|message| message.clone().ok()).collect();
    assert!(messages.len() - good.len() <= 1, "it goes on after an error");
    let again: Vec<u8> = good.iter().flat_map(encode).collect();
    let read: Result<Vec<Message>, DecodeError> = protocol::messages(Bytes::from(again)).collect();
    assert_eq!(read, Ok(good));
}

fn encode(message: &Message) -> Bytes {
    match message {
        Message::Step1(state_vector) => protocol::step1(state_vector),
        Message::Step2(update) => protocol::step2(update),
        Message::Update(update) => protocol::update(update),
        Message::Awareness(states) => protocol::awareness(states),
        Message::AskAwareness => protocol::ask_awareness(),
        Message::Probe => protocol::probe(),
        Message::Token(token) => protocol::token(token),
    }
}

/// A frame of another node is read or refused, and what was read makes a frame that says the same.
pub fn decode_bus_frame(input: &[u8]) {
    check_frame::<RoomSaid>(input);
    let Some(frame) = check_frame::<NodeSaid>(input) else { return };
    let NodeSaid::People(people) = frame.said else { return };
    let told: usize = people.documents().map(|(_, users)| 1 + users.len()).sum();
    assert!(told * 8 <= input.len(), "people of no bytes");
}

fn check_frame<T: Said + PartialEq + std::fmt::Debug>(input: &[u8]) -> Option<Frame<T>> {
    let frame = Frame::<T>::decode(Bytes::copy_from_slice(input)).ok()?;
    let again = frame.encode();
    assert!(again.len() <= input.len(), "it grew");
    assert_eq!(Frame::decode(again).as_ref(), Ok(&frame));
    Some(frame)
}

/// A document that hears updates, each after its length in four bytes, lowest first. The guard lets nothing
/// through on which yrs fails, and the document can be saved, opened and joined. A state vector of the same
/// bytes is answered or refused.
pub fn guard_then_apply(input: &[u8]) {
    let mut document = Document::new(DocKind::Trip, Limits::default());
    let mut accepted = vec![];
    let mut rest = input;
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_le_bytes(*length) as usize;
        let (update, after) = after.split_at(length.min(after.len()));
        rest = after;
        let answer = document.apply(update);
        assert_ne!(answer, Err(Refusal::Failed), "the guard let it through, and yrs failed");
        if answer == Ok(Applied::Changed) {
            accepted.push(update.to_vec());
        }
        let _ = document.encode_diff(update);
        let _ = document.adds_nothing(update);
    }
    if !accepted.is_empty() {
        serves::check(&document);
        serves::check_journal(&document, &[0, 0], &accepted);
    }
}

/// Four participants say who they are: each step is a byte for who and when, a length in two bytes, and the
/// payload. Whatever is told to the others can be read by them.
pub fn decode_awareness(input: &[u8]) {
    let mut awareness = Awareness::default();
    let user = |number: u8| Presence {
        id: format!("01JABCDEFGHJKMNPQRSTVWXYZ{number}").parse().expect("it is an id"),
        name: "\"Mina\"".to_owned(),
        color: "#112233".to_owned(),
    };
    let users = [0, 1].map(user);
    let mut now = Instant::now();
    let mut rest = input;
    while let Some(([act, low, high], after)) = rest.split_first_chunk::<3>() {
        let length = usize::from(u16::from_le_bytes([*low, *high]));
        let (payload, after) = after.split_at(length.min(after.len()));
        rest = after;
        let who = act & 3;
        let changed = match act >> 2 & 7 {
            0 => awareness.remove(who, now),
            1 => awareness.expire(now),
            _ => awareness.set(who, &users[usize::from(who & 1)], payload, now).unwrap_or_default(),
        };
        check_told(&awareness.encode(&changed), changed.len());
        now += Duration::from_secs(u64::from(act >> 5) * 7);
    }
    if let Some(all) = awareness.encode_all() {
        check_told(&all, usize::MAX);
    }
}

/// Stock clients read it as they read each other's, and it names no more ids than it may.
fn check_told(payload: &[u8], most: usize) {
    use yrs::updates::decoder::Decode;
    let told = yrs::sync::AwarenessUpdate::decode_v1(payload).expect("others can read it");
    assert!(told.clients.len() <= most, "it tells of others");
    for state in told.clients.values() {
        // Not taken apart further: an escape of half a letter is JSON, and browsers send it.
        let fields: Option<BTreeMap<String, &RawValue>> =
            serde_json::from_str(&state.json).expect("a state is JSON");
        let names_person = |fields: BTreeMap<_, &RawValue>| fields["u"].get().contains("#112233");
        assert!(fields.is_none_or(names_person), "a state without its person");
    }
}

//! What a client says: how large it may be, what it may make of the document, and how fast.

use std::time::{Duration, Instant};

use bytes::Bytes;
use moim::protocol::{self, RefusedStatus};
use serde_json::json;
use yrs::{Map, WriteTxn};

use super::client::{Place, Socket};
use crate::peers::{Peer, add_card};

/// A limit of a message or of what it makes of the document.
struct Edge {
    /// The setting, as a flag without its dashes, and its value.
    limit: (&'static str, usize),
    /// What is just within it and just beyond, as frames for a document with this state.
    within: fn(state: &[u8], most: usize) -> Bytes,
    beyond: fn(state: &[u8], most: usize) -> Bytes,
    /// What is said of it, where the server reads the message; otherwise the connection ends.
    refused: Option<(RefusedStatus, &'static str)>,
}

const EDGES: [Edge; 4] = [
    Edge {
        limit: ("frame-bytes", 3000),
        within: |_, most| frame_of(most),
        beyond: |_, most| frame_of(most + 1),
        refused: None,
    },
    Edge {
        limit: ("update-bytes", 3000),
        within: |_, most| protocol::update(&update_of(most)),
        beyond: |_, most| protocol::update(&update_of(most + 1)),
        refused: Some((RefusedStatus::TooLarge, "too large: update")),
    },
    Edge {
        limit: ("document-bytes", 3000),
        within: |state, most| protocol::update(&update_of(most - state.len())),
        // What the document holds already is less than what it takes to say it.
        beyond: |_, most| protocol::update(&update_of(most + 1)),
        refused: Some((RefusedStatus::TooLarge, "too large: document")),
    },
    Edge {
        limit: ("cards", 3),
        within: |state, most| protocol::update(&cards(state, most)),
        beyond: |state, most| protocol::update(&cards(state, most + 1)),
        refused: Some((RefusedStatus::TooMany, "too many: cards")),
    },
];

/// An edit whose update has exactly so many bytes.
fn update_of(bytes: usize) -> Vec<u8> {
    let of = |padding: usize| {
        Peer::new(7).edit(|txn| {
            txn.get_or_insert_map("meta").insert(txn, "k", "x".repeat(padding));
        })
    };
    exactly(bytes, of)
}

/// A frame with an edit that has exactly so many bytes.
fn frame_of(bytes: usize) -> Bytes {
    exactly(bytes, |padding| protocol::update(&update_of(padding + 100)))
}

fn exactly<T: AsRef<[u8]>>(bytes: usize, of: impl Fn(usize) -> T) -> T {
    let beyond = of(1000).as_ref().len() - 1000;
    let near = (bytes - beyond - 4)..(bytes - beyond + 4);
    near.map(of).find(|made| made.as_ref().len() == bytes).expect("no such length")
}

fn cards(state: &[u8], count: usize) -> Vec<u8> {
    let peer = Peer::new(7);
    peer.receive(state);
    peer.edit(|txn| (0..count).for_each(|n| add_card(txn, &format!("c{n}"), None, "a0")))
}

/// The document's state, as it comes to a client that has nothing.
async fn state(socket: &mut Socket) -> Vec<u8> {
    socket.say(protocol::step1(&[0])).await;
    let step2 = socket.first(&[0, 1]).await;
    let length = step2.iter().take_while(|byte| **byte >= 0x80).count() + 1;
    step2[length..].to_vec()
}

/// W4, W9: who comes with `ack=1` is told of that edit alone; a frame that can't be read ends the connection.
#[tokio::test]
async fn what_is_within_a_limit_is_stored_and_what_is_beyond_is_refused() {
    for Edge { limit: (flag, most), within, beyond, refused } in EDGES {
        let (setting, name) = (format!("--{flag}"), flag.replace('-', "_"));
        let place = Place::with(&[&setting, &most.to_string()]).await;
        let before = place.limited(&name).await;
        let mut socket = place.join().await;
        let state = state(&mut socket).await;
        let mut wrong = place.join().await;
        wrong.say(beyond(&state, most)).await;
        if let Some((status, reason)) = refused {
            wrong.until(&protocol::refused(1, status, reason)).await;
            wrong.say(protocol::update(&[0, 0])).await;
            wrong.until(&protocol::stored(2)).await;
        } else {
            assert_eq!(wrong.closed().await.1, 4413, "{flag}");
        }
        socket.say(within(&state, most)).await;
        socket.until(&protocol::stored(1)).await;
        assert!(place.limited(&name).await > before, "{flag}");
    }
}

/// W4: a step 2 may bring a whole document, whatever an update may bring.
#[tokio::test]
async fn a_step_2_may_be_as_large_as_a_document() {
    let most = 300_000;
    let flags = ["--update-bytes", "3000", "--document-bytes", &most.to_string()];
    let place = Place::with(&flags).await;
    let mut socket = place.join().await;
    let state = state(&mut socket).await;
    // What the document holds already is less than what it takes to say it.
    socket.say(protocol::step2(&update_of(most + 1))).await;
    let refused = protocol::refused(1, RefusedStatus::TooLarge, "too large: document");
    socket.until(&refused).await;
    socket.say(protocol::step2(&update_of(most - state.len()))).await;
    socket.until(&protocol::stored(2)).await;
}

/// An awareness message about one id.
fn awareness(clock: u8, json: &str) -> Bytes {
    let length = u8::try_from(json.len()).unwrap();
    let mut payload = vec![1, 77, clock];
    payload.extend(if length < 0x80 { vec![length] } else { vec![length | 0x80, 1] });
    payload.extend(json.as_bytes());
    protocol::awareness(&payload)
}

/// W8
#[tokio::test]
async fn an_awareness_state_that_is_too_large_is_passed_over_and_nobody_is_closed() {
    let place = Place::with(&["--awareness-bytes", "200"]).await;
    let of = |bytes: usize| format!(r#"{{"view":"{}"}}"#, "x".repeat(bytes - 11));
    let (mut socket, before) = (place.join().await, place.limited("awareness_bytes").await);
    socket.say(awareness(1, &of(200))).await;
    socket.first(&[1]).await;
    // What is beyond is passed over, which is said once; the connection goes on.
    for clock in 2..5 {
        socket.say(awareness(clock, &of(201))).await;
    }
    socket.say(awareness(5, &of(200))).await;
    let told = protocol::passed_over(RefusedStatus::TooLarge, "too large: awareness state");
    let mut heard = socket.until(&told).await;
    while !heard.last().is_some_and(|frame| frame.starts_with(&[1]) && frame.contains(&5)) {
        heard.push(socket.hear().await.expect("closed"));
    }
    assert_eq!(heard.iter().filter(|frame| **frame == told).count(), 1);
    assert!(place.limited("awareness_bytes").await >= before + 3.0);
    socket.is_served().await;
}

#[tokio::test]
async fn of_awareness_that_comes_too_fast_others_see_the_newest_and_nobody_is_closed() {
    let place = Place::with(&["--awareness-per-second", "5"]).await;
    let before = place.limited("awareness_per_second").await;
    let (mut mover, mut other) = (place.join().await, place.join().await);
    for clock in 1..=60 {
        mover.say(awareness(clock, &format!(r#"{{"n":{clock}}}"#))).await;
    }
    let mut seen = Vec::new();
    while !seen.last().is_some_and(|state: &String| state.contains(r#""n":60"#)) {
        seen.push(String::from_utf8_lossy(&other.first(&[1]).await).into_owned());
    }
    assert!(seen.len() <= 8, "{seen:?}");
    assert!(place.limited("awareness_per_second").await >= before + 50.0);
    mover.is_served().await;
}

#[tokio::test]
async fn messages_above_the_rate_wait_even_if_they_share_a_frame() {
    let place = Place::with(&["--messages-per-second", "5"]).await;
    let (mut socket, began) = (place.join().await, Instant::now());
    // The same edit again and again: each is acknowledged.
    socket.say(protocol::update(&update_of(100)).repeat(60)).await;
    let mut answered = Vec::new();
    while answered.last().is_none_or(|(count, _)| *count < 60) {
        answered.push((socket.first(&[100]).await[0], began.elapsed()));
    }
    let until = |count| answered.iter().find(|(seen, _)| *seen >= count).unwrap().1;
    assert!(until(50) < Duration::from_secs(1), "ten seconds' worth: {answered:?}");
    assert!(until(60) > Duration::from_millis(1900), "the rest waits: {answered:?}");
    assert!(place.number("moim_throttled_total{limit=\"messages_per_second\"}").await >= 10.0);
}

#[tokio::test]
async fn bytes_above_the_rate_wait() {
    let place = Place::with(&["--bytes-per-second", "1000"]).await;
    let (mut socket, began) = (place.join().await, Instant::now());
    socket.say(frame_of(10_000)).await;
    socket.until(&protocol::stored(1)).await;
    assert!(began.elapsed() < Duration::from_secs(1), "ten seconds' worth");
    let began = Instant::now();
    socket.say(frame_of(3_000)).await;
    socket.until(&protocol::stored(2)).await;
    assert!(began.elapsed() > Duration::from_secs(2), "{:?}", began.elapsed());
    assert!(place.number("moim_throttled_total{limit=\"bytes_per_second\"}").await >= 1.0);
}

/// W9
#[tokio::test]
async fn a_room_for_which_there_is_no_place_is_closed_with_1013_and_others_go_on() {
    let limits = [(["--rooms", "1"], "rooms"), (["--memory-mb", "1"], "memory_of_one_person")];
    for (flags, limit) in limits {
        let place = Place::with(&flags).await;
        let (other, third) = (place.trip("부산").await, place.trip("여수").await);
        let ticket = super::client::ticket(&place.person, &other).await;
        let mut inside = place.join().await;
        // More in memory than one person may hold of a mebibyte.
        inside.say(protocol::update(&update_of(60_000))).await;
        inside.until(&protocol::stored(1)).await;
        let ask = place.person.post(&format!("/documents/{third}/tickets"), json!({})).await;
        ask.refused(429, "too_many");
        let base = &place.server.base;
        match Socket::open(base, &other, &ticket, None).await {
            Ok(mut refused) => assert_eq!(refused.closed().await.1, 1013, "{flags:?}"),
            // Not even for the socket.
            Err(answer) => {
                assert_eq!((flags[0], answer.status().as_u16()), ("--memory-mb", 503));
            }
        }
        inside.is_served().await;
        assert!(place.limited(limit).await >= 1.0, "{flags:?}");
    }
}

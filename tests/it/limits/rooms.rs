//! How many rooms a node opens, and how much memory they may take. Time is paused.

use std::time::Duration;

use bytes::Bytes;
use moim::{
    crdt::weight,
    documents::estimate,
    ids::{DocId, DocKind, Role},
    protocol::{self, Message},
    rooms::{Limits, RoomError, Seat, Waiting},
    store::Generation,
};
use tokio::time::{Instant, sleep, timeout};

use yrs::{Map, WriteTxn};

use crate::{
    peers::{Peer, add_card},
    rooms::{House, ask, edit, house_with, joining, say, state, until},
};

fn another(house: &House) -> DocId {
    let doc = DocId::new(DocKind::Trip);
    house.journal.create_now(doc, state()).unwrap();
    doc
}

async fn join(house: &House, doc: DocId) -> Result<Seat, RoomError> {
    house.rooms.open(doc).await?.join(joining(Role::Editor)).await
}

/// A house with memory for so many rooms, and so many bytes more.
fn house_for(rooms: usize, more: isize) -> House {
    let bytes = (rooms * estimate(weight(&state()), state().len())).strict_add_signed(more);
    house_with(Limits { memory_bytes: bytes, ..Limits::default() })
}

fn is_full(opened: &Result<Seat, RoomError>, limit: &str) -> bool {
    matches!(opened, Err(RoomError::Full(full)) if *full == limit)
}

#[tokio::test(start_paused = true)]
async fn a_room_opens_if_there_is_memory_for_it_to_the_byte() {
    for (more, fits) in [(0, true), (-1, false)] {
        let house = house_for(2, more);
        let (_first, second) = (house.join(Role::Editor).await, another(&house));
        let opened = join(&house, second).await;
        assert_eq!(opened.is_ok(), fits, "{more}");
        assert_eq!(
            (is_full(&opened, "memory_mb"), house.rooms.count()),
            (!fits, 1 + usize::from(fits))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn rooms_that_nobody_is_in_leave_first_with_their_journal_folded() {
    let house = house_for(3, -1);
    let writer = house.join(Role::Editor).await;
    let (idle, next) = (another(&house), another(&house));
    let gone = join(&house, idle).await.unwrap();
    say(&gone, Message::Update(edit("a"))).await;
    until(&gone, &protocol::stored(1)).await;
    drop(gone);
    sleep(Duration::from_secs(5)).await;
    let began = Instant::now();
    let _next = join(&house, next).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    assert_eq!(house.rooms.count(), 2);
    let left = house.journal.load_now(idle, Generation::Newest).unwrap().unwrap();
    assert_eq!((left.entries.len(), left.generation), (0, 2));
    // Now somebody is in each of them.
    let began = Instant::now();
    assert!(is_full(&join(&house, idle).await, "memory_mb"));
    assert_eq!(began.elapsed(), Duration::ZERO, "there is nobody to wait for");
    say(&writer, Message::Update(edit("b"))).await;
    until(&writer, &protocol::stored(1)).await;
}

#[tokio::test(start_paused = true)]
async fn a_room_is_not_closed_under_who_just_opened_it() {
    let house = house_for(1, 0);
    let (opening, next) = (house.rooms.open(house.doc).await.unwrap(), another(&house));
    let (seat, refused) =
        tokio::join!(async { opening.join(joining(Role::Editor)).await }, join(&house, next));
    assert!(seat.is_ok() && is_full(&refused, "memory_mb"));
    // Opened by REST, for example: nobody comes in.
    let house = house_for(1, 0);
    let (_opened, next) = (house.rooms.open(house.doc).await.unwrap(), another(&house));
    let began = Instant::now();
    assert!(join(&house, next).await.is_ok());
    assert!(began.elapsed() >= Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_open_room_that_grows_takes_more() {
    let house = house_for(3, 0);
    let writer = house.join(Role::Editor).await;
    let long = Peer::new(7).edit(|txn| {
        txn.get_or_insert_map("meta").insert(txn, "k", "x".repeat(8000));
    });
    say(&writer, Message::Update(long.into())).await;
    until(&writer, &protocol::stored(1)).await;
    let next = another(&house);
    assert!(is_full(&join(&house, next).await, "memory_mb"));
    say(&writer, Message::Update(edit("and on"))).await;
    until(&writer, &protocol::stored(2)).await;
    drop(writer);
    sleep(Duration::from_secs(2)).await;
    assert!(join(&house, next).await.is_ok(), "it left");
}

#[tokio::test(start_paused = true)]
async fn a_node_opens_so_many_rooms() {
    let house = house_with(Limits { rooms: 2, ..Limits::default() });
    let (second, third) = (another(&house), another(&house));
    let _first = house.join(Role::Editor).await;
    let leaving = join(&house, second).await.unwrap();
    assert!(is_full(&join(&house, third).await, "rooms"));
    drop(leaving);
    sleep(Duration::from_secs(2)).await;
    assert!(join(&house, third).await.is_ok(), "the empty one has left");
    assert_eq!(house.rooms.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_fails_while_others_try_leaves_them_the_one_room() {
    let house = house_with(Limits::default());
    let doc = DocId::new(DocKind::Trip);
    house.journal.create_now(doc, Bytes::from_static(b"damaged")).unwrap();
    let once_mended = async {
        house.journal.fold_now(doc, 1, state(), &[]).unwrap();
        join(&house, doc).await
    };
    let (failed, opened) = tokio::join!(join(&house, doc), once_mended);
    assert!(matches!(failed, Err(RoomError::Unreadable(_))));
    let (writer, reader) = (opened.unwrap(), join(&house, doc).await.unwrap());
    ask(&reader).await;
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    until(&reader, &protocol::update(&update)).await;
    assert_eq!(house.rooms.count(), 1);
}

/// W2
#[tokio::test(start_paused = true)]
async fn differences_asked_for_again_and_again_are_answered_once_a_second() {
    let house = house_with(Limits::default());
    let (seat, peer) = (house.join(Role::Viewer).await, Peer::new(7));
    peer.edit(|txn| add_card(txn, "c1", None, "a0"));
    let is_difference = |frame: &Bytes| frame.starts_with(&[0, 1]);
    for _ in 0..20 {
        say(&seat, Message::Step1(peer.state_vector().into())).await;
    }
    say(&seat, Message::Step2(edit("a"))).await;
    let refused = protocol::refused(1, protocol::RefusedStatus::ReadOnly, "read-only");
    let seen = until(&seat, &refused).await;
    assert_eq!(seen.iter().filter(|frame| is_difference(frame)).count(), 4, "a burst");
    let (mut later, began) = (Vec::new(), Instant::now());
    while !later.iter().any(is_difference) {
        assert_eq!(seat.outbox().next(&mut later).await, Waiting::Frames);
    }
    assert!(began.elapsed() > Duration::from_millis(900), "{:?}", began.elapsed());
    let more = timeout(Duration::from_secs(9), seat.outbox().next(&mut later)).await;
    assert!(more.is_err(), "one answer for all that waited");
}

//! Documents that begin anew: nobody is in two epochs, and nothing that was acknowledged is lost. Time is paused.

use std::time::Duration;

use bytes::Bytes;
use moim::{
    crdt::{Document, Limits},
    ids::{DocKind, Role, UserId},
    protocol::{self, CloseCode, Message},
    rooms::{Joining, RoomError, Seat, Waiting},
    store::{Generation, VersionCause, Versions},
};
use yrs::{Any, ClientID, Map, ReadTxn, Transact};

use crate::{
    peers::{Peer, add_card, card, trip},
    rooms::{House, closed, edit, house, joining, say, state, until},
};

impl House {
    fn document(&self) -> Document {
        let loaded = self.journal.load_now(self.doc, Generation::Newest).unwrap().unwrap();
        let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
        Document::load(DocKind::Trip, &loaded.state, updates, Limits::default()).unwrap()
    }

    fn epoch(&self) -> (u64, bool) {
        let loaded = self.journal.load_now(self.doc, Generation::Newest).unwrap().unwrap();
        (loaded.epoch, loaded.is_sealed)
    }

    async fn join_in(&self, epoch: u64) -> Result<Seat, RoomError> {
        let joining = Joining { epoch: Some(epoch), ..joining(Role::Editor) };
        self.rooms.open(self.doc).await?.join(joining).await
    }
}

/// A peer's edits of the document, stored.
async fn stored(seat: &Seat, edits: &[Bytes]) {
    for (edit, count) in edits.iter().zip(1..) {
        say(seat, Message::Update(edit.clone())).await;
        until(seat, &protocol::stored(count)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_document_that_begins_anew_keeps_what_is_shown_and_loses_trash_and_history() {
    let house = house();
    let peer = Peer::new(5);
    peer.receive(&state());
    let edits: [Bytes; 4] = [
        peer.edit(|txn| add_card(txn, "kept", Some("d1"), "a0")).into(),
        peer.edit(|txn| add_card(txn, "trashed", Some("d2"), "a1")).into(),
        peer.edit(|txn| {
            card(txn, "trashed").insert(txn, "del", Any::from("by somebody"));
        })
        .into(),
        peer.edit(|txn| {
            for number in 0..200 {
                card(txn, "kept").insert(txn, "link", format!("https://example.org/{number}"));
            }
        })
        .into(),
    ];
    let seat = house.join_in(1).await.unwrap();
    stored(&seat, &edits).await;
    let handle = house.rooms.open(house.doc).await.unwrap();
    handle.rename("부산".into()).await.unwrap();
    let shown = handle.project().await.unwrap();
    let by = UserId::new();
    let renewed = handle.renew(by).await.unwrap();
    // Lists show it at once, though the room that knew has ended.
    assert_eq!(house.journal.summary_now(house.doc).unwrap().0.title, "부산");

    assert_eq!(closed(&seat).await, CloseCode::Epoch);
    assert!(renewed.epoch > 1);
    assert_eq!(house.epoch(), (renewed.epoch, false));
    assert_eq!(handle.project().await.unwrap(), shown);
    assert!(matches!(house.join_in(1).await, Err(RoomError::OtherEpoch)));
    let again = house.join_in(renewed.epoch).await.unwrap();
    say(&again, Message::Update(edit("after"))).await;
    until(&again, &protocol::stored(1)).await;
    // Nobody has an element of what was before, so nobody can take one back or build on one.
    let fresh = Peer::new(6);
    fresh.receive(&house.document().encode_state());
    let clients = fresh.doc.transact().state_vector();
    assert!(!clients.contains_client(&ClientID::new(5)), "elements of the first epoch are there");
    assert_eq!(fresh.count("cards"), 1);
    // The version has what was thrown away.
    assert_eq!((renewed.before.cause, renewed.before.by), (VersionCause::BeforeRenewal, by));
    let (_, version) = house.journal.get(renewed.before.id).await.unwrap().unwrap();
    let before = Peer::new(7);
    before.receive(&version.state);
    assert_eq!(before.count("cards"), 2);
    handle.restore(renewed.before.id, by).await.unwrap();
    assert_eq!(trip(&handle.project().await.unwrap()).days[0].cards.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_seal_whose_maker_is_gone_is_made_good_by_whoever_comes_next() {
    let house = house();
    let seat = house.join_in(1).await.unwrap();
    stored(&seat, &[edit("kept")]).await;
    drop(seat);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(house.rooms.count(), 0);
    let before = house.document();
    house.journal.seal_now(house.doc, 1, 2).unwrap();
    assert!(matches!(house.join_in(1).await, Err(RoomError::OtherEpoch)));
    assert_eq!(house.epoch(), (2, false));
    assert_eq!(house.document().project(), before.project());
    assert!(house.join_in(2).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_comes_after_the_end_of_its_epoch_is_never_acknowledged() {
    let house = house();
    let writer = house.join_in(1).await.unwrap();
    house.journal.hold();
    let late = edit("late");
    say(&writer, Message::Update(late.clone())).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    // On another node, of which this one has not heard.
    house.journal.seal_now(house.doc, 1, 2).unwrap();
    house.journal.release();
    let mut heard = Vec::new();
    let hearing = async { while let Waiting::Frames = writer.outbox().next(&mut heard).await {} };
    let over = tokio::time::timeout(Duration::from_secs(60), hearing).await;
    assert!(over.is_ok(), "the room goes on");
    assert!(!heard.contains(&protocol::stored(1)), "it was acknowledged");
    assert_eq!(closed(&writer).await, CloseCode::Epoch);
    assert!(house.join_in(2).await.is_ok());
    assert_eq!(
        house.document().project(),
        Document::load(DocKind::Trip, &state(), [], Limits::default()).unwrap().project()
    );
}

#[tokio::test(start_paused = true)]
async fn an_edit_of_the_servers_own_is_made_in_the_epoch_that_begins_meanwhile() {
    let house = house();
    let handle = house.rooms.open(house.doc).await.unwrap();
    house.journal.hold();
    let (renamed, ()) = tokio::join!(handle.rename("부산".into()), async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        house.journal.seal_now(house.doc, 1, 2).unwrap();
        house.journal.release();
    });
    renamed.unwrap();
    assert_eq!(house.epoch(), (2, false));
    assert_eq!(house.document().summary().title, "부산");
}

#[tokio::test(start_paused = true)]
async fn of_two_who_have_it_begin_anew_at_once_one_does() {
    let house = house();
    let handle = house.rooms.open(house.doc).await.unwrap();
    let by = UserId::new();
    let (one, other) = tokio::join!(handle.renew(by), handle.renew(by));
    let epochs = [&one, &other].map(|renewed| renewed.as_ref().map(|renewed| renewed.epoch).ok());
    let (now, is_sealed) = house.epoch();
    assert!(now > 1 && epochs.contains(&Some(now)), "{one:?} {other:?}");
    let late = [one, other].into_iter().filter_map(Result::err);
    late.for_each(|error| assert!(matches!(error, RoomError::OtherEpoch), "{error}"));
    assert!(!is_sealed, "it is left sealed");
}

//! Edits that take long to merge: their author waits and comes back, and nobody else notices.

use std::time::{Duration, Instant};

use moim::{
    crdt::{Document, Limits, Presence, Work},
    ids::{DocKind, Role, UserId},
    protocol::{CloseCode, Message},
    rooms::{Acks, Effect, Event, ParticipantId, Room},
};
use yrs::{Array, WriteTxn};

use crate::peers::Peer;

struct Table {
    room: Room,
    now: Instant,
}

impl Table {
    fn join(&mut self, number: u64, user: UserId, acks: Acks) -> ParticipantId {
        let id = ParticipantId(number);
        let person = Presence { id: user, name: "Mina".into(), color: "#336699".into() };
        self.handle(Event::Joined(id, person, Role::Editor, acks));
        id
    }

    fn handle(&mut self, event: Event) -> Vec<Effect> {
        let mut effects = vec![];
        self.room.handle(event, self.now, &mut effects);
        effects
    }

    /// How an edit ends its sender's connection, if it does.
    fn send(&mut self, id: ParticipantId, update: &[u8]) -> Option<CloseCode> {
        let effects = self.handle(Event::Received(id, Message::Update(update.to_vec().into())));
        effects.into_iter().find_map(|effect| {
            let Effect::Close(to, code) = effect else { return None };
            (to == id).then_some(code)
        })
    }
}

/// So many values in front of the list, by somebody who knows of no other.
fn in_front(client: u64, values: u32) -> Vec<u8> {
    Peer::new(client).edit(|txn| {
        let list = txn.get_or_insert_array("list");
        for n in 0..values {
            list.insert(txn, 0, n);
        }
    })
}

#[test]
fn who_sends_much_that_takes_long_comes_back_with_it_and_others_do_not_wait() {
    let limits = Limits {
        work: Work { scan: 300_000, copy: 1 << 20 },
        work_per_second: Work { scan: 1_000, copy: 1 << 20 },
        ..Limits::default()
    };
    let now = Instant::now();
    let mut table = Table { room: Room::new(Document::new(DocKind::Trip, limits), now), now };
    let (mina, jun) = (UserId::new(), UserId::new());
    let first = table.join(1, mina, Acks::Counted);
    let other = table.join(2, jun, Acks::Echoed);
    assert_eq!(table.send(first, &in_front(1, 500)), None);
    assert_eq!(table.send(first, &in_front(2, 500)), None, "a burst");
    assert_eq!(table.send(first, &in_front(3, 150)), None, "the rest of it, and more");
    let late = in_front(4, 150);
    assert_eq!(table.send(first, &late), Some(CloseCode::TryAgainLater));
    // It is no use to come from elsewhere.
    table.handle(Event::Left(first));
    let again = table.join(3, mina, Acks::Counted);
    assert_eq!(table.send(again, &late), Some(CloseCode::TryAgainLater));
    assert_eq!(table.send(again, &in_front(5, 1)), None, "what takes little is free");
    assert_eq!(table.send(other, &in_front(6, 150)), None, "others have their own");
    table.now += Duration::from_secs(100);
    assert_eq!(table.send(again, &late), None);
    let too_much = in_front(7, 1_000);
    assert_eq!(table.send(other, &too_much), Some(CloseCode::TooLarge));
}

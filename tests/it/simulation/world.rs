//! The world of one seed: a room, its journal, its people, and what may happen next.

use std::time::{Duration, Instant};

use futures_util::FutureExt;
use moim::{
    rooms::{Acks, Event, ParticipantId, Room, Waiting},
    store::faulty::Fault,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use yrs::{ReadTxn, StateVector, Transact, Update, updates::decoder::Decode};

use super::{server::Server, stage::Stage};
use crate::common::peer::{Peer, content, replica};

const STEPS: usize = 120;

pub(super) struct World {
    rng: StdRng,
    now: Instant,
    stage: Stage,
    server: Option<Server>,
    peers: Vec<Peer>,
    /// Where each peer sits in the room that runs now.
    seats: Vec<Option<ParticipantId>>,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let stage = Stage::new();
        let count = rng.random_range(2..6);
        let peers: Vec<_> = (0..count)
            .map(|name| Peer::new(name, rng.random_range(1..1 << 32), rng.random()))
            .collect();
        let seats = vec![None; peers.len()];
        Self { rng, now: Instant::now(), stage, server: None, peers, seats }
    }

    pub(super) fn play(mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.settle();
        self.compare();
    }

    fn step(&mut self) {
        self.now += Duration::from_millis(self.rng.random_range(0..20));
        let peer = self.rng.random_range(0..self.peers.len());
        match self.rng.random_range(0..100) {
            0..30 => self.peers[peer].edit(&mut self.rng),
            30..50 => self.deliver_up(peer),
            50..65 => self.deliver_down(peer),
            65..75 => self.flush(),
            75..83 => self.append(),
            83..88 => self.connect(peer),
            88..92 => self.disconnect(peer),
            92..94 => self.stage.fold(),
            94..97 => self.stage.journal.fail_appends(
                1,
                if self.rng.random() { Fault::Refused } else { Fault::AnswerLost },
            ),
            _ => self.kill(),
        }
    }

    /// The process dies. What was not durable is gone; what was acknowledged must not be.
    fn kill(&mut self) {
        self.server = None;
        self.stage.journal.crash();
        for peer in 0..self.peers.len() {
            self.disconnect(peer);
        }
        self.stage.check_acknowledged(&self.peers);
    }

    fn connect(&mut self, peer: usize) {
        if self.peers[peer].wire.is_some() {
            return;
        }
        if self.server.is_none() {
            let room = Room::new(self.stage.load(), self.now);
            self.server = Some(Server::new(room, 1));
        }
        self.peers[peer].connect();
        let acks = if self.peers[peer].counted { Acks::Counted } else { Acks::Echoed };
        let Some(server) = &mut self.server else { return };
        self.seats[peer] = Some(server.join(peer, acks, self.now));
        self.carry_closes();
    }

    /// The connection breaks: whatever was on its way is lost.
    fn disconnect(&mut self, peer: usize) {
        self.peers[peer].wire = None;
        if let (Some(seat), Some(server)) = (self.seats[peer].take(), &mut self.server) {
            server.outboxes.remove(&seat);
            server.handle(Event::Left(seat), self.now);
        }
    }

    fn deliver_up(&mut self, peer: usize) {
        let Some(seat) = self.seats[peer] else { return };
        let message = self.peers[peer].wire.as_mut().and_then(|wire| wire.to_server.pop_front());
        if let (Some(message), Some(server)) = (message, &mut self.server) {
            server.handle(Event::Received(seat, message), self.now);
            self.carry_closes();
        }
    }

    fn deliver_down(&mut self, peer: usize) {
        self.collect(peer);
        let frame = self.peers[peer].wire.as_mut().and_then(|wire| wire.to_peer.pop_front());
        if let Some(frame) = frame {
            self.peers[peer].receive(frame);
        }
    }

    /// Takes what waits in the outbox onto the wire.
    fn collect(&mut self, peer: usize) {
        let (Some(seat), Some(server)) = (self.seats[peer], &mut self.server) else { return };
        let mut frames = Vec::new();
        let Some((_, receiver, _)) = server.outboxes.get(&seat) else { return };
        if let Some(Waiting::Behind(from)) = receiver.next(&mut frames).now_or_never() {
            server.handle(Event::FellBehind(seat, from), self.now);
        }
        if let Some(wire) = &mut self.peers[peer].wire {
            wire.to_peer.extend(frames);
        }
    }

    fn flush(&mut self) {
        if let Some(server) = &mut self.server {
            server.flush(self.now);
            self.carry_closes();
        }
    }

    fn append(&mut self) {
        if let Some(server) = &mut self.server {
            server.append(&self.stage, self.now).expect("it never begins anew here");
        }
    }

    /// A connection that the room ends breaks; nothing that honest peers do may end one as malformed.
    fn carry_closes(&mut self) {
        let Some(server) = &mut self.server else { return };
        for (peer, code) in server.take_closes() {
            assert!(code.comes_back(), "an honest peer was sent away: {code:?}");
            self.disconnect(peer);
        }
    }

    /// Everybody comes back, and everything that is on its way arrives.
    fn settle(&mut self) {
        for _ in 0..3 {
            for peer in 0..self.peers.len() {
                self.connect(peer);
            }
            while self.deliver_all() {}
        }
    }

    fn deliver_all(&mut self) -> bool {
        self.now += Duration::from_millis(100);
        let mut busy = false;
        for peer in 0..self.peers.len() {
            self.collect(peer);
            let waiting = self.peers[peer].wire.as_ref();
            let (up, down) =
                waiting.map_or((0, 0), |wire| (wire.to_server.len(), wire.to_peer.len()));
            busy |= up + down > 0;
            (0..up).for_each(|_| self.deliver_up(peer));
            (0..down).for_each(|_| self.deliver_down(peer));
        }
        self.flush();
        self.append();
        self.append();
        busy
    }

    fn compare(&mut self) {
        let Some(server) = &self.server else { panic!("somebody is connected") };
        let room = replica(1);
        let state = Update::decode_v1(&server.room.document().encode_state()).expect("a state");
        room.transact_mut().apply_update(state).expect("applies");
        let expected = content(&room);
        for (name, peer) in self.peers.iter().enumerate() {
            assert_eq!(content(&peer.doc), expected, "peer {name} has diverged");
            let pending = peer.doc.transact().store().pending_update().is_some();
            assert!(!pending, "peer {name} waits for edits that never come");
            let unacknowledged = peer.counted && !peer.is_acknowledged();
            assert!(!unacknowledged, "peer {name} was not told that everything is stored");
        }
        let reloaded = self.stage.check_acknowledged(&self.peers);
        let [stored, live] = [&reloaded, server.room.document()]
            .map(|document| StateVector::decode_v1(&document.state_vector()).expect("a vector"));
        assert_eq!(stored, live, "the journal lacks edits");
    }
}

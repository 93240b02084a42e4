//! The world of one seed with several nodes: one journal, a bus that can't be trusted, nodes that die and come back.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::FutureExt;
use moim::{
    bus::frame::Frame,
    ids::NodeId,
    rooms::{Acks, Event, Haste, Life, ParticipantId, Room, Waiting},
    store::faulty::Fault,
};
use rand::{Rng, SeedableRng, rngs::StdRng};
use yrs::{ReadTxn, Transact, Update, updates::decoder::Decode};

use super::{
    server::{OtherEpoch, Server},
    stage::Stage,
};
use crate::common::peer::{Peer, content, replica};

const STEPS: usize = 160;
/// By then everything has healed: a lost last word is found by a heartbeat after 15 s, asked about for 5 s, and
/// at last read from the journal.
const ROUNDS: usize = 200;
/// How far time moves on in each of them.
const ROUND: Duration = Duration::from_millis(250);

/// A process, or the place for one.
struct Node {
    id: NodeId,
    lives: u64,
    server: Option<Server>,
    /// Nothing goes to it or comes from it.
    cut_off: bool,
}

pub(super) struct Fleet {
    rng: StdRng,
    now: Instant,
    stage: Stage,
    nodes: Vec<Node>,
    /// What is on its way, by who said it and who is to hear it.
    bus: BTreeMap<(usize, usize), VecDeque<Bytes>>,
    /// Nodes that died, as long as the others don't know.
    dead: Vec<NodeId>,
    peers: Vec<Peer>,
    /// At which node each peer sits, and where there.
    seats: Vec<Option<(usize, ParticipantId)>>,
    /// The epoch of each peer's replica.
    epochs: Vec<u64>,
    /// When the document begins anew; a chance of its own, so that worlds without that stay as they are.
    renewals: Option<StdRng>,
    /// Who has yet to hear that it did.
    uninformed: Vec<usize>,
}

impl Fleet {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let node = |id| Node { id, lives: 0, server: None, cut_off: false };
        let nodes = (0..rng.random_range(2..5)).map(|_| node(node_id(&mut rng))).collect();
        let peers: Vec<_> = (0..rng.random_range(2..6))
            .map(|name| Peer::new(name, rng.random_range(1..1 << 32), rng.random()))
            .collect();
        let (seats, epochs) = (vec![None; peers.len()], vec![1; peers.len()]);
        let (now, stage, bus) = (Instant::now(), Stage::new(), BTreeMap::new());
        let (dead, renewals, uninformed) = (Vec::new(), None, Vec::new());
        Self { rng, now, stage, nodes, bus, dead, peers, seats, epochs, renewals, uninformed }
    }

    /// In which the document begins anew now and then.
    pub(super) fn with_renewals(seed: u64) -> Self {
        Self { renewals: Some(StdRng::seed_from_u64(!seed)), ..Self::new(seed) }
    }

    pub(super) fn play(mut self) {
        for _ in 0..STEPS {
            self.step();
        }
        self.settle();
        self.compare();
    }

    fn step(&mut self) {
        match self.renewals.as_mut().map(|rng| rng.random_range(0..50)) {
            Some(0) => self.seal(),
            Some(1..4) => self.inform(Haste::AtOnce),
            _ => {}
        }
        self.now += Duration::from_millis(self.rng.random_range(0..20));
        let peer = self.rng.random_range(0..self.peers.len());
        let node = self.rng.random_range(0..self.nodes.len());
        match self.rng.random_range(0..100) {
            0..20 => self.peers[peer].edit(&mut self.rng),
            20..24 => self.peers[peer].wave(),
            24..40 => self.deliver_up(peer),
            40..50 => self.deliver_down(peer),
            50..60 => self.flush(node),
            60..69 => self.append(node),
            69..81 => self.carry(),
            81..86 => self.connect(peer),
            86..89 => self.disconnect(peer),
            89 => self.stage.fold(),
            90 => self.stage.journal.fail_appends(1, Fault::Refused),
            91 => self.stage.journal.fail_appends(1, Fault::AnswerLost),
            92 => self.close(node),
            93 => self.cut_off(node),
            94 => self.reconnect(node),
            95 => self.reread(node),
            96 => self.notice_a_death(),
            97 => self.pass_time(),
            _ => self.kill(node),
        }
    }

    /// One frame is heard, or lost, or heard twice, or before another.
    fn carry(&mut self) {
        let waiting: Vec<_> = self
            .bus
            .iter()
            .filter(|(_, frames)| !frames.is_empty())
            .map(|(pair, _)| *pair)
            .collect();
        if waiting.is_empty() {
            return;
        }
        let pair = waiting[self.rng.random_range(0..waiting.len())];
        let Some(frames) = self.bus.get_mut(&pair) else { return };
        let at = if self.rng.random_range(0..8) == 0 {
            self.rng.random_range(0..frames.len())
        } else {
            0
        };
        let Some(frame) = frames.remove(at) else { return };
        match self.rng.random_range(0..10) {
            0 => {}
            1 => {
                frames.push_back(frame.clone());
                self.hear(pair.1, frame);
            }
            _ => self.hear(pair.1, frame),
        }
    }

    fn hear(&mut self, node: usize, frame: Bytes) {
        let frame = Frame::decode(frame).expect("a frame");
        self.with(node, |server, now| server.handle(Event::Heard(frame), now));
    }

    /// Lets a node act, and takes along what it says.
    fn with(&mut self, node: usize, act: impl FnOnce(&mut Server, Instant)) {
        let now = self.now;
        let Some(server) = &mut self.nodes[node].server else { return };
        act(server, now);
        let said = std::mem::take(&mut server.published);
        if self.nodes[node].cut_off {
            return;
        }
        for other in (0..self.nodes.len()).filter(|other| *other != node) {
            // Who has no room open does not listen.
            if !self.nodes[other].cut_off && self.nodes[other].server.is_some() {
                self.bus.entry((node, other)).or_default().extend(said.iter().cloned());
            }
        }
    }

    fn cut_off(&mut self, node: usize) {
        self.nodes[node].cut_off = true;
        let is_its = |(from, to): &(usize, usize)| *from == node || *to == node;
        self.bus.retain(|pair, _| !is_its(pair));
    }

    /// The bus knows that it was away, and says so to who listens to it.
    fn reconnect(&mut self, node: usize) {
        if std::mem::take(&mut self.nodes[node].cut_off) {
            self.with(node, |server, now| server.handle(Event::Missed, now));
        }
    }

    /// Ten seconds are over for everybody: who is cut off is taken for dead, and takes the others for dead.
    fn pass_time(&mut self) {
        self.now += Duration::from_secs(2);
        let of = |cut_off| {
            move |(at, node): (usize, &Node)| (node.cut_off == cut_off).then_some((at, node.id))
        };
        let away: Vec<_> = self.nodes.iter().enumerate().filter_map(of(true)).collect();
        let here: Vec<_> = self.nodes.iter().enumerate().filter_map(of(false)).collect();
        for &(at, id) in &away {
            let others: Vec<_> = away.iter().chain(&here).filter(|other| other.0 != at).collect();
            for &&(other, other_id) in &others {
                self.with(other, |server, now| server.handle(Event::NodeGone(id), now));
                self.with(at, |server, now| server.handle(Event::NodeGone(other_id), now));
            }
        }
    }

    /// The process dies, and another one starts in its place.
    fn kill(&mut self, node: usize) {
        let Some(server) = self.nodes[node].server.take() else { return };
        server.die(&self.stage, self.rng.random());
        self.dead.push(self.nodes[node].id);
        let id = node_id(&mut self.rng);
        self.nodes[node] = Node { id, lives: 0, server: None, cut_off: false };
        self.bus.retain(|(_, to), _| *to != node);
        for peer in self.at(node) {
            self.peers[peer].wire = None;
            self.seats[peer] = None;
        }
        self.stage.check_acknowledged(&self.peers);
    }

    fn notice_a_death(&mut self) {
        let Some(dead) = self.dead.pop() else { return };
        for node in 0..self.nodes.len() {
            self.with(node, |server, now| server.handle(Event::NodeGone(dead), now));
        }
    }

    /// A room that is empty and has nothing left to do ends.
    fn close(&mut self, node: usize) {
        if !self.nodes[node].server.as_ref().is_some_and(Server::is_idle) {
            return;
        }
        self.with(node, Server::leave);
        self.nodes[node].server = None;
        self.bus.retain(|(_, to), _| *to != node);
    }

    fn reread(&mut self, node: usize) {
        let fails = self.rng.random_range(0..4) == 0;
        let Some(server) = &mut self.nodes[node].server else { return };
        let Some(has) = server.reread.take() else { return };
        let update = if fails {
            None
        } else {
            let (document, epoch) = self.stage.open();
            if epoch != server.epoch {
                return self.begin_anew(node);
            }
            Some(document.encode_diff(&has).expect("a vector").into())
        };
        self.with(node, |server, now| server.handle(Event::Reread(update), now));
    }

    /// Somebody has the document begin anew: the room of one node hears of it at once, the others later.
    fn seal(&mut self) {
        self.stage.seal();
        self.uninformed = (0..self.nodes.len()).collect();
        let at = self.rng.random_range(0..self.nodes.len());
        let node = self.uninformed.swap_remove(at);
        self.begin_anew(node);
    }

    fn inform(&mut self, haste: Haste) {
        let Some(node) = self.uninformed.pop() else { return };
        self.with(node, |server, now| server.handle(Event::Doubted(haste), now));
    }

    /// The document is in another epoch: the room ends, and all have to leave.
    fn begin_anew(&mut self, node: usize) {
        for peer in self.at(node) {
            self.peers[peer].wire = None;
            self.seats[peer] = None;
        }
        self.with(node, Server::leave);
        self.nodes[node].server = None;
        self.bus.retain(|(_, to), _| *to != node);
    }

    fn at(&self, node: usize) -> Vec<usize> {
        let sits = |peer: &usize| self.seats[*peer].is_some_and(|(at, _)| at == node);
        (0..self.peers.len()).filter(sits).collect()
    }

    fn connect(&mut self, peer: usize) {
        if self.peers[peer].wire.is_some() {
            return;
        }
        let at = self.rng.random_range(0..self.nodes.len());
        let node = &mut self.nodes[at];
        if node.server.is_none() {
            node.lives += 1;
            let (document, epoch) = self.stage.open();
            let life = Life { node: node.id, number: node.lives, epoch };
            let room = Room::among_nodes(document, life, self.now);
            node.server = Some(Server::new(room, epoch));
        }
        let epoch = node.server.as_ref().map_or(1, |server| server.epoch);
        if std::mem::replace(&mut self.epochs[peer], epoch) != epoch {
            let client = self.rng.random_range(1..1 << 32);
            self.peers[peer].begin_anew(client);
        }
        self.peers[peer].connect();
        let acks = if self.peers[peer].counted { Acks::Counted } else { Acks::Echoed };
        let user = self.peers[peer].user;
        let mut seat = None;
        self.with(at, |server, now| seat = Some((at, server.join_as(user, peer, acks, now))));
        self.seats[peer] = seat;
        self.carry_closes(at);
    }

    /// The connection breaks: whatever was on its way is lost.
    fn disconnect(&mut self, peer: usize) {
        self.peers[peer].wire = None;
        if let Some((node, seat)) = self.seats[peer].take() {
            self.with(node, |server, now| {
                server.outboxes.remove(&seat);
                server.handle(Event::Left(seat), now);
            });
        }
    }

    fn deliver_up(&mut self, peer: usize) {
        let Some((node, seat)) = self.seats[peer] else { return };
        let message = self.peers[peer].wire.as_mut().and_then(|wire| wire.to_server.pop_front());
        if let Some(message) = message {
            self.with(node, |server, now| server.handle(Event::Received(seat, message), now));
            self.carry_closes(node);
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
        let Some((node, seat)) = self.seats[peer] else { return };
        let mut frames = Vec::new();
        self.with(node, |server, now| {
            let Some((_, receiver, _)) = server.outboxes.get(&seat) else { return };
            if let Some(Waiting::Behind(from)) = receiver.next(&mut frames).now_or_never() {
                server.handle(Event::FellBehind(seat, from), now);
            }
        });
        if let Some(wire) = &mut self.peers[peer].wire {
            wire.to_peer.extend(frames);
        }
    }

    fn flush(&mut self, node: usize) {
        self.with(node, Server::flush);
        self.carry_closes(node);
    }

    fn append(&mut self, node: usize) {
        let stage = &self.stage;
        let Some(server) = &mut self.nodes[node].server else { return };
        match server.append(stage, self.now) {
            Ok(()) => self.flush(node),
            Err(OtherEpoch) => self.begin_anew(node),
        }
    }

    fn carry_closes(&mut self, node: usize) {
        let closes = self.nodes[node].server.as_ref().map(Server::take_closes);
        for (peer, code) in closes.unwrap_or_default() {
            assert!(code.comes_back(), "an honest peer was sent away: {code:?}");
            self.disconnect(peer);
        }
    }

    /// Everybody comes back, nothing gets lost any more, and time passes.
    fn settle(&mut self) {
        (0..self.nodes.len()).for_each(|node| self.reconnect(node));
        while !self.dead.is_empty() {
            self.notice_a_death();
        }
        self.stage.renew();
        while !self.uninformed.is_empty() {
            self.inform(Haste::None);
        }
        for round in 0..ROUNDS {
            for peer in 0..self.peers.len() {
                self.connect(peer);
                if round % 40 == 0 {
                    self.peers[peer].wave();
                }
            }
            self.deliver_all();
            if round % 8 == 7 && self.has_converged() {
                break;
            }
        }
        // What was heard last is still on its way to the people.
        (0..3).for_each(|_| self.deliver_all());
    }

    fn deliver_all(&mut self) {
        self.now += ROUND;
        for peer in 0..self.peers.len() {
            self.collect(peer);
            let waiting = self.peers[peer].wire.as_ref();
            let (up, down) =
                waiting.map_or((0, 0), |wire| (wire.to_server.len(), wire.to_peer.len()));
            (0..up).for_each(|_| self.deliver_up(peer));
            (0..down).for_each(|_| self.deliver_down(peer));
        }
        for node in 0..self.nodes.len() {
            (0..2).for_each(|_| self.append(node));
            self.reread(node);
        }
        for pair in self.bus.keys().copied().collect::<Vec<_>>() {
            for frame in self.bus.remove(&pair).unwrap_or_default() {
                self.hear(pair.1, frame);
            }
        }
    }

    fn open(&self) -> impl Iterator<Item = &Server> {
        self.nodes.iter().filter_map(|node| node.server.as_ref())
    }

    /// Cheaply: whether it is worth while to look closely.
    fn has_converged(&self) -> bool {
        let stored = self.stage.load().digest();
        let wires = || self.peers.iter().filter_map(|peer| peer.wire.as_ref());
        self.open().all(|server| server.room.document().digest() == stored)
            && self.open().all(|server| server.room.present() == self.expected_presence())
            && wires().all(|wire| wire.to_server.is_empty() && wire.to_peer.is_empty())
            && self
                .open()
                .all(|server| server.outboxes.values().all(|(_, one, _)| !one.is_behind()))
            && self.peers.iter().all(|peer| !peer.counted || peer.is_acknowledged())
    }

    fn expected_presence(&self) -> Vec<u64> {
        let ids: BTreeSet<_> = self.peers.iter().map(|peer| peer.client).collect();
        ids.into_iter().collect()
    }

    fn compare(&self) {
        let reloaded = self.stage.check_acknowledged(&self.peers);
        let stored = replica(1);
        let state = Update::decode_v1(&reloaded.encode_state()).expect("a state");
        stored.transact_mut().apply_update(state).expect("applies");
        let expected = content(&stored);
        for (at, node) in self.nodes.iter().enumerate() {
            let Some(server) = &node.server else { continue };
            let digest = server.room.document().digest();
            assert_eq!(digest, reloaded.digest(), "node {at} differs from the journal");
            let present = server.room.present();
            assert_eq!(present, self.expected_presence(), "node {at} sees other people");
        }
        for (name, peer) in self.peers.iter().enumerate() {
            assert_eq!(content(&peer.doc), expected, "peer {name} has diverged");
            let pending = peer.doc.transact().store().pending_update().is_some();
            assert!(!pending, "peer {name} waits for edits that never come");
            let unacknowledged = peer.counted && !peer.is_acknowledged();
            assert!(!unacknowledged, "peer {name} was not told that everything is stored");
        }
    }
}

/// Of the seed alone, so that a world can be played again.
fn node_id(rng: &mut StdRng) -> NodeId {
    NodeId::from_bytes(rng.random())
}

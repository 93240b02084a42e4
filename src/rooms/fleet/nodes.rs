//! What a node knows of the others: who is alive, who is in which document, what it has not heard. Pure.
//!
//! Nodes number what they say of themselves, as rooms do. A hole may have held a word about somebody's role, so
//! after one every room asks the store; and the node with the hole is asked to count its people anew.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    time::{Duration, Instant},
};

use bytes::Bytes;

use crate::{
    bus::frame::{Frame, NodeSaid, People},
    ids::{DocId, NodeId, UserId},
};

/// A node says at least this often that it is there …
const ALIVE_EVERY: Duration = Duration::from_secs(3);
/// … and is taken for gone when it was silent for so long.
const SILENCE: Duration = Duration::from_secs(10);
/// News of who is where goes out at most once in this time.
const PEOPLE_WINDOW: Duration = Duration::from_millis(500);
/// A node that doesn't answer is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(2);
/// A frame about people has about so many bytes at most.
const FRAME_BYTES: usize = 64 * 1024;
/// Nodes that are known at once; further ones are not counted.
const MAX_NODES: usize = 512;
/// Documents with people in them, of one node; further ones are not counted.
const MAX_DOCUMENTS: usize = 100_000;

/// What a node wants done about the others.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NodeEffect {
    /// Tell all nodes.
    Publish(Bytes),
    /// A node was silent for too long: its people are nowhere any more.
    Gone(NodeId),
    /// A node has said that it leaves.
    Left(NodeId),
    /// Ask the store what this person may do now, in the room of this document.
    Recheck(DocId, UserId),
    /// The same for everybody in every room, which may have begun anew as well.
    RecheckAll,
    /// See in the store whether this document has begun anew.
    ReadAgain(DocId),
    /// How many people are in this document has changed on another node.
    Counted(DocId),
    /// The same, in any document.
    Recounted,
}

/// Whether a node was known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Met {
    Before,
    New,
}

/// Another node.
#[derive(Debug)]
struct Peer {
    heard: u64,
    at: Instant,
    /// Not everything that it said has been heard.
    has_hole: bool,
    people: HashMap<DocId, Vec<UserId>>,
}

/// All nodes, as one of them knows them.
#[derive(Debug)]
pub(crate) struct Nodes {
    own: NodeId,
    said: u64,
    said_at: Option<Instant>,
    /// Of this node: the life of the room, and who is in it.
    here: BTreeMap<DocId, (u64, Vec<UserId>)>,
    /// Documents with news for the others.
    unsaid: BTreeSet<DocId>,
    people_said: Option<Instant>,
    asked: Option<Instant>,
    peers: BTreeMap<NodeId, Peer>,
}

impl Nodes {
    pub(crate) fn new(own: NodeId) -> Self {
        Self {
            own,
            said: 0,
            said_at: None,
            here: BTreeMap::new(),
            unsaid: BTreeSet::new(),
            people_said: None,
            asked: None,
            peers: BTreeMap::new(),
        }
    }

    /// Notes who is in a room of this node now. `life` tells rooms of the same document apart.
    pub(crate) fn set_people(&mut self, doc: DocId, life: u64, users: Vec<UserId>) {
        let known = self.here.get(&doc);
        if known.is_some_and(|(newest, _)| *newest > life) {
            return;
        }
        let before = known.map_or(&[][..], |(_, users)| users);
        if before != users {
            self.unsaid.insert(doc);
        }
        if users.is_empty() {
            self.here.remove(&doc);
        } else {
            self.here.insert(doc, (life, users));
        }
    }

    /// How many people are in a document, on all nodes.
    pub(crate) fn present(&self, doc: DocId) -> usize {
        let here = self.here.get(&doc).map(|(_, users)| users);
        let there = self.peers.values().filter_map(|peer| peer.people.get(&doc));
        here.into_iter().chain(there).flatten().collect::<HashSet<_>>().len()
    }

    /// How many other nodes are alive.
    pub(crate) fn others(&self) -> usize {
        self.peers.len()
    }

    /// What somebody may do with a document has changed.
    pub(crate) fn access_changed(
        &mut self,
        doc: DocId,
        user: UserId,
        now: Instant,
        effects: &mut Vec<NodeEffect>,
    ) {
        self.say(NodeSaid::Access(doc, user), now, effects);
    }

    /// A document begins anew.
    pub(crate) fn began_anew(&mut self, doc: DocId, now: Instant, effects: &mut Vec<NodeEffect>) {
        self.say(NodeSaid::BeganAnew(doc), now, effects);
    }

    /// The node stops.
    pub(crate) fn leave(&mut self, now: Instant, effects: &mut Vec<NodeEffect>) {
        self.say(NodeSaid::Leaving, now, effects);
    }

    /// Another node says something.
    pub(crate) fn heard(
        &mut self,
        frame: Frame<NodeSaid>,
        now: Instant,
        effects: &mut Vec<NodeEffect>,
    ) {
        let Frame { from, number, said, .. } = frame;
        if from == self.own || !self.note(from, number, now, effects) {
            return;
        }
        match said {
            NodeSaid::Alive => {}
            NodeSaid::People(people) => self.take(from, &people, effects),
            NodeSaid::Recount => {
                if let Some(peer) = self.peers.get_mut(&from) {
                    peer.people.clear();
                    peer.has_hole = false;
                    effects.push(NodeEffect::Recounted);
                }
            }
            NodeSaid::Ask(of) if of == self.own => self.recount(now, effects),
            NodeSaid::Ask(_) => {}
            NodeSaid::Access(doc, user) => effects.push(NodeEffect::Recheck(doc, user)),
            NodeSaid::BeganAnew(doc) => effects.push(NodeEffect::ReadAgain(doc)),
            NodeSaid::Leaving => {
                self.peers.remove(&from);
                effects.push(NodeEffect::Left(from));
            }
        }
    }

    /// A room has heard of a node. If that is all we know of it, it is asked the rest; and if it is silent, it is
    /// gone as any other.
    pub(crate) fn meet(&mut self, node: NodeId, now: Instant) -> Met {
        if node == self.own || self.peers.contains_key(&node) || self.peers.len() >= MAX_NODES {
            return Met::Before;
        }
        let people = HashMap::new();
        self.peers.insert(node, Peer { heard: 0, at: now, has_hole: true, people });
        Met::New
    }

    /// Frames may have been lost.
    pub(crate) fn missed(&mut self, effects: &mut Vec<NodeEffect>) {
        for peer in self.peers.values_mut() {
            peer.has_hole = true;
        }
        effects.push(NodeEffect::RecheckAll);
    }

    /// Does what is due.
    pub(crate) fn tick(&mut self, now: Instant, effects: &mut Vec<NodeEffect>) {
        let silent = self.peers.iter().filter(|(_, peer)| peer.at + SILENCE <= now);
        for node in silent.map(|(node, _)| *node).collect::<Vec<_>>() {
            self.peers.remove(&node);
            effects.push(NodeEffect::Gone(node));
        }
        if !self.unsaid.is_empty() && self.people_due(now) <= now {
            self.people_said = Some(now);
            let news = std::mem::take(&mut self.unsaid);
            self.say_people(news, now, effects);
        }
        if self.ask_due(now).is_some_and(|due| due <= now) {
            self.asked = Some(now);
            let holes = self.peers.iter().filter(|(_, peer)| peer.has_hole);
            for node in holes.map(|(node, _)| *node).collect::<Vec<_>>() {
                self.say(NodeSaid::Ask(node), now, effects);
            }
        }
        if self.said_at.is_none_or(|said| said + ALIVE_EVERY <= now) {
            self.say(NodeSaid::Alive, now, effects);
        }
    }

    /// When `tick` has something to do next.
    pub(crate) fn deadline(&self, now: Instant) -> Instant {
        let alive = self.said_at.map_or(now, |said| said + ALIVE_EVERY);
        let people = (!self.unsaid.is_empty()).then(|| self.people_due(now));
        let silences = self.peers.values().map(|peer| peer.at + SILENCE);
        let others = people.into_iter().chain(self.ask_due(now)).chain(silences);
        others.fold(alive, Instant::min)
    }

    fn people_due(&self, now: Instant) -> Instant {
        self.people_said.map_or(now, |said| said + PEOPLE_WINDOW)
    }

    fn ask_due(&self, now: Instant) -> Option<Instant> {
        let has_hole = self.peers.values().any(|peer| peer.has_hole);
        has_hole.then(|| self.asked.map_or(now, |asked| asked + ASK_AGAIN))
    }

    /// Notes a frame's number. `false`: the frame is no news.
    fn note(
        &mut self,
        from: NodeId,
        number: u64,
        now: Instant,
        effects: &mut Vec<NodeEffect>,
    ) -> bool {
        let heard = match self.peers.get(&from) {
            Some(peer) => peer.heard,
            None if self.peers.len() >= MAX_NODES => return true,
            None => {
                let people = HashMap::new();
                let peer = Peer { heard: 0, at: now, has_hole: false, people };
                self.peers.insert(from, peer);
                0
            }
        };
        let Some(peer) = self.peers.get_mut(&from).filter(|_| number > heard) else { return false };
        peer.at = now;
        peer.heard = number;
        if number > heard + 1 {
            peer.has_hole = true;
            effects.push(NodeEffect::RecheckAll);
        }
        true
    }

    fn take(&mut self, from: NodeId, people: &People, effects: &mut Vec<NodeEffect>) {
        let Some(peer) = self.peers.get_mut(&from) else { return };
        for (doc, users) in people.documents() {
            effects.push(NodeEffect::Counted(doc));
            if users.is_empty() {
                peer.people.remove(&doc);
            } else if peer.people.len() < MAX_DOCUMENTS || peer.people.contains_key(&doc) {
                peer.people.insert(doc, users);
            }
        }
    }

    fn recount(&mut self, now: Instant, effects: &mut Vec<NodeEffect>) {
        self.say(NodeSaid::Recount, now, effects);
        self.unsaid.clear();
        self.say_people(self.here.keys().copied().collect(), now, effects);
    }

    fn say_people(&mut self, docs: BTreeSet<DocId>, now: Instant, effects: &mut Vec<NodeEffect>) {
        let mut people = People::default();
        for doc in docs {
            let users = self.here.get(&doc).map_or(&[][..], |(_, users)| users);
            people = people.and(doc, users.iter().copied());
            if people.size() >= FRAME_BYTES {
                self.say(NodeSaid::People(std::mem::take(&mut people)), now, effects);
            }
        }
        if people.size() > 0 {
            self.say(NodeSaid::People(people), now, effects);
        }
    }

    fn say(&mut self, said: NodeSaid, now: Instant, effects: &mut Vec<NodeEffect>) {
        self.said += 1;
        self.said_at = Some(now);
        let frame = Frame { from: self.own, epoch: 0, life: 0, number: self.said, said };
        effects.push(NodeEffect::Publish(frame.encode()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::DocKind;

    /// A few nodes, and what each wants done.
    struct Fleet {
        now: Instant,
        nodes: Vec<Nodes>,
        wanted: Vec<Vec<NodeEffect>>,
    }

    impl Fleet {
        fn new(count: usize) -> Self {
            let nodes: Vec<_> = (0..count).map(|_| Nodes::new(NodeId::new())).collect();
            let wanted = nodes.iter().map(|_| Vec::new()).collect();
            Self { now: Instant::now(), nodes, wanted }
        }

        /// Lets all nodes that are not cut off do what is due, and hear each other, for so long.
        fn run(&mut self, time: Duration, cut_off: &[usize]) {
            let end = self.now + time;
            while self.now < end {
                self.now += Duration::from_millis(100);
                for at in 0..self.nodes.len() {
                    let mut effects = Vec::new();
                    self.nodes[at].tick(self.now, &mut effects);
                    self.carry_out(at, effects, cut_off);
                }
            }
        }

        fn carry_out(&mut self, from: usize, effects: Vec<NodeEffect>, cut_off: &[usize]) {
            for effect in effects {
                let NodeEffect::Publish(bytes) = effect else {
                    self.wanted[from].push(effect);
                    continue;
                };
                let there = (0..self.nodes.len()).filter(|_| !cut_off.contains(&from));
                for to in there.filter(|to| !cut_off.contains(to)).collect::<Vec<_>>() {
                    let mut effects = Vec::new();
                    let frame = Frame::decode(bytes.clone()).unwrap();
                    self.nodes[to].heard(frame, self.now, &mut effects);
                    self.carry_out(to, effects, cut_off);
                }
            }
        }
    }

    const A_SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_node_of_which_only_a_room_has_heard_is_asked_and_gone_when_it_is_silent() {
        let (mut nodes, other, began) = (Nodes::new(NodeId::new()), NodeId::new(), Instant::now());
        assert_eq!(nodes.meet(other, began), Met::New);
        assert_eq!(nodes.meet(other, began), Met::Before);
        let mut effects = Vec::new();
        nodes.tick(began, &mut effects);
        assert_eq!(effects.len(), 1, "a question");
        effects.clear();
        nodes.tick(began + SILENCE, &mut effects);
        assert_eq!(effects.first(), Some(&NodeEffect::Gone(other)));
    }

    #[test]
    fn a_person_is_counted_once_however_many_nodes_they_are_on() {
        let mut fleet = Fleet::new(3);
        let (doc, mina, jun) = (DocId::new(DocKind::Trip), UserId::new(), UserId::new());
        fleet.nodes[0].set_people(doc, 1, vec![mina]);
        fleet.nodes[1].set_people(doc, 1, vec![mina, jun]);
        fleet.run(A_SECOND, &[]);
        assert_eq!(fleet.nodes[2].present(doc), 2);
        fleet.nodes[1].set_people(doc, 1, vec![]);
        fleet.run(A_SECOND, &[]);
        assert_eq!(fleet.nodes.iter().map(|node| node.present(doc)).collect::<Vec<_>>(), [1; 3]);
    }

    #[test]
    fn a_silent_node_loses_its_people_within_ten_seconds_and_gets_them_back() {
        let mut fleet = Fleet::new(2);
        let doc = DocId::new(DocKind::Trip);
        fleet.nodes[0].set_people(doc, 1, vec![UserId::new()]);
        fleet.run(A_SECOND, &[]);
        assert_eq!(fleet.nodes[1].present(doc), 1);
        fleet.run(Duration::from_secs(6), &[0]);
        assert_eq!(fleet.nodes[1].present(doc), 1, "it may only be slow");
        fleet.run(Duration::from_secs(4), &[0]);
        assert_eq!((fleet.nodes[1].present(doc), fleet.nodes[1].others()), (0, 0));
        assert_eq!(fleet.wanted[1].last(), Some(&NodeEffect::Gone(fleet.nodes[0].own)));
        fleet.run(Duration::from_secs(4), &[]);
        assert_eq!(fleet.nodes[1].present(doc), 1, "as before, without anybody moving");
    }

    #[test]
    fn a_lost_word_about_people_is_asked_for_and_one_about_roles_makes_all_rooms_ask() {
        let mut fleet = Fleet::new(2);
        let (doc, user) = (DocId::new(DocKind::Trip), UserId::new());
        fleet.run(A_SECOND, &[]);
        fleet.wanted[1].clear();
        let mut effects = Vec::new();
        fleet.nodes[0].access_changed(doc, user, fleet.now, &mut effects);
        fleet.carry_out(0, effects, &[]);
        assert_eq!(fleet.wanted[1], [NodeEffect::Recheck(doc, user)]);
        fleet.nodes[0].set_people(doc, 1, vec![user]);
        fleet.run(A_SECOND, &[0]);
        assert_eq!(fleet.nodes[1].present(doc), 0);
        fleet.run(Duration::from_secs(4), &[]);
        assert_eq!(fleet.nodes[1].present(doc), 1);
        let made_up_for = [NodeEffect::RecheckAll, NodeEffect::Recounted, NodeEffect::Counted(doc)];
        assert_eq!(fleet.wanted[1][1..], made_up_for);
    }

    #[test]
    fn a_document_that_begins_anew_is_looked_at_on_every_other_node() {
        let mut fleet = Fleet::new(3);
        let doc = DocId::new(DocKind::Trip);
        fleet.run(A_SECOND, &[]);
        fleet.wanted.iter_mut().for_each(Vec::clear);
        let mut effects = Vec::new();
        fleet.nodes[0].began_anew(doc, fleet.now, &mut effects);
        fleet.carry_out(0, effects, &[]);
        let look = || vec![NodeEffect::ReadAgain(doc)];
        assert_eq!(fleet.wanted, [vec![], look(), look()]);
    }

    #[test]
    fn a_node_that_leaves_is_gone_at_once() {
        let mut fleet = Fleet::new(2);
        let doc = DocId::new(DocKind::Trip);
        fleet.nodes[0].set_people(doc, 1, vec![UserId::new()]);
        fleet.run(A_SECOND, &[]);
        let mut effects = Vec::new();
        fleet.nodes[0].leave(fleet.now, &mut effects);
        fleet.carry_out(0, effects, &[]);
        assert_eq!((fleet.nodes[1].present(doc), fleet.nodes[1].others()), (0, 0));
    }

    #[test]
    fn an_idle_node_says_little() {
        let mut fleet = Fleet::new(1);
        fleet.run(Duration::from_secs(60), &[]);
        assert!(fleet.nodes[0].said <= 21, "{}", fleet.nodes[0].said);
    }

    #[test]
    fn a_room_that_has_ended_does_not_speak_for_the_one_after_it() {
        let mut nodes = Nodes::new(NodeId::new());
        let (doc, user) = (DocId::new(DocKind::Trip), UserId::new());
        nodes.set_people(doc, 2, vec![user]);
        nodes.set_people(doc, 1, vec![]);
        assert_eq!(nodes.present(doc), 1);
    }
}

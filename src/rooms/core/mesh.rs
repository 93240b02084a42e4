//! How one room stands to the same room on other nodes: numbers, holes, questions, answers. Knows no document.
//!
//! Frames may be lost, doubled and reordered. Each node numbers what it says; a number that is not the next
//! one is a hole, and a hole is asked about until it is answered. What nobody answers is read from the
//! journal, which has everything that was ever said: edits are said to others once they are durable.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::revision::Revision;
use crate::{
    bus::frame::{Digest, Frame, RoomSaid},
    ids::NodeId,
};

/// How soon a doubt is to be cleared up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Haste {
    /// Somebody said so.
    AtOnce,
    /// All rooms doubt at the same time: they take turns.
    None,
}

/// Nodes that one room knows; what others say beyond is heard, but holes in it aren't noticed.
const MAX_NODES: usize = 512;
/// A room that has nothing to say says so after this time, and then each time twice as late …
const HEARTBEAT: Duration = Duration::from_secs(15);
/// … up to this.
const SLOWEST_HEARTBEAT: Duration = Duration::from_secs(240);
/// Awareness goes to other nodes at most once in this time.
const AWARENESS_WINDOW: Duration = Duration::from_millis(100);
/// After a reconnection all rooms ask, spread over this time …
const ASK_WITHIN: Duration = Duration::from_secs(2);
/// … and then read their journals, spread over this time.
const REREAD_WITHIN: Duration = Duration::from_secs(8);
/// A question that isn't answered is asked again after this time, and then each time twice as late.
const ASK_AGAIN: Duration = Duration::from_secs(1);
/// A hole that isn't answered for so long is read from the journal.
const PATIENCE: Duration = Duration::from_secs(5);
/// When everybody is asked, each of those who may answer waits for a while of this length for its turn …
const TURN: Duration = Duration::from_millis(20);
/// … of which there are at most so many.
const MAX_TURNS: u32 = 10;
/// Two nodes are compared when neither has heard or said anything new for so long.
const QUIET: Duration = Duration::from_secs(2);

/// One room on one node, from its opening to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// Where.
    pub node: NodeId,
    /// The how manieth room of that node it is.
    pub number: u64,
    /// Of its document.
    pub epoch: u64,
}

/// How a frame stands to those that came before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It is our own.
    Own,
    /// It is the next one, or the first one after a hole.
    Newest,
    /// Its node says nothing that is newer, but began anew: what its last room said of people is void.
    Reborn,
    /// It comes late, or again: edits in it are still good, all else is not.
    Late,
    /// It was said in another epoch, and means nothing here.
    Foreign,
}

/// What waits until everything before it is durable.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// An edit of somebody on this node.
    Edit(Bytes),
    /// What another node lacks.
    Answer(NodeId, Digest, Bytes),
}

/// A question that was heard.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) by: NodeId,
    pub(crate) state_vector: Bytes,
    /// Our document had it all, or another node has said the same.
    pub(crate) is_answered: bool,
    due: Instant,
}

/// The same room on another node.
#[derive(Debug)]
struct Peer {
    life: u64,
    /// The highest number that was heard.
    heard: u64,
    hole: Hole,
    /// It said goodbye: what may still come is late.
    is_over: bool,
}

/// Whether all that a peer said has been heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    None,
    /// Something is missing since then.
    Since(Instant),
    /// Likewise; it was before the journal was read that is being read now.
    Rereading(Instant),
}

/// When a journal is read again, because what is missing has nobody left who could say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reread {
    Idle,
    Due(Instant),
    /// Is being read. Whether it has to be read once more.
    Running(Option<Instant>),
}

/// The room's place among the same rooms on other nodes.
#[derive(Debug)]
pub(crate) struct Mesh {
    own: Life,
    /// Frames said so far.
    said: u64,
    peers: BTreeMap<NodeId, Peer>,
    outgoing: VecDeque<(Revision, Outgoing)>,
    questions: Vec<Question>,
    /// When everybody is to be asked.
    ask_all: Option<Instant>,
    /// When who has a hole may be asked next, and how often in a row that was done.
    ask_next: Option<Instant>,
    asked: u32,
    reread: Reread,
    heartbeat: Instant,
    quiet_for: Duration,
    /// When something new was last said or heard.
    stirred: Instant,
    awareness_said: Option<Instant>,
}

impl Mesh {
    /// A room that was just loaded; it asks everybody first.
    pub(crate) fn new(own: Life, now: Instant) -> Self {
        Self {
            own,
            said: 0,
            peers: BTreeMap::new(),
            outgoing: VecDeque::new(),
            questions: Vec::new(),
            ask_all: Some(now),
            ask_next: None,
            asked: 0,
            reread: Reread::Idle,
            heartbeat: now + HEARTBEAT,
            quiet_for: HEARTBEAT,
            stirred: now,
            awareness_said: None,
        }
    }

    /// Numbers what is said.
    pub(crate) fn say(&mut self, said: RoomSaid, now: Instant) -> Bytes {
        self.said += 1;
        self.quiet_for = match said {
            RoomSaid::Heartbeat(_) => (self.quiet_for * 2).min(SLOWEST_HEARTBEAT),
            RoomSaid::Edits(_)
            | RoomSaid::Awareness(_)
            | RoomSaid::Need { .. }
            | RoomSaid::Answer { .. }
            | RoomSaid::Goodbye => HEARTBEAT,
        };
        self.heartbeat = now + self.quiet_for;
        let Life { node, number, epoch } = self.own;
        Frame { from: node, epoch, life: number, number: self.said, said }.encode()
    }

    /// Notes a frame's number.
    pub(crate) fn note(&mut self, frame: &Frame<RoomSaid>, now: Instant) -> Standing {
        if frame.epoch != self.own.epoch {
            if frame.epoch > self.own.epoch {
                self.read_again(now);
            }
            return Standing::Foreign;
        }
        if frame.from == self.own.node {
            return Standing::Own;
        }
        let is_known = self.peers.contains_key(&frame.from);
        let Some(peer) = self.peers.get_mut(&frame.from).filter(|peer| peer.life >= frame.life)
        else {
            self.meet(frame, now);
            return if is_known { Standing::Reborn } else { Standing::Newest };
        };
        if peer.life > frame.life || peer.is_over || frame.number <= peer.heard {
            return Standing::Late;
        }
        if frame.number > peer.heard + 1 {
            peer.hole = Hole::Since(now);
        }
        peer.heard = frame.number;
        Standing::Newest
    }

    /// A node, or a new life of one. Unless we heard it from its first word on, something may be missing.
    fn meet(&mut self, frame: &Frame<RoomSaid>, now: Instant) {
        if self.peers.len() >= MAX_NODES && !self.peers.contains_key(&frame.from) {
            return;
        }
        let before = self.peers.get(&frame.from).is_some_and(|peer| peer.hole != Hole::None);
        if before {
            self.read_again(now);
        }
        let hole = if frame.number == 1 { Hole::None } else { Hole::Since(now) };
        let Frame { life, number: heard, .. } = *frame;
        self.peers.insert(frame.from, Peer { life, heard, hole, is_over: false });
    }

    /// Something of a node's is missing, as its numbers don't tell.
    pub(crate) fn lacks(&mut self, node: NodeId, now: Instant) {
        if let Some(peer) = self.peers.get_mut(&node).filter(|peer| peer.hole == Hole::None) {
            peer.hole = Hole::Since(now);
        }
    }

    /// The newest frame of a node was its answer to us: everything up to it has been said.
    pub(crate) fn answered(&mut self, node: NodeId) {
        if let Some(peer) = self.peers.get_mut(&node) {
            peer.hole = Hole::None;
        }
    }

    /// Frames may have been lost, of anybody. Who sent them may be gone.
    pub(crate) fn missed(&mut self, now: Instant) {
        for peer in self.peers.values_mut().filter(|peer| !peer.is_over) {
            peer.hole = Hole::Since(now);
        }
        let due = now + self.spread(ASK_WITHIN, 1);
        self.ask_all = Some(self.ask_all.map_or(due, |earlier| earlier.min(due)));
        self.ask_next = self.ask_all;
        self.asked = 0;
        self.read_again(now + ASK_WITHIN + self.spread(REREAD_WITHIN, 2));
    }

    /// A room ended on a node, as it said itself.
    pub(crate) fn goodbye(&mut self, node: NodeId, now: Instant) {
        let Some(peer) = self.peers.get_mut(&node) else { return };
        peer.is_over = true;
        if std::mem::replace(&mut peer.hole, Hole::None) != Hole::None {
            self.read_again(now);
        }
    }

    /// A node is gone without a word, and with it what it said last, or (if we never heard of it) all it said.
    pub(crate) fn gone(&mut self, node: NodeId, now: Instant) {
        match self.peers.remove(&node) {
            Some(peer) if peer.is_over => {}
            Some(_) => self.read_again(now + self.spread(ASK_WITHIN, 3)),
            None => self.read_again(now + self.spread(REREAD_WITHIN, 3)),
        }
        self.questions.retain(|question| question.by != node);
    }

    /// A node has said that it leaves, after its rooms had said their last words.
    pub(crate) fn left(&mut self, node: NodeId, now: Instant) {
        self.goodbye(node, now);
        self.peers.remove(&node);
        self.questions.retain(|question| question.by != node);
    }

    /// The document may have begun anew.
    pub(crate) fn doubt(&mut self, haste: Haste, now: Instant) {
        self.read_again(match haste {
            Haste::AtOnce => now,
            Haste::None => now + self.spread(REREAD_WITHIN, 4),
        });
    }

    fn read_again(&mut self, due: Instant) {
        self.reread = match self.reread {
            Reread::Idle => Reread::Due(due),
            Reread::Due(earlier) => Reread::Due(earlier.min(due)),
            Reread::Running(again) => Reread::Running(Some(again.map_or(due, |at| at.min(due)))),
        };
    }

    /// Whether the journal is to be read now; what was missing until now is in it.
    pub(crate) fn begin_reread(&mut self, now: Instant) -> bool {
        let impatient = |hole: Hole| matches!(hole, Hole::Since(since) if since + PATIENCE <= now);
        if self.reread == Reread::Idle && self.peers.values().any(|peer| impatient(peer.hole)) {
            self.reread = Reread::Due(now);
        }
        if !matches!(self.reread, Reread::Due(due) if due <= now) {
            return false;
        }
        self.reread = Reread::Running(None);
        for peer in self.peers.values_mut() {
            if let Hole::Since(since) = peer.hole {
                peer.hole = Hole::Rereading(since);
            }
        }
        true
    }

    /// The journal was read, or could not be.
    pub(crate) fn end_reread(&mut self, is_read: bool, now: Instant) {
        let again = if let Reread::Running(again) = self.reread { again } else { None };
        let again = if is_read { again } else { Some(now + PATIENCE) };
        self.reread = again.map_or(Reread::Idle, Reread::Due);
        for peer in self.peers.values_mut() {
            if let Hole::Rereading(since) = peer.hole {
                peer.hole = if is_read { Hole::None } else { Hole::Since(since) };
            }
        }
    }

    /// Something new was heard or edited.
    pub(crate) fn stir(&mut self, now: Instant) {
        self.stirred = now;
    }

    /// Whether what this room has may be compared with what another one has.
    pub(crate) fn is_quiet(&self, now: Instant) -> bool {
        self.outgoing.is_empty() && self.stirred + QUIET <= now
    }

    /// Keeps something until everything up to this revision is durable.
    pub(crate) fn hold(&mut self, until: Revision, what: Outgoing) {
        self.outgoing.push_back((until, what));
    }

    /// What waits no longer, in the order of holding.
    pub(crate) fn release(&mut self, stored: Revision) -> Vec<Outgoing> {
        let done = self.outgoing.iter().take_while(|(until, _)| *until <= stored).count();
        self.outgoing.drain(..done).map(|(_, what)| what).collect()
    }

    /// Remembers a question until it is our turn to answer it.
    pub(crate) fn question(
        &mut self,
        by: NodeId,
        of: Option<NodeId>,
        state_vector: Bytes,
        is_answered: bool,
        now: Instant,
    ) {
        let turns = match of {
            Some(of) if of != self.own.node => return,
            Some(_) => 0,
            None => u32::try_from(self.peers.len()).unwrap_or(MAX_TURNS).clamp(1, MAX_TURNS) - 1,
        };
        let due = now + self.spread(TURN * turns, self.said);
        self.questions.retain(|question| question.by != by);
        if self.questions.len() < MAX_NODES {
            self.questions.push(Question { by, state_vector, is_answered, due });
        }
    }

    /// Our node.
    pub(crate) fn node(&self) -> NodeId {
        self.own.node
    }

    /// Whether this node waits for our answer.
    pub(crate) fn is_asked_by(&self, node: NodeId) -> bool {
        self.questions.iter().any(|question| question.by == node)
    }

    /// Another node has said to `to` all that we could say.
    pub(crate) fn said_already(&mut self, to: NodeId) {
        let same = self.questions.iter_mut().filter(|question| question.by == to);
        same.for_each(|question| question.is_answered = true);
    }

    /// A question whose turn it is.
    pub(crate) fn due_question(&mut self, now: Instant) -> Option<Question> {
        let at = self.questions.iter().position(|question| question.due <= now)?;
        Some(self.questions.swap_remove(at))
    }

    /// Whom to ask now: everybody (`None`), or one.
    pub(crate) fn due_need(&mut self, now: Instant) -> Option<Option<NodeId>> {
        let mut holes = self.peers.iter().filter(|(_, peer)| peer.hole != Hole::None);
        let (first, second) = (holes.next().map(|(node, _)| *node), holes.next());
        let asks_all = self.ask_all.is_some_and(|due| due <= now);
        if asks_all {
            self.ask_all = None;
        } else if first.is_none() {
            (self.ask_next, self.asked) = (None, 0);
            return None;
        } else if self.ask_all.is_some() || self.ask_next.is_some_and(|due| due > now) {
            return None;
        }
        // There may be more nodes than those that were heard.
        let of = first.filter(|_| second.is_none() && !asks_all);
        self.ask_next = Some(now + ASK_AGAIN * 2_u32.pow(self.asked.min(4)));
        self.asked += 1;
        Some(of)
    }

    /// Whether to tell that there is nothing new.
    pub(crate) fn is_heartbeat_due(&mut self, now: Instant) -> bool {
        if self.heartbeat > now {
            return false;
        }
        if !self.outgoing.is_empty() {
            self.heartbeat = now + QUIET;
            return false;
        }
        true
    }

    /// When awareness may go out next.
    pub(crate) fn awareness_due(&self, now: Instant) -> Instant {
        self.awareness_said.map_or(now, |said| said + AWARENESS_WINDOW)
    }

    pub(crate) fn said_awareness(&mut self, now: Instant) {
        self.awareness_said = Some(now);
    }

    /// When there is something to do next, without anything happening.
    pub(crate) fn deadline(&self) -> Instant {
        let holes = || self.peers.values().map(|peer| peer.hole).filter(|hole| *hole != Hole::None);
        let patience = holes().filter_map(|hole| match hole {
            Hole::Since(since) if self.reread == Reread::Idle => Some(since + PATIENCE),
            Hole::Since(_) | Hole::None | Hole::Rereading(_) => None,
        });
        let reread = match self.reread {
            Reread::Due(due) => Some(due),
            Reread::Idle | Reread::Running(_) => None,
        };
        let ask = match self.ask_all {
            Some(due) => Some(due),
            None => holes().next().and(self.ask_next.or(Some(self.stirred))),
        };
        let questions = self.questions.iter().map(|question| question.due);
        let others = reread.into_iter().chain(ask).chain(patience).chain(questions);
        others.fold(self.heartbeat, Instant::min)
    }

    /// Some part of `within`, another one in each room and for each `salt`.
    fn spread(&self, within: Duration, salt: u64) -> Duration {
        let bits = u128::from_le_bytes(self.own.node.to_bytes());
        let mut mixed = (bits as u64) ^ ((bits >> 64) as u64);
        for part in [self.own.number, salt] {
            // The finalizer of splitmix64.
            mixed = mixed.wrapping_add(part.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^= mixed >> 31;
        }
        within.mul_f64((mixed >> 11) as f64 / (1_u64 << 53) as f64)
    }
}

#[cfg(test)]
mod tests;

//! What a room decides, without sockets, clocks or tasks: events in, effects out.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    time::Instant,
};

use bytes::Bytes;

use effort::Efforts;
use encodings::{Encodings, merged};
use mesh::Mesh;
use pace::Pace;
use participants::{Acknowledgement, Participant, Participants};
use reckoned::{MemoryFor, Reckoned};

pub use self::{
    frames::{Frame, FrameKind},
    mesh::{Haste, Life},
    participants::{Acks, ParticipantId},
    revision::Revision,
};

use crate::{
    bus::frame::{Frame as BusFrame, RoomSaid},
    crdt::{Applied, Awareness, Document, LoadError, Presence, Refusal, Stamp},
    ids::{NodeId, Role, UserId},
    protocol::{self, CloseCode, Message, RefusedStatus},
};

mod answers;
mod effort;
mod encodings;
mod frames;
mod mesh;
mod pace;
mod participants;
mod reckoned;
mod reckoning;
mod remote;
mod revision;

/// Edits that are applied but not durable may be so many bytes; beyond, editors are sent away for a while.
pub const MAX_UNSTORED_BYTES: usize = 8 * 1024 * 1024;

/// A client may build on edits that the server lacks so often in a row, and is asked for them each time. It
/// has them, or will never.
const MAX_MISSES: u32 = 16;

/// What happens to a room.
#[derive(Debug)]
pub enum Event {
    /// A connection comes in.
    Joined(ParticipantId, Presence, Role, Acks),
    /// It says something.
    Received(ParticipantId, Message),
    /// It has written everything, after edits from this revision on were dropped (W10).
    FellBehind(ParticipantId, Revision),
    /// It is gone.
    Left(ParticipantId),
    /// A member's role is now this; `None`: is no member any more.
    RoleChanged(UserId, Option<Role>),
    /// The edits of people here are durable up to this one.
    Stored(Revision),
    /// The same room on another node says something.
    Heard(BusFrame<RoomSaid>),
    /// Other nodes may have said something that was not heard.
    Missed,
    /// A node was silent for too long.
    NodeGone(NodeId),
    /// A node has said that it leaves.
    NodeLeft(NodeId),
    /// The document may have begun anew, as the journal would tell.
    Doubted(Haste),
    /// The journal has this beyond what the room had when it asked. `None`: it can't be read now.
    Reread(Option<Bytes>),
}

/// What a room wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// To one.
    Send(ParticipantId, Frame),
    /// To everybody but these, which are in order.
    Broadcast(Frame, Vec<ParticipantId>),
    /// In place of everything that was dropped.
    CatchUp(ParticipantId, Vec<Frame>),
    /// The first so many of its edits are durable (W4).
    Stored(ParticipantId, u64),
    /// Make this edit durable. Edits come in order; the numbers between them are those of other nodes' edits.
    Append(Revision, Bytes),
    /// To the same room on other nodes.
    Publish(Bytes),
    /// Read the journal for what it has beyond this state vector.
    Reread(Bytes),
    /// End a connection.
    Close(ParticipantId, CloseCode),
    /// Something met this limit: to be counted.
    Limited(&'static str),
    /// The document is beyond use: end the room, and load it again for who comes back.
    Abandon,
}

/// How an edit came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// As a step 2, which may bring a whole document.
    Step2,
    /// As a step 2 of a reader's that adds nothing.
    Known,
    Update,
}

/// An edit that was applied and not sent on yet.
#[derive(Debug)]
struct Fresh {
    from: Option<ParticipantId>,
    revision: Revision,
    update: Bytes,
}

/// One shared document and the people in it.
#[derive(Debug)]
pub struct Room {
    document: Document,
    awareness: Awareness<ParticipantId>,
    participants: Participants,
    efforts: Efforts,
    encodings: Encodings,
    pace: Pace,
    fresh: Vec<Fresh>,
    /// Awareness ids that changed and were not sent on yet: to people here …
    stirred: BTreeSet<u64>,
    /// Who asked for a difference too often, and when it is due.
    asking: BTreeMap<ParticipantId, Instant>,
    /// … and to other nodes.
    unshared: BTreeSet<u64>,
    /// The other nodes, if there may be any.
    mesh: Option<Mesh>,
    accepted: Revision,
    stored: Revision,
    /// The edits that are accepted and not stored, with their sizes, and the sum of these.
    unstored: VecDeque<(Revision, usize)>,
    unstored_bytes: usize,
    /// What it takes of the memory, if anybody counts.
    reckoned: Option<Reckoned>,
}

impl Room {
    /// A room without people around a document that was just loaded.
    pub fn new(document: Document, now: Instant) -> Self {
        Self {
            awareness: Awareness::new(document.limits()),
            efforts: Efforts::new(document.limits()),
            document,
            participants: Participants::default(),
            encodings: Encodings::default(),
            pace: Pace::new(now),
            fresh: Vec::new(),
            stirred: BTreeSet::new(),
            asking: BTreeMap::new(),
            unshared: BTreeSet::new(),
            mesh: None,
            accepted: Revision::default(),
            stored: Revision::default(),
            unstored: VecDeque::new(),
            unstored_bytes: 0,
            reckoned: None,
        }
    }

    /// Decides about one event.
    pub fn handle(&mut self, event: Event, now: Instant, effects: &mut Vec<Effect>) {
        match event {
            Event::Joined(id, person, role, acks) => {
                self.participants.insert(id, Participant::new(person, role, acks, now));
                self.welcome(id, effects);
            }
            Event::Received(id, message) => self.received(id, message, now, effects),
            Event::FellBehind(id, from) => self.catch_up(id, from, effects),
            Event::Left(id) => {
                self.participants.remove(id);
                self.asking.remove(&id);
                let gone = self.awareness.remove(id, now);
                self.stir_own(gone);
            }
            Event::RoleChanged(user, role) => self.change_role(user, role, effects),
            Event::Stored(revision) => self.acknowledge(revision, effects),
            Event::Heard(frame) => self.heard(frame, now, effects),
            Event::Missed => self.missed(now),
            Event::Doubted(haste) => self.doubted(haste, now),
            Event::NodeGone(node) => self.node_gone(node, now),
            Event::NodeLeft(node) => self.node_left(node, now),
            Event::Reread(update) => self.reread(update.as_ref(), now, effects),
        }
    }

    /// Sends on what waits and is due. To be called after a burst of events, and at the `deadline`.
    pub fn flush(&mut self, now: Instant, effects: &mut Vec<Effect>) {
        let mut changed = self.awareness.expire(now);
        changed.extend(self.awareness.release(now));
        self.stir_own(changed);
        self.answer_due(now, effects);
        if !self.fresh.is_empty() && self.pace.edits_due(now) <= now {
            self.pace.sent_edits(now);
            self.send_edits(effects);
        }
        if !self.stirred.is_empty() && self.pace.awareness_due(now) <= now {
            self.pace.sent_awareness(now);
            let ids: Vec<_> = std::mem::take(&mut self.stirred).into_iter().collect();
            let frame = awareness_frame(&self.awareness.encode(&ids));
            // W3: to the senders too.
            effects.push(Effect::Broadcast(frame, Vec::new()));
        }
        self.share(now, effects);
    }

    /// When `flush` has something to do next.
    pub fn deadline(&self, now: Instant) -> Option<Instant> {
        let edits = (!self.fresh.is_empty()).then(|| self.pace.edits_due(now));
        let awareness = (!self.stirred.is_empty()).then(|| self.pace.awareness_due(now));
        let answers = self.asking.values().min().copied();
        let mesh = self.mesh.as_ref().map(|mesh| {
            let awareness = (!self.unshared.is_empty()).then(|| mesh.awareness_due(now));
            awareness.into_iter().fold(mesh.deadline(), Instant::min)
        });
        let others = [edits, awareness, answers, mesh, self.awareness.deadline()];
        others.into_iter().flatten().min()
    }

    /// Sets the title, as an edit of the server's own.
    pub fn rename(
        &mut self,
        title: &str,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) -> Result<(), Refusal> {
        if let Some(update) = self.document.set_title(title)? {
            self.accept(None, update.into(), now, effects);
        }
        Ok(())
    }

    /// Makes the content that of `state` again, as a forward edit.
    pub fn restore(
        &mut self,
        state: &[u8],
        stamp: &Stamp,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) -> Result<(), LoadError> {
        if let Some(update) = self.document.restore(state, stamp)? {
            self.accept(None, update.into(), now, effects);
        }
        Ok(())
    }

    /// The document, to be read.
    pub fn document(&self) -> &Document {
        &self.document
    }

    /// The edits that were accepted so far.
    pub fn accepted(&self) -> Revision {
        self.accepted
    }

    /// The edits that are durable.
    pub fn stored(&self) -> Revision {
        self.stored
    }

    /// How many people are here, however many windows each has open.
    pub fn people(&self) -> usize {
        self.participants.people()
    }

    /// Who is on this node, each once, in order.
    pub fn users(&self) -> Vec<UserId> {
        self.participants.users().into_iter().collect()
    }

    /// Counts who came and who went: while it stays the same, `users` does, too.
    pub fn changes(&self) -> u64 {
        self.participants.changes()
    }

    /// Whether nobody is here.
    pub fn is_empty(&self) -> bool {
        self.participants.is_empty()
    }

    fn received(
        &mut self,
        id: ParticipantId,
        message: Message,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        match message {
            Message::Step1(state_vector) => self.answer(id, state_vector, now, effects),
            Message::Step2(update) => {
                // W7: a reader answers our step 1 with what it has, which is no offence.
                let harmless =
                    !self.may_edit(id) && self.document.adds_nothing(&update) == Ok(true);
                let sent = if harmless { Sent::Known } else { Sent::Step2 };
                self.edit(id, &update, sent, now, effects);
            }
            Message::Update(update) => self.edit(id, &update, Sent::Update, now, effects),
            Message::Awareness(states) => self.stir(id, &states, now, effects),
            Message::AskAwareness => self.answer_awareness(id, now, effects),
            // The connection has dealt with these.
            Message::Token(_) | Message::Probe => {}
        }
    }

    fn may_edit(&self, id: ParticipantId) -> bool {
        self.participants.get(id).is_some_and(Participant::may_edit)
    }

    /// One step 2 or update of a participant: applied, found to be known, or refused.
    fn edit(
        &mut self,
        id: ParticipantId,
        update: &Bytes,
        sent: Sent,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        let Some(participant) = self.participants.get_mut(id) else { return };
        let count = participant.count();
        if sent == Sent::Known {
            return self.wait(id, count, None, effects);
        }
        if !participant.may_edit() {
            return self.refuse_reader(id, count, effects);
        }
        if sent == Sent::Update && update.len() > self.document.limits().update_bytes {
            return self.refuse(id, count, Refusal::TooLarge("update"), effects);
        }
        // One alone is taken, however large it is: otherwise it would never be.
        let waiting = self.unstored_bytes;
        if waiting > 0 && waiting.saturating_add(update.len()) > MAX_UNSTORED_BYTES {
            return effects.push(Effect::Close(id, CloseCode::TryAgainLater));
        }
        let person = participant.person.id;
        match self.memory_for(update) {
            MemoryFor::Update => {}
            MemoryFor::Nothing => return Self::send_away(id, effects),
            MemoryFor::NoneInDocument => {
                let refusal = Refusal::TooLarge("history");
                return self.refuse(id, count, refusal, effects);
            }
        }
        match self.apply(person, update, now) {
            Ok(Applied::Changed) => {
                self.accept(Some(id), update.clone(), now, effects);
                self.wait(id, count, Some(update), effects);
            }
            Ok(Applied::Unchanged) => self.wait(id, count, Some(update), effects),
            Err(refusal) => self.refuse(id, count, refusal, effects),
        }
    }

    fn apply(&mut self, by: UserId, update: &[u8], now: Instant) -> Result<Applied, Refusal> {
        let before = self.efforts.left(by, now);
        let mut left = before;
        let applied = self.document.apply_within(update, &mut left);
        self.efforts.spend(by, before.minus(left), now);
        applied
    }

    /// Takes an edit that was applied on its way: to the journal at once, to the others with the next flush.
    fn accept(
        &mut self,
        from: Option<ParticipantId>,
        update: Bytes,
        now: Instant,
        effects: &mut Vec<Effect>,
    ) {
        self.accepted = Revision(self.accepted.0 + 1);
        let revision = self.accepted;
        self.unstored.push_back((revision, update.len()));
        self.unstored_bytes += update.len();
        self.pace.edit(now);
        self.encodings.push(revision, update.clone());
        self.takes_more(&update);
        effects.push(Effect::Append(revision, update.clone()));
        self.hold_for_others(revision, update.clone(), now);
        self.fresh.push(Fresh { from, revision, update });
    }

    /// Acknowledges an edit when all that is accepted by now is durable, at once if it is.
    fn wait(
        &mut self,
        id: ParticipantId,
        count: u64,
        update: Option<&Bytes>,
        effects: &mut Vec<Effect>,
    ) {
        let (accepted, stored) = (self.accepted, self.stored);
        if let Some(participant) = self.participants.get_mut(id) {
            participant.wait(count, accepted, update);
            tell(id, participant.acknowledge(stored), effects);
        }
    }

    fn acknowledge(&mut self, stored: Revision, effects: &mut Vec<Effect>) {
        while let Some((_, size)) = self.unstored.pop_front_if(|(revision, _)| *revision <= stored)
        {
            self.unstored_bytes -= size;
        }
        self.note_stored();
        let stored = self.stored;
        for (id, participant) in self.participants.iter_mut() {
            tell(id, participant.acknowledge(stored), effects);
        }
    }

    /// W7
    fn refuse_reader(&mut self, id: ParticipantId, count: u64, effects: &mut Vec<Effect>) {
        let Some(participant) = self.participants.get_mut(id) else { return };
        if participant.acks == Acks::Counted {
            let status = RefusedStatus::ReadOnly;
            effects.push(send(id, protocol::refused(count, status, READ_ONLY)));
        }
        if !std::mem::replace(&mut participant.told_read_only, true) {
            effects.push(send(id, protocol::denied(READ_ONLY)));
        }
    }

    fn refuse(
        &mut self,
        id: ParticipantId,
        count: u64,
        refusal: Refusal,
        effects: &mut Vec<Effect>,
    ) {
        effects.extend(refusal.limit().map(Effect::Limited));
        let (status, code) = match refusal {
            // Sent again after a while, it is taken.
            Refusal::Later => return effects.push(Effect::Close(id, CloseCode::TryAgainLater)),
            Refusal::Malformed(_) | Refusal::Barred | Refusal::Failed => {
                (RefusedStatus::Malformed, Some(CloseCode::Malformed))
            }
            Refusal::TooLarge(_) => (RefusedStatus::TooLarge, Some(CloseCode::TooLarge)),
            Refusal::TooMany(_) => (RefusedStatus::TooMany, Some(CloseCode::TooLarge)),
            Refusal::Missing => (RefusedStatus::Missing, None),
        };
        let is_told = self.participants.get(id).is_some_and(|one| one.acks == Acks::Counted);
        if is_told {
            effects.push(send(id, protocol::refused(count, status, &refusal.to_string())));
        }
        let misses = self.participants.get_mut(id).map_or(0, Participant::miss);
        match code {
            // It is about this edit alone, and the client knows which one.
            Some(_) if is_told && refusal != Refusal::Failed => {}
            Some(code) => effects.push(Effect::Close(id, code)),
            None if misses > MAX_MISSES => effects.push(Effect::Close(id, CloseCode::Malformed)),
            None => effects.push(send(id, protocol::step1(&self.document.state_vector()))),
        }
        if refusal == Refusal::Failed {
            effects.push(Effect::Abandon);
        }
    }

    fn stir(&mut self, id: ParticipantId, states: &[u8], now: Instant, effects: &mut Vec<Effect>) {
        let Some(participant) = self.participants.get(id) else { return };
        match self.awareness.set(id, &participant.person, states, now) {
            Ok(changed) => {
                self.stir_own(changed);
                self.tell_oversized(id, effects);
            }
            Err(refusal) => {
                let limit = refusal.limit();
                let code = if limit.is_some() { CloseCode::TooLarge } else { CloseCode::Malformed };
                effects.extend(limit.map(Effect::Limited));
                effects.push(Effect::Close(id, code));
            }
        }
        for _ in 0..self.awareness.take_held() {
            effects.push(Effect::Limited("awareness_per_second"));
        }
    }

    /// W8: said once to a client that knows the message; the connection of any other goes on as well.
    fn tell_oversized(&mut self, id: ParticipantId, effects: &mut Vec<Effect>) {
        let oversized = self.awareness.take_oversized();
        effects.extend((0..oversized).map(|_| Effect::Limited("awareness_bytes")));
        let Some(participant) = self.participants.get_mut(id).filter(|_| oversized > 0) else {
            return;
        };
        if !std::mem::replace(&mut participant.told_oversized, true)
            && participant.acks == Acks::Counted
        {
            let reason = "too large: awareness state";
            effects.push(send(id, protocol::passed_over(RefusedStatus::TooLarge, reason)));
        }
    }

    /// Notes awareness of people here that is to be sent on.
    fn stir_own(&mut self, ids: Vec<u64>) {
        if self.mesh.is_some() {
            self.unshared.extend(&ids);
        }
        self.stirred.extend(ids);
    }

    fn change_role(&mut self, user: UserId, role: Option<Role>, effects: &mut Vec<Effect>) {
        for id in self.participants.of(user) {
            let Some(participant) = self.participants.get_mut(id) else { continue };
            let Some(role) = role else {
                effects.push(Effect::Close(id, CloseCode::Forbidden));
                continue;
            };
            if std::mem::replace(&mut participant.role, role) == role {
                continue;
            }
            if participant.acks == Acks::Counted {
                effects.push(send(id, protocol::access(role.name())));
            }
            participant.told_read_only = !participant.may_edit();
            if participant.told_read_only {
                effects.push(send(id, protocol::denied(READ_ONLY)));
            }
        }
    }

    /// One frame for everybody who sent none of the fresh edits; the others' edits for each who did. Who was not sent
    /// the document yet gets them with it.
    fn send_edits(&mut self, effects: &mut Vec<Effect>) {
        let fresh = std::mem::take(&mut self.fresh);
        let mut senders: BTreeSet<_> = fresh.iter().filter_map(|edit| edit.from).collect();
        let waiting = self.participants.without_document();
        for &sender in senders.difference(waiting) {
            let others = fresh.iter().filter(|edit| edit.from != Some(sender));
            effects.extend(
                others.map(|edit| Effect::Send(sender, edits_frame(edit.revision, &edit.update))),
            );
        }
        let Some(first) = fresh.first().map(|edit| edit.revision) else { return };
        let updates: Vec<_> = fresh.into_iter().map(|edit| edit.update).collect();
        senders.extend(waiting);
        let except: Vec<_> = senders.into_iter().collect();
        for update in merged(&updates) {
            effects.push(Effect::Broadcast(edits_frame(first, &update), except.clone()));
        }
    }
}

const READ_ONLY: &str = "read-only";

fn tell(id: ParticipantId, news: Option<Acknowledgement>, effects: &mut Vec<Effect>) {
    match news {
        Some(Acknowledgement::Count(count)) => effects.push(Effect::Stored(id, count)),
        Some(Acknowledgement::Echoes(updates)) => {
            effects.extend(
                updates
                    .iter()
                    .map(|(revision, update)| Effect::Send(id, edits_frame(*revision, update))),
            );
        }
        None => {}
    }
}

fn send(id: ParticipantId, bytes: Bytes) -> Effect {
    Effect::Send(id, Frame { bytes, kind: FrameKind::Control })
}

/// Revision 0: who loses this frame lacks everything.
fn whole_frame(bytes: Bytes) -> Frame {
    Frame { bytes, kind: FrameKind::Edits(Revision(0)) }
}

fn edits_frame(revision: Revision, update: &[u8]) -> Frame {
    Frame { bytes: protocol::update(update), kind: FrameKind::Edits(revision) }
}

fn awareness_frame(states: &[u8]) -> Frame {
    Frame { bytes: protocol::awareness(states), kind: FrameKind::Awareness }
}

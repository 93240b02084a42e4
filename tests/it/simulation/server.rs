//! The shell around one room in the simulation: outboxes, appends in halves, and what it says to other nodes.

use std::{collections::BTreeMap, time::Instant};

use bytes::Bytes;
use moim::{
    crdt::Presence,
    ids::{Role, UserId},
    protocol::CloseCode,
    rooms::{Acks, Bounds, Effect, Event, ParticipantId, Receiver, Revision, Room, Sender, outbox},
    store::{StoreError, conflict, faulty::Staged},
};

use super::stage::Stage;

/// Small, so that peers fall behind now and then (W10).
const BOUNDS: Bounds = Bounds { frames: 6, bytes: 2000 };

/// The document has begun anew: the room is of no use any more.
#[derive(Debug)]
pub(super) struct OtherEpoch;

/// The running server; a crash drops it.
pub(super) struct Server {
    pub(super) room: Room,
    pub(super) epoch: u64,
    pub(super) outboxes: BTreeMap<ParticipantId, (Sender, Receiver, usize)>,
    next: u64,
    /// Accepted, not appended yet.
    waiting: Vec<(Revision, Bytes)>,
    appending: Option<(Staged, usize)>,
    /// For the same room on other nodes.
    pub(super) published: Vec<Bytes>,
    /// The room wants to know what the journal has beyond this.
    pub(super) reread: Option<Bytes>,
}

impl Server {
    pub(super) fn new(room: Room, epoch: u64) -> Self {
        Self {
            room,
            epoch,
            outboxes: BTreeMap::new(),
            next: 0,
            waiting: Vec::new(),
            appending: None,
            published: Vec::new(),
            reread: None,
        }
    }

    pub(super) fn join(&mut self, peer: usize, acks: Acks, now: Instant) -> ParticipantId {
        self.join_as(UserId::new(), peer, acks, now)
    }

    pub(super) fn join_as(
        &mut self,
        user: UserId,
        peer: usize,
        acks: Acks,
        now: Instant,
    ) -> ParticipantId {
        let id = ParticipantId(self.next);
        self.next += 1;
        let (sender, receiver) = outbox(BOUNDS);
        self.outboxes.insert(id, (sender, receiver, peer));
        let person = Presence { id: user, name: "미나".into(), color: "#336699".into() };
        self.handle(Event::Joined(id, person, Role::Editor, acks), now);
        id
    }

    pub(super) fn leave(&mut self, now: Instant) {
        let mut effects = Vec::new();
        self.room.leave(now, &mut effects);
        self.carry_out(effects);
    }

    pub(super) fn handle(&mut self, event: Event, now: Instant) {
        let mut effects = Vec::new();
        self.room.handle(event, now, &mut effects);
        self.carry_out(effects);
    }

    pub(super) fn flush(&mut self, now: Instant) {
        let mut effects = Vec::new();
        self.room.flush(now, &mut effects);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send(to, frame) => self.with(to, |sender| sender.push(frame)),
                Effect::Broadcast(frame, except) => {
                    for (id, (sender, ..)) in &self.outboxes {
                        if !except.contains(id) {
                            sender.push(frame.clone());
                        }
                    }
                }
                Effect::CatchUp(to, frames) => self.with(to, |sender| sender.catch_up(frames)),
                Effect::Stored(to, count) => self.with(to, |sender| sender.stored(count)),
                Effect::Append(revision, update) => self.waiting.push((revision, update)),
                Effect::Publish(frame) => self.published.push(frame),
                Effect::Reread(state_vector) => self.reread = Some(state_vector),
                Effect::Close(to, code) => self.with(to, |sender| sender.close(code)),
                Effect::Limited(limit) => panic!("honest peers met the limit {limit}"),
                Effect::Abandon => panic!("honest edits never make a document useless"),
            }
        }
    }

    fn with(&self, id: ParticipantId, act: impl FnOnce(&Sender)) {
        if let Some((sender, ..)) = self.outboxes.get(&id) {
            act(sender);
        }
    }

    pub(super) fn take_closes(&self) -> Vec<(usize, CloseCode)> {
        let closes =
            self.outboxes.values().filter_map(|(sender, _, peer)| Some((*peer, sender.closed()?)));
        closes.collect()
    }

    /// Half of an append: the first call begins it, the second ends it. An error: the document has begun anew.
    pub(super) fn append(&mut self, stage: &Stage, now: Instant) -> Result<(), OtherEpoch> {
        match self.appending.take() {
            None if self.waiting.is_empty() => {}
            None => {
                let updates = self.waiting.iter().map(|(_, update)| update.clone()).collect();
                let staged = stage.journal.stage(stage.doc, self.epoch, updates);
                self.appending = Some((staged, self.waiting.len()));
            }
            Some((staged, count)) => match stage.journal.settle(staged) {
                Ok(()) => {
                    let last = self.waiting.drain(..count).next_back();
                    self.handle(Event::Stored(last.expect("an edit").0), now);
                }
                Err(StoreError::Conflict(conflict::OTHER_EPOCH)) => return Err(OtherEpoch),
                Err(_) => {}
            },
        }
        Ok(())
    }

    /// The process dies. An append that was under way may have been written all the same.
    pub(super) fn die(self, stage: &Stage, is_written: bool) {
        if let Some((staged, _)) = self.appending.filter(|_| is_written) {
            let _ = stage.journal.settle(staged);
        }
    }

    /// Whether nothing is left to do for anybody.
    pub(super) fn is_idle(&self) -> bool {
        self.outboxes.is_empty() && self.waiting.is_empty() && self.appending.is_none()
    }
}

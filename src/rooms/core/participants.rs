//! Who is in a room: what each may do, and which of their edits still wait for the journal.

use std::{
    collections::{BTreeMap, BTreeSet, HashSet, VecDeque},
    time::{Duration, Instant},
};

use bytes::Bytes;

use super::revision::Revision;
use crate::{
    auth::{Act, permits},
    bucket::Bucket,
    crdt::Presence,
    ids::{Role, UserId},
};

/// Differences that one participant may ask for in a second, and likewise everybody's awareness: each is an encoding
/// of its own, of what may be large. A client asks for one when it comes.
const DIFFERENCES_PER_SECOND: u32 = 1;
/// So much of it may come at the same time.
const DIFFERENCES_BURST: Duration = Duration::from_secs(4);

/// One connection to a room; never given twice in the life of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParticipantId(pub u64);

/// How a connection learns that its edits are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acks {
    /// By `stored` and `refused` messages (W4); the client came with `?ack=1`.
    Counted,
    /// By its own update, sent back (W5).
    Echoed,
}

/// One connection as the room sees it.
#[derive(Debug)]
pub(crate) struct Participant {
    pub(crate) person: Presence,
    pub(crate) role: Role,
    pub(crate) acks: Acks,
    /// W7: a reader is told once that it only reads.
    pub(crate) told_read_only: bool,
    /// Step 2 and update messages so far; what `stored n` counts.
    received: u64,
    waiting: VecDeque<Waiting>,
    /// Edits in a row that built on edits that are not here.
    misses: u32,
    differences: Bucket,
    awareness: Bucket,
    asked_awareness: bool,
    /// W8: it was told that a state of its awareness was too large.
    pub(crate) told_oversized: bool,
    /// What it had when it last asked for a difference that waits.
    asked: Option<Bytes>,
}

/// An edit that is applied but not durable yet.
#[derive(Debug)]
struct Waiting {
    count: u64,
    /// Durable when the journal has come this far.
    until: Revision,
    echo: Option<Bytes>,
}

/// What a participant is told when edits have become durable.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Acknowledgement {
    /// The first so many are stored.
    Count(u64),
    /// These are stored, in this order, each with the revision that has it.
    Echoes(Vec<(Revision, Bytes)>),
}

impl Participant {
    pub(crate) fn new(person: Presence, role: Role, acks: Acks, now: Instant) -> Self {
        Self {
            person,
            role,
            acks,
            told_read_only: false,
            received: 0,
            waiting: VecDeque::new(),
            misses: 0,
            differences: Bucket::new(DIFFERENCES_PER_SECOND, DIFFERENCES_BURST, now),
            awareness: Bucket::new(DIFFERENCES_PER_SECOND, DIFFERENCES_BURST, now),
            asked_awareness: false,
            told_oversized: false,
            asked: None,
        }
    }

    pub(crate) fn may_edit(&self) -> bool {
        permits(self.role, Act::Edit)
    }

    /// Counts one more step 2 or update message, and says the how manieth it is.
    pub(crate) fn count(&mut self) -> u64 {
        self.received += 1;
        self.received
    }

    /// Counts an edit that builds on edits that are not here, and says the how manieth in a row it is.
    pub(crate) fn miss(&mut self) -> u32 {
        self.misses += 1;
        self.misses
    }

    /// Asks for what it lacks beside this state vector. Asked too often, only the last one is answered, when it is
    /// due.
    pub(crate) fn ask(&mut self, state_vector: Bytes, now: Instant) -> Result<Bytes, Instant> {
        match self.differences.take(now) {
            Ok(()) => Ok(state_vector),
            Err(wait) => {
                self.asked = Some(state_vector);
                Err(now + wait)
            }
        }
    }

    /// Asks for everybody's awareness. Asked too often, it is answered once, when it is due.
    pub(crate) fn ask_awareness(&mut self, now: Instant) -> Result<(), Instant> {
        self.awareness.take(now).map_err(|wait| {
            self.asked_awareness = true;
            now + wait
        })
    }

    /// Whether it asked for awareness that waits.
    pub(crate) fn take_asked_awareness(&mut self) -> bool {
        std::mem::take(&mut self.asked_awareness)
    }

    /// What it asked that waits.
    pub(crate) fn take_asked(&mut self) -> Option<Bytes> {
        self.asked.take()
    }

    /// The `count`th message is done with as soon as the journal has come to `until`.
    pub(crate) fn wait(&mut self, count: u64, until: Revision, update: Option<&Bytes>) {
        self.misses = 0;
        match self.acks {
            Acks::Counted => match self.waiting.back_mut() {
                Some(last) if last.until == until => last.count = count,
                Some(_) | None => self.waiting.push_back(Waiting { count, until, echo: None }),
            },
            Acks::Echoed => {
                if let Some(update) = update {
                    let echo = Some(update.clone());
                    self.waiting.push_back(Waiting { count, until, echo });
                }
            }
        }
    }

    /// Takes what has become durable now that the journal has come to `stored`.
    pub(crate) fn acknowledge(&mut self, stored: Revision) -> Option<Acknowledgement> {
        let done = self.waiting.iter().take_while(|waiting| waiting.until <= stored).count();
        let mut done = self.waiting.drain(..done);
        match self.acks {
            Acks::Counted => done.next_back().map(|last| Acknowledgement::Count(last.count)),
            Acks::Echoed => {
                let echo = |waiting: Waiting| Some((waiting.until, waiting.echo?));
                let echoes: Vec<_> = done.filter_map(echo).collect();
                (!echoes.is_empty()).then_some(Acknowledgement::Echoes(echoes))
            }
        }
    }
}

/// Everybody in a room, in the order of coming.
#[derive(Debug, Default)]
pub(crate) struct Participants {
    by_id: BTreeMap<ParticipantId, Participant>,
    /// Whose first step 1 is not answered yet.
    without_document: BTreeSet<ParticipantId>,
    changes: u64,
}

impl Participants {
    pub(crate) fn insert(&mut self, id: ParticipantId, participant: Participant) {
        self.changes += 1;
        self.without_document.insert(id);
        self.by_id.insert(id, participant);
    }

    pub(crate) fn remove(&mut self, id: ParticipantId) -> Option<Participant> {
        self.changes += 1;
        self.without_document.remove(&id);
        self.by_id.remove(&id)
    }

    /// Notes that this one was sent the document: from now on it gets edits.
    pub(crate) fn has_document(&mut self, id: ParticipantId) {
        self.without_document.remove(&id);
    }

    /// Who gets no edits yet: they would build on what is not there.
    pub(crate) const fn without_document(&self) -> &BTreeSet<ParticipantId> {
        &self.without_document
    }

    pub(crate) fn get_mut(&mut self, id: ParticipantId) -> Option<&mut Participant> {
        self.by_id.get_mut(&id)
    }

    pub(crate) fn get(&self, id: ParticipantId) -> Option<&Participant> {
        self.by_id.get(&id)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = (ParticipantId, &mut Participant)> {
        self.by_id.iter_mut().map(|(id, participant)| (*id, participant))
    }

    /// The connections of one person.
    pub(crate) fn of(&self, user: UserId) -> Vec<ParticipantId> {
        let of = |(_, participant): &(_, &Participant)| participant.person.id == user;
        self.by_id.iter().filter(of).map(|(id, _)| *id).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Counts who came and who went.
    pub(crate) fn changes(&self) -> u64 {
        self.changes
    }

    /// The people who are here, each once, in order.
    pub(crate) fn users(&self) -> BTreeSet<UserId> {
        self.by_id.values().map(|one| one.person.id).collect()
    }

    /// How many people are here, however many windows each has open.
    pub(crate) fn people(&self) -> usize {
        let users: HashSet<_> = self.by_id.values().map(|one| one.person.id).collect();
        users.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn participant(acks: Acks) -> Participant {
        let person = Presence { id: UserId::new(), name: "미나".into(), color: "#336699".into() };
        Participant::new(person, Role::Editor, acks, Instant::now())
    }

    /// W4
    #[test]
    fn a_count_covers_all_messages_before_it() {
        let mut one = participant(Acks::Counted);
        for until in [1, 1, 2, 5] {
            let count = one.count();
            one.wait(count, Revision(until), None);
        }
        assert_eq!(one.acknowledge(Revision(0)), None);
        assert_eq!(one.acknowledge(Revision(2)), Some(Acknowledgement::Count(3)));
        assert_eq!(one.acknowledge(Revision(4)), None);
        assert_eq!(one.acknowledge(Revision(9)), Some(Acknowledgement::Count(4)));
    }

    /// W5
    #[test]
    fn a_stock_client_gets_its_updates_back_in_order_when_they_are_durable() {
        let mut one = participant(Acks::Echoed);
        let edits =
            [(Revision(1), Bytes::from_static(b"a")), (Revision(2), Bytes::from_static(b"b"))];
        for (revision, update) in &edits {
            let count = one.count();
            one.wait(count, *revision, Some(update));
        }
        assert_eq!(one.acknowledge(Revision(1)), Some(Acknowledgement::Echoes(edits[..1].into())));
        assert_eq!(one.acknowledge(Revision(2)), Some(Acknowledgement::Echoes(edits[1..].into())));
    }
}

//! A live document: what comes from outside passes the guard and the limits before it is merged.

use yrs::{ClientID, Map, ReadTxn, StateVector, Text, TextRef, updates::decoder::Decode};

use super::{
    Limits, LoadError, Projection, Refusal,
    bars::Bars,
    guard::{self, Change, Counted, Guard, Source, Update},
    live::{Garbage, Live},
    reading::Reading,
    roots,
};
use crate::trip::Summary;

/// A document near its limit is measured again after it has grown by so small a part of that.
const MEASURED_PARTS: usize = 256;

/// What an update did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// The document has something new: journal the update and send it on.
    Changed,
    /// The document had all of it.
    Unchanged,
}

/// A document that is being edited, with its guard.
#[derive(Debug)]
pub struct Document {
    live: Live,
    guard: Guard,
    bars: Bars,
    limits: Limits,
    /// At least the length of the encoding.
    bytes: usize,
    /// What `bytes` was when it was last measured.
    measured_bytes: usize,
    /// What merging may have cost when it was last measured.
    contention_floor: u64,
    failed: bool,
}

impl Document {
    /// A document with nothing in it.
    pub fn new(limits: Limits) -> Self {
        Self {
            live: Live::new(Garbage::Kept),
            guard: Guard::default(),
            bars: Bars::default(),
            limits,
            bytes: 0,
            measured_bytes: 0,
            contention_floor: 0,
            failed: false,
        }
    }

    /// The document that our own store holds as a state and updates, which may come in any order.
    pub fn load<'a>(
        state: &'a [u8],
        updates: impl IntoIterator<Item = &'a [u8]>,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let mut document = Self::new(limits);
        document.admit_all(std::iter::once(state).chain(updates))?;
        document.guard.shrink();
        Ok(document)
    }

    /// Merges a client's update, or refuses it whole. After `Refusal::Failed` the document is empty and takes
    /// nothing any more: drop it and load it again.
    pub fn apply(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        if self.failed {
            return Err(Refusal::Failed);
        }
        if update.len() > self.limits.update_bytes {
            return Err(Refusal::TooLarge("update"));
        }
        if self.bars.hold_bytes(update) {
            return Err(Refusal::Barred);
        }
        let parsed = Update::parse(update)?;
        if parsed.is_empty() {
            return Ok(Applied::Unchanged);
        }
        if self.bars.hold(&parsed, &self.guard) {
            return Err(Refusal::Barred);
        }
        let mut change = self.guard.check(&parsed, Source::Client)?;
        if !self.guard.knows_structs(&parsed) {
            change = self.check_contention(&parsed, change)?;
            self.check_limits(&change, update.len())?;
        }
        self.merge(&parsed, &change)
    }

    /// From now on refuses this update of a client's, and every other that would bring what it brings.
    pub fn bar(&mut self, update: &[u8]) {
        self.bars.add(update, &self.guard);
    }

    /// Merges what another node took and stored: no limit keeps it out. `Refusal::Failed` is as in `apply`.
    pub fn apply_stored(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        if self.failed { Err(Refusal::Failed) } else { self.admit(update) }
    }

    /// Whether the document has all that an update says: then a reader may send it.
    pub fn adds_nothing(&self, update: &[u8]) -> Result<bool, Refusal> {
        if update.len() > self.limits.document_bytes {
            return Err(Refusal::TooLarge("update"));
        }
        let parsed = Update::parse(update)?;
        if parsed.is_empty() {
            return Ok(true);
        }
        if !self.guard.knows_structs(&parsed) {
            return Ok(false);
        }
        let deleted = self.live.read().snapshot().delete_set;
        Ok(parsed.deletes().chunk_by(|one, next| one.client == next.client).all(|ranges| {
            let Some(all) = deleted.get(&ClientID::new(ranges[0].client)) else { return false };
            let all: Vec<_> = all.iter().map(|(range, ())| range.clone()).collect();
            ranges.iter().all(|one| {
                let at = all.partition_point(|range| range.end < one.end);
                all.get(at).is_some_and(|range| range.start <= one.start)
            })
        }))
    }

    /// What the document has, for a step 1.
    pub fn state_vector(&self) -> Vec<u8> {
        self.live.state_vector()
    }

    /// A checksum of all that the document has, its deletions too: two documents with the same one are the same.
    pub fn digest(&self) -> u32 {
        self.live.digest()
    }

    /// All that the document has, as one update.
    pub fn encode_state(&self) -> Vec<u8> {
        self.live.encode()
    }

    /// What a client with this state vector lacks, for a step 2.
    pub fn encode_diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, Refusal> {
        guard::check_state_vector(state_vector)?;
        let known = StateVector::decode_v1(state_vector)
            .map_err(|_| Refusal::Malformed("yrs can't decode it"))?;
        Ok(self.live.read().encode_state_as_update_v1(&known))
    }

    /// What lists show of it.
    pub fn summary(&self) -> Summary {
        Reading::new(&self.live.read()).summary()
    }

    /// What everybody who may read it sees.
    pub fn project(&self) -> Projection {
        Reading::new(&self.live.read()).projection()
    }

    /// At least the length of the encoded document, in bytes, with what was deleted since it was loaded: tells
    /// when folding it pays.
    pub const fn size(&self) -> usize {
        self.bytes
    }

    /// How much it may hold.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(super) const fn live(&self) -> &Live {
        &self.live
    }

    /// Whether yrs failed on an update, so that nothing is here any more.
    pub(super) const fn has_failed(&self) -> bool {
        self.failed
    }

    /// Whether nobody has edited with this client id yet.
    pub(super) fn is_fresh(&self, client: u64) -> bool {
        self.guard.is_fresh(client)
    }

    /// Merges what the server itself made or stored: no limit keeps it out.
    pub(super) fn admit(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        let parsed = Update::parse(update)?;
        let change = self.guard.check(&parsed, Source::Store)?;
        self.merge(&parsed, &change)
    }

    /// Journals of several nodes interleave, so an update may stand before what it builds on.
    fn admit_all<'a>(&mut self, updates: impl Iterator<Item = &'a [u8]>) -> Result<(), LoadError> {
        let mut waiting: Vec<&[u8]> = vec![];
        for update in updates {
            self.admit_or_wait(update, &mut waiting)?;
        }
        while !waiting.is_empty() {
            let again = std::mem::take(&mut waiting);
            let before = again.len();
            for update in again {
                self.admit_or_wait(update, &mut waiting)?;
            }
            if waiting.len() == before {
                return Err(LoadError::Incomplete);
            }
        }
        Ok(())
    }

    fn admit_or_wait<'a>(
        &mut self,
        update: &'a [u8],
        waiting: &mut Vec<&'a [u8]>,
    ) -> Result<(), LoadError> {
        match self.admit(update) {
            Ok(Applied::Changed | Applied::Unchanged) => Ok(()),
            Err(Refusal::Missing) => {
                waiting.push(update);
                Ok(())
            }
            Err(Refusal::Malformed(what) | Refusal::TooLarge(what) | Refusal::TooMany(what)) => {
                Err(LoadError::Damaged(what))
            }
            Err(Refusal::Failed | Refusal::Barred) => Err(LoadError::Damaged("the merge failed")),
        }
    }

    fn merge(&mut self, update: &Update<'_>, change: &Change<'_>) -> Result<Applied, Refusal> {
        let unknown = self.guard.unknown(update)?;
        match self.live.apply(&unknown) {
            Ok(changed) => {
                self.guard.commit(update, change);
                self.bytes += unknown.len();
                Ok(if changed { Applied::Changed } else { Applied::Unchanged })
            }
            Err(Refusal::Failed) => {
                *self = Self { failed: true, ..Self::new(self.limits) };
                Err(Refusal::Failed)
            }
            Err(refusal) => Err(refusal),
        }
    }

    /// The guard can only estimate what merging costs. Where the estimate is too high it is made again from
    /// the document as it is now, but not for every update.
    fn check_contention<'a>(
        &mut self,
        update: &Update<'a>,
        change: Change<'a>,
    ) -> Result<Change<'a>, Refusal> {
        const REFUSAL: Refusal = Refusal::TooMany("edits that know nothing of each other");
        let limit = self.limits.contention;
        let estimate = self.guard.contention(&change);
        if estimate <= limit {
            return Ok(change);
        }
        if estimate - self.contention_floor < limit / 4 {
            return Err(REFUSAL);
        }
        let state = self.live.encode();
        self.guard = Guard::of(&state)?;
        self.contention_floor = self.guard.spent();
        let change = self.guard.check(update, Source::Client)?;
        if self.guard.contention(&change) <= limit { Ok(change) } else { Err(REFUSAL) }
    }

    fn check_limits(&mut self, change: &Change<'_>, length: usize) -> Result<(), Refusal> {
        self.check_size(length)?;
        self.check_entries(change, Counted::Cards)?;
        self.check_entries(change, Counted::Days)?;
        self.check_texts(change)
    }

    /// Measuring takes as long as the document is, so that a full one isn't measured for each update.
    fn check_size(&mut self, length: usize) -> Result<(), Refusal> {
        let limit = self.limits.document_bytes;
        let is_measured = self.bytes - self.measured_bytes < limit / MEASURED_PARTS;
        if self.bytes + length > limit && !is_measured {
            self.bytes = self.live.encode().len();
            self.measured_bytes = self.bytes;
        }
        if self.bytes + length > limit { Err(Refusal::TooLarge("document")) } else { Ok(()) }
    }

    fn check_entries(&self, change: &Change<'_>, sort: Counted) -> Result<(), Refusal> {
        let (root, what, limit) = match sort {
            Counted::Cards => (roots::CARDS, "cards", self.limits.kept_cards),
            Counted::Days => (roots::DAYS, "days", self.limits.days),
            Counted::Not => return Ok(()),
        };
        let set = Guard::entries_set(change, sort);
        if set == 0 || self.entries(root) + set <= limit.min(self.limits.cards) {
            return Ok(());
        }
        // What is only changed is no new one.
        let new = self.new_entries(change, sort, root);
        let visible = || match sort {
            Counted::Cards => Reading::new(&self.live.read()).visible_cards(),
            Counted::Days | Counted::Not => 0,
        };
        let too_many = self.entries(root) + new > limit || visible() + new > self.limits.cards;
        if new > 0 && too_many { Err(Refusal::TooMany(what)) } else { Ok(()) }
    }

    fn check_texts(&mut self, change: &Change<'_>) -> Result<(), Refusal> {
        const REFUSAL: Refusal = Refusal::TooLarge("text");
        let limit = self.limits.note_chars;
        if Guard::begins_long(change, limit) {
            return Err(REFUSAL);
        }
        for text in self.guard.long_texts(change, limit) {
            let units = self.text_units(&text.path);
            self.guard.measured(&text, units);
            if units.saturating_add(text.added) > limit {
                return Err(REFUSAL);
            }
        }
        Ok(())
    }

    /// How many entries a change makes in a root that are not there yet.
    fn new_entries(&self, change: &Change<'_>, sort: Counted, root: &str) -> usize {
        let txn = self.live.read();
        let map = txn.get_map(root);
        let is_there = |key: &str| map.as_ref().is_some_and(|map| map.contains_key(&txn, key));
        self.guard.new_keys(change, sort, is_there)
    }

    fn entries(&self, root: &str) -> usize {
        let txn = self.live.read();
        txn.get_map(root).map_or(0, |map| map.len(&txn) as usize)
    }

    /// The length of a text, 0 if it is nowhere any more.
    fn text_units(&self, path: &[String]) -> u32 {
        let txn = self.live.read();
        let Some((root, keys)) = path.split_first() else { return 0 };
        let Some((last, keys)) = keys.split_last() else {
            return txn.get_text(root.as_str()).map_or(0, |text| text.len(&txn));
        };
        let mut map = txn.get_map(root.as_str());
        for key in keys {
            map = map.and_then(|map| map.get(&txn, key)?.cast().ok());
        }
        let text: Option<TextRef> = map.and_then(|map| map.get(&txn, last)?.cast().ok());
        text.map_or(0, |text| text.len(&txn))
    }
}

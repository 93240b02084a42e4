//! A live document: what comes from outside passes the guard and the limits before it is merged.

use yrs::{ClientID, Map, ReadTxn, StateVector, Text, TextRef, updates::decoder::Decode};

use super::{
    bars::Bars,
    guard::{self, Change, Counted, Guard, Meter, Source, Update},
    kinds::{self, Projection},
    limits::{Limits, LoadError, Refusal, Work},
    live::{self, Garbage, Live},
    schema::Schema,
};
use crate::{ids::DocKind, summary::Summary};

/// A document near its limit is measured again after it has grown by so small a part of that.
const MEASURED_PARTS: usize = 256;
/// A document that may have doubled is measured again if it may have grown by so much at least.
const MEASURED_AFTER: usize = 64 << 10;
/// What yrs and the guard take for a run of elements, in bytes: a shared type with an entry takes most.
const ITEM_BYTES: usize = 320;
/// And for each byte of the encoding: contents, and the encoding that is kept for who joins.
const PER_BYTE: usize = 3;

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
    kind: DocKind,
    live: Live,
    guard: Guard,
    bars: Bars,
    limits: Limits,
    /// At least the length of the encoding.
    bytes: usize,
    /// What `bytes` was when it was last measured.
    measured_bytes: usize,
    /// At least the bytes of what is not deleted.
    content: usize,
    /// How much may have come or gone since it was last measured.
    unmeasured: usize,
    /// What measuring took since this was last asked.
    measuring: u64,
    /// What loading it scans, beyond what is as long as the document.
    scanned: u64,
    failed: bool,
}

impl Document {
    /// A document with nothing in it.
    pub fn new(kind: DocKind, limits: Limits) -> Self {
        let schema = kinds::schema(kind);
        Self {
            kind,
            live: Live::new(schema, Garbage::Kept),
            guard: Guard::new(schema),
            bars: Bars::default(),
            limits,
            bytes: 0,
            measured_bytes: 0,
            content: 0,
            unmeasured: usize::MAX,
            measuring: 0,
            scanned: 0,
            failed: false,
        }
    }

    /// The document that our own store holds as a state and updates, which may come in any order.
    pub fn load<'a>(
        kind: DocKind,
        state: &'a [u8],
        updates: impl IntoIterator<Item = &'a [u8]>,
        limits: Limits,
    ) -> Result<Self, LoadError> {
        let mut document = Self::new(kind, limits);
        document.admit_all(std::iter::once(state).chain(updates))?;
        document.guard.shrink();
        Ok(document)
    }

    /// Merges a client's update, or refuses it whole. After `Refusal::Failed` the document is empty and takes
    /// nothing any more: drop it and load it again.
    pub fn apply(&mut self, update: &[u8]) -> Result<Applied, Refusal> {
        let mut left = Work::UNLIMITED;
        self.apply_within(update, &mut left)
    }

    /// The same for an author who has so much work left; what merging takes, or would take, is taken from that.
    pub fn apply_within(&mut self, update: &[u8], left: &mut Work) -> Result<Applied, Refusal> {
        if self.failed {
            return Err(Refusal::Failed);
        }
        if update.len() > self.limits.step2_bytes() {
            return Err(Refusal::TooLarge("document"));
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
        let change = self.guard.check(&parsed, Source::Client)?;
        if !self.guard.knows_structs(&parsed) {
            let checked = self.check_limits(&change, update.len());
            *left = left.minus(Work { copy: std::mem::take(&mut self.measuring), scan: 0 });
            checked?;
        }
        let lasting = self.limits.lasting_scan.saturating_sub(self.scanned);
        let most = self.limits.work.min(Work { scan: lasting, ..Work::UNLIMITED });
        let linear = Guard::linear_work(&parsed);
        let mut meter = Meter::new(linear.plus(most.min(*left)));
        let merged = self.merge(&parsed, &change, &mut meter);
        let is_short = most.min(*left) != most;
        *left = left.minus(meter.spent.minus(linear));
        match merged {
            // With more left it may yet be taken.
            Err(Refusal::TooMany(_)) if is_short => Err(Refusal::Later),
            merged => merged,
        }
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
        // A replica that holds all of it says it in about as many bytes.
        if update.len() > self.limits.document_bytes + 2 * self.bytes {
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
        kinds::summarize(self.kind, &self.live.read())
    }

    /// What everybody who may read it sees.
    pub fn project(&self) -> Projection {
        kinds::project(self.kind, &self.live.read())
    }

    /// At least the length of the encoded document, in bytes, with what was deleted since it was loaded: tells
    /// when folding it pays.
    pub const fn size(&self) -> usize {
        self.bytes
    }

    /// The memory that it takes, reckoned: how many runs of elements there are counts more than their length.
    pub const fn memory(&self) -> usize {
        self.guard.items().saturating_mul(ITEM_BYTES) + self.bytes.saturating_mul(PER_BYTE)
    }

    /// How much it may hold.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What it describes.
    pub const fn kind(&self) -> DocKind {
        self.kind
    }

    pub(super) const fn schema(&self) -> &'static Schema {
        kinds::schema(self.kind)
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
        self.merge(&parsed, &change, &mut Meter::new(Work::UNLIMITED))
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
            Err(Refusal::Failed | Refusal::Barred | Refusal::Later) => {
                Err(LoadError::Damaged("the merge failed"))
            }
        }
    }

    fn merge(
        &mut self,
        update: &Update<'_>,
        change: &Change<'_>,
        meter: &mut Meter,
    ) -> Result<Applied, Refusal> {
        let unknown = self.guard.unknown(update)?;
        // Before the lists have grown: what can't be decoded is refused in little memory.
        let decoded = live::decode(&unknown).map_err(|refusal| self.without(refusal))?;
        self.guard.arrange(update, change, meter)?;
        match self.live.apply_decoded(decoded) {
            Ok(changed) => {
                self.guard.commit(update, change);
                let lasting = meter.spent.minus(Guard::linear_work(update)).scan;
                self.scanned = self.scanned.saturating_add(lasting);
                self.grow(unknown.len());
                self.shrink(meter);
                Ok(if changed { Applied::Changed } else { Applied::Unchanged })
            }
            Err(refusal) => Err(self.without(refusal)),
        }
    }

    /// What yrs failed on leaves nothing behind that may be used.
    fn without(&mut self, refusal: Refusal) -> Refusal {
        if refusal == Refusal::Failed {
            *self = Self { failed: true, ..Self::new(self.kind, self.limits) };
        }
        refusal
    }

    /// Counts what was deleted, as far as it is known.
    fn shrink(&mut self, meter: &Meter) {
        self.content = self.content.saturating_sub(meter.freed);
        let gone = if meter.freed_more { usize::MAX } else { meter.freed };
        self.unmeasured = self.unmeasured.saturating_add(gone);
    }

    /// Counts what was added. What was typed is joined, so that the sum is soon far above the length.
    fn grow(&mut self, by: usize) {
        self.content += by;
        self.unmeasured = self.unmeasured.saturating_add(by);
        self.bytes += by;
        if self.bytes > 2 * self.measured_bytes + MEASURED_AFTER {
            self.bytes = self.live.encode().len();
            self.measured_bytes = self.bytes;
        }
    }

    fn check_limits(&mut self, change: &Change<'_>, length: usize) -> Result<(), Refusal> {
        self.check_size(length)?;
        self.check_entries(change)?;
        self.check_texts(change)
    }

    /// Measuring takes as long as the document is, so that a full one isn't measured for each update.
    fn check_size(&mut self, length: usize) -> Result<(), Refusal> {
        let limit = self.limits.document_bytes;
        if self.content + length > limit && self.unmeasured >= limit / MEASURED_PARTS {
            let state = self.live.encode();
            self.content = guard::live_bytes(&state)?;
            self.unmeasured = 0;
            // Some five nanoseconds a byte.
            self.measuring += state.len() as u64 / 8;
        }
        if self.content + length > limit {
            return Err(Refusal::TooLarge("document"));
        }
        if self.memory() > self.limits.memory_bytes {
            return Err(Refusal::TooLarge("history"));
        }
        Ok(())
    }

    fn check_entries(&self, change: &Change<'_>) -> Result<(), Refusal> {
        for (at, counted) in self.schema().counted.iter().enumerate() {
            let Some(sort) = Counted::nth(at) else { continue };
            let (set, limit) = (Guard::entries_set(change, sort), (counted.limit)(&self.limits));
            if set == 0 || self.entries(counted.root) + set <= limit {
                continue;
            }
            // What is only changed is no new one, and what lies in the trash doesn't count.
            let new = self.new_entries(change, sort, counted.root);
            let there = || match counted.visible {
                Some(visible) => visible(&self.live.read()),
                None => self.entries(counted.root),
            };
            if new > 0 && there() + new > limit {
                return Err(Refusal::TooMany(counted.root));
            }
        }
        Ok(())
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

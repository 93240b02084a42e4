//! A store in memory whose failures are switched on by hand: for simulations and for tests of what rests on it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use tokio::sync::watch;

use super::{
    Entry, EntryId, Generation, Journal, Loaded, Quarantine, Result, SetAside, StoreError,
    Summaries, Summary, Version, VersionContent, VersionRoom, Versions, conflict,
    retention::VersionSize,
};
use crate::ids::{DocId, FIRST_EPOCH, VersionId};

mod care;
#[cfg(test)]
mod tests;

/// What a call that fails has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    Refused,
    /// All that it was asked; only its answer is lost.
    AnswerLost,
    /// Nothing, and the call itself panics.
    Panic,
}

/// Documents, versions and summaries in memory. Clones share it.
///
/// Everything has a synchronous form (`…_now`), for simulations on one thread. An append can also be taken
/// apart: `stage` it, and `settle` it when the simulated disk has written it; `crash` forgets what is staged.
#[derive(Clone, Default)]
pub struct FaultyJournal {
    memory: Arc<Mutex<Memory>>,
    held: Arc<watch::Sender<bool>>,
}

/// An append that is not durable yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Staged(u64);

#[derive(Default)]
struct Memory {
    documents: BTreeMap<DocId, Document>,
    versions: BTreeMap<VersionId, (Version, VersionContent)>,
    summaries: BTreeMap<DocId, (Summary, Timestamp)>,
    staged: BTreeMap<Staged, (DocId, u64, Vec<Bytes>)>,
    damaged: Vec<Bytes>,
    faults: Faults,
    /// The number that was given last, to an entry or to a staged append.
    last: u64,
}

#[derive(Default)]
struct Faults {
    appends: Vec<Fault>,
    folds: Vec<Fault>,
    loads: u32,
}

struct Document {
    epoch: u64,
    is_sealed: bool,
    /// The newest two, older first.
    states: Vec<(u64, Bytes)>,
    generation: u64,
    entries: Vec<(Entry, Option<u64>)>,
    aside: Vec<SetAside>,
}

/// Switching failures.
impl FaultyJournal {
    /// The next `count` appends fail like this.
    pub fn fail_appends(&self, count: usize, fault: Fault) {
        self.memory().faults.appends = vec![fault; count];
    }

    /// The next `count` folds fail like this.
    pub fn fail_folds(&self, count: usize, fault: Fault) {
        self.memory().faults.folds = vec![fault; count];
    }

    /// The next `count` loads fail.
    pub fn fail_loads(&self, count: u32) {
        self.memory().faults.loads = count;
    }

    /// From now on appends through the trait wait, staged, until `release` or `crash`.
    pub fn hold(&self) {
        self.held.send_replace(true);
    }

    /// Settles the appends that were held, and holds no more.
    pub fn release(&self) {
        self.held.send_replace(false);
    }

    /// The process dies: appends that are staged are forgotten, and who waits for one is told that it failed.
    pub fn crash(&self) {
        self.memory().staged.clear();
        self.release();
    }

    /// Whatever was written with these bytes can't be read any more.
    pub fn damage(&self, written: &[u8]) {
        self.memory().damaged.push(Bytes::copy_from_slice(written));
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The same calls as those of the traits, without waiting.
impl FaultyJournal {
    /// `Journal::create`.
    pub fn create_now(&self, doc: DocId, state: Bytes) -> Result<()> {
        let mut memory = self.memory();
        if memory.documents.contains_key(&doc) {
            return Err(StoreError::Conflict(conflict::EXISTS));
        }
        memory.documents.insert(doc, Document::new(state));
        Ok(())
    }

    /// `Journal::append`: `stage` and `settle` in one.
    pub fn append_now(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        let staged = self.stage(doc, epoch, updates);
        self.settle(staged)
    }

    /// Begins an append; nothing of it is durable.
    pub fn stage(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Staged {
        let mut memory = self.memory();
        let staged = Staged(memory.next());
        memory.staged.insert(staged, (doc, epoch, updates));
        staged
    }

    /// Ends an append: it is durable, unless it fails as was asked for, or was forgotten in a crash.
    pub fn settle(&self, staged: Staged) -> Result<()> {
        let mut memory = self.memory();
        let staged = memory.staged.remove(&staged);
        let (doc, epoch, updates) = staged.ok_or_else(|| failure("it crashed"))?;
        match memory.faults.appends.pop() {
            Some(Fault::Refused) => Err(failure("appends are made to fail")),
            Some(Fault::Panic) => panic_on_purpose(),
            Some(Fault::AnswerLost) => {
                memory.append(doc, epoch, updates)?;
                Err(failure("answers are made to be lost"))
            }
            None => memory.append(doc, epoch, updates),
        }
    }

    /// `Journal::load`.
    pub fn load_now(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>> {
        let mut memory = self.memory();
        if let Some(left) = memory.faults.loads.checked_sub(1) {
            memory.faults.loads = left;
            return Err(failure("loads are made to fail"));
        }
        let Some(document) = memory.documents.get(&doc) else { return Ok(None) };
        let Some((generation, state)) = document.state(generation) else { return Ok(None) };
        let entries: Vec<Entry> = document.entries_after(generation).cloned().collect();
        memory.verify(&state)?;
        entries.iter().try_for_each(|entry| memory.verify(&entry.update))?;
        let (epoch, is_sealed) = (document.epoch, document.is_sealed);
        Ok(Some(Loaded { epoch, is_sealed, generation, state, entries }))
    }

    /// `Journal::fold`.
    pub fn fold_now(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        let mut memory = self.memory();
        match memory.faults.folds.pop() {
            Some(Fault::Refused) => Err(failure("folds are made to fail")),
            Some(Fault::Panic) => panic_on_purpose(),
            Some(Fault::AnswerLost) => {
                memory.fold(doc, base, state, entries)?;
                Err(failure("answers are made to be lost"))
            }
            None => memory.fold(doc, base, state, entries),
        }
    }

    /// `Journal::seal`.
    pub fn seal_now(&self, doc: DocId, epoch: u64, next: u64) -> Result<()> {
        let mut memory = self.memory();
        let document = memory.document(doc)?;
        if (document.epoch, document.is_sealed) != (epoch, false) || next <= epoch {
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        (document.epoch, document.is_sealed) = (next, true);
        Ok(())
    }

    /// `Journal::renew`.
    pub fn renew_now(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()> {
        let mut memory = self.memory();
        let document = memory.document(doc)?;
        if (document.epoch, document.is_sealed) != (epoch, true) {
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        document.begin_anew(state);
        Ok(())
    }

    /// `Versions::insert`.
    pub fn insert_version_now(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()> {
        let mut memory = self.memory();
        if !memory.documents.contains_key(&version.doc) {
            return Err(StoreError::Conflict(conflict::MISSING));
        }
        if memory.versions.contains_key(&version.id) {
            return Err(StoreError::Conflict(conflict::EXISTS));
        }
        let of_doc = memory.versions.values().filter(|(kept, _)| kept.doc == version.doc);
        let kept: Vec<_> = of_doc.map(|(kept, content)| VersionSize::of(kept, content)).collect();
        let gone = room.make(&kept, VersionSize::of(version, &content));
        for id in gone.ok_or(StoreError::Conflict(conflict::VERSIONS))? {
            memory.versions.remove(&id);
        }
        memory.versions.insert(version.id, (version.clone(), content));
        Ok(())
    }

    /// `Versions::get`.
    pub fn version_now(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>> {
        let memory = self.memory();
        let Some(found) = memory.versions.get(&id) else { return Ok(None) };
        memory.verify(&found.1.state)?;
        Ok(Some(found.clone()))
    }

    /// What was set last for this document, and when.
    pub fn summary_now(&self, id: DocId) -> Option<(Summary, Timestamp)> {
        self.memory().summaries.get(&id).cloned()
    }
}

#[expect(clippy::panic, reason = "it is what was asked for")]
fn panic_on_purpose() -> ! {
    panic!("calls are made to panic");
}

fn failure(text: &str) -> StoreError {
    StoreError::Unavailable(text.to_owned())
}

impl Memory {
    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn verify(&self, written: &Bytes) -> Result<()> {
        if self.damaged.contains(written) {
            return Err(StoreError::Corrupt("it was damaged on purpose".to_owned()));
        }
        Ok(())
    }

    fn append(&mut self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        if self.document(doc)?.epoch != epoch {
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        for update in updates {
            let id = EntryId(self.next().into());
            self.document(doc)?.entries.push((Entry { id, update }, None));
        }
        Ok(())
    }

    fn document(&mut self, doc: DocId) -> Result<&mut Document> {
        self.documents.get_mut(&doc).ok_or(StoreError::Conflict(conflict::MISSING))
    }

    fn fold(&mut self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        let document = self.documents.get_mut(&doc);
        let document = document.ok_or(StoreError::Conflict(conflict::MISSING))?;
        if !document.is_newest_sound(base, &self.damaged) {
            return Err(StoreError::Conflict(conflict::FOLDED));
        }
        document.fold(base, state, entries);
        Ok(())
    }
}

impl Document {
    fn new(state: Bytes) -> Self {
        Self {
            epoch: FIRST_EPOCH,
            is_sealed: false,
            states: vec![(1, state)],
            generation: 1,
            entries: Vec::new(),
            aside: Vec::new(),
        }
    }

    fn begin_anew(&mut self, state: Bytes) {
        self.is_sealed = false;
        self.generation += 1;
        self.states = vec![(self.generation, state)];
        self.entries.clear();
    }

    fn state(&self, wanted: Generation) -> Option<(u64, Bytes)> {
        let newer = match wanted {
            Generation::Newest => 0,
            Generation::Previous => 1,
        };
        self.states.iter().rev().nth(newer).cloned()
    }

    fn entries_after(&self, generation: u64) -> impl Iterator<Item = &Entry> {
        let lacks = move |folded: &Option<u64>| folded.is_none_or(|folded| folded > generation);
        self.entries.iter().filter(move |(_, folded)| lacks(folded)).map(|(entry, _)| entry)
    }

    fn is_newest_sound(&self, base: u64, damaged: &[Bytes]) -> bool {
        let is = |(generation, _): &(u64, Bytes)| *generation == base;
        let newest = self.state(Generation::Newest);
        newest.as_ref().is_some_and(is)
            || newest.is_some_and(|(_, state)| damaged.contains(&state))
                && self.state(Generation::Previous).as_ref().is_some_and(is)
    }

    fn fold(&mut self, base: u64, state: Bytes, entries: &[EntryId]) {
        self.undo_folds_after(base);
        self.generation += 1;
        self.states.retain(|(generation, _)| *generation == base);
        self.states.push((self.generation, state));
        self.entries.retain(|(_, folded)| folded.is_none_or(|folded| folded > base));
        for (entry, folded) in &mut self.entries {
            if entries.contains(&entry.id) {
                *folded = Some(self.generation);
            }
        }
    }

    /// A damaged state after `base` goes; what was folded into it no longer is.
    fn undo_folds_after(&mut self, base: u64) {
        for (_, folded) in &mut self.entries {
            *folded = folded.filter(|folded| *folded <= base);
        }
    }
}

#[async_trait]
impl Journal for FaultyJournal {
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()> {
        self.create_now(doc, state)
    }

    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        let staged = self.stage(doc, epoch, updates);
        // The sender lives in `self`: the wait ends with a release.
        self.held.subscribe().wait_for(|held| !held).await.ok();
        self.settle(staged)
    }

    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>> {
        self.load_now(doc, generation)
    }

    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        self.fold_now(doc, base, state, entries)
    }

    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()> {
        let mut memory = self.memory();
        let document = memory.document(doc)?;
        let generation = |wanted| document.state(wanted).map(|(generation, _)| generation);
        if generation(Generation::Newest) != Some(unloadable)
            || generation(Generation::Previous) != Some(base)
        {
            return Err(StoreError::Conflict(conflict::FOLDED));
        }
        document.fold(base, state, entries);
        Ok(())
    }

    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()> {
        self.seal_now(doc, epoch, next)
    }

    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()> {
        self.renew_now(doc, epoch, state)
    }
}

#[async_trait]
impl Quarantine for FaultyJournal {
    async fn set_aside(&self, doc: DocId, aside: &SetAside) -> Result<()> {
        let mut memory = self.memory();
        let document = memory.documents.get_mut(&doc);
        let document = document.ok_or(StoreError::Conflict(conflict::MISSING))?;
        document.aside.push(aside.clone());
        Ok(())
    }

    async fn aside(&self, doc: DocId, limit: usize) -> Result<Vec<SetAside>> {
        let memory = self.memory();
        let aside = memory.documents.get(&doc).map(|document| &document.aside);
        Ok(aside.into_iter().flatten().take(limit).cloned().collect())
    }

    async fn release(&self, doc: DocId) -> Result<usize> {
        let mut memory = self.memory();
        let aside = memory.documents.get_mut(&doc).map(|document| &mut document.aside);
        Ok(aside.map(std::mem::take).unwrap_or_default().len())
    }
}

#[async_trait]
impl Versions for FaultyJournal {
    async fn insert(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()> {
        self.insert_version_now(version, content, room)
    }

    async fn document(&self, id: VersionId) -> Result<Option<DocId>> {
        Ok(self.memory().versions.get(&id).map(|(version, _)| version.doc))
    }

    async fn get(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>> {
        self.version_now(id)
    }

    async fn list(
        &self,
        doc: DocId,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        let memory = self.memory();
        let newest_first = memory.versions.values().rev().map(|(version, _)| version);
        let of_doc = newest_first.filter(|version| {
            version.doc == doc && before.is_none_or(|before| version.id < before)
        });
        Ok(of_doc.take(limit).cloned().collect())
    }
}

#[async_trait]
impl Summaries for FaultyJournal {
    async fn set_summary(&self, id: DocId, summary: &Summary, now: Timestamp) -> Result<()> {
        self.memory().summaries.insert(id, (summary.clone(), now));
        Ok(())
    }
}

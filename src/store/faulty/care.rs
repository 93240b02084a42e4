//! What lies in memory, piece by piece; and mends.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::{Document, FaultyJournal, Memory};
use crate::{
    ids::{DocId, epoch_after},
    store::{
        AsideCause, Care, Inspection, Mend, Result, Seen, SetAside, StoreError, Stored,
        StoredEntry, StoredState, conflict,
    },
};

#[async_trait]
impl Care for FaultyJournal {
    async fn begin_epoch(&self, doc: DocId) -> Result<u64> {
        let mut memory = self.memory();
        let document = memory.document(doc)?;
        document.epoch = epoch_after(document.epoch);
        Ok(document.epoch)
    }

    async fn documents(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>> {
        let memory = self.memory();
        let names = memory.documents.keys().copied();
        Ok(names.filter(|doc| after.is_none_or(|after| *doc > after)).take(limit).collect())
    }

    async fn inspect(&self, doc: DocId) -> Result<Option<Inspection>> {
        let memory = self.memory();
        Ok(memory.documents.get(&doc).map(|document| Inspection {
            seen: document.seen(),
            states: document.states.iter().rev().map(|state| memory.stored_state(state)).collect(),
            entries: document
                .entries
                .iter()
                .map(|(entry, folded_into)| StoredEntry {
                    id: entry.id,
                    folded_into: *folded_into,
                    update: memory.stored(&entry.update),
                })
                .collect(),
        }))
    }

    async fn mend(&self, doc: DocId, seen: Seen, mend: &Mend, now: Timestamp) -> Result<()> {
        let mut memory = self.memory();
        let document = memory.document(doc)?;
        if document.seen() != seen {
            return Err(StoreError::Conflict(conflict::CHANGED));
        }
        document.set_aside(mend, now);
        let entries: Vec<_> = document.entries.iter().map(|(entry, _)| entry.id).collect();
        document.fold(mend.base, mend.state.clone(), &entries);
        Ok(())
    }
}

impl Memory {
    fn stored(&self, bytes: &Bytes) -> Stored {
        self.verify(bytes).map_or(Stored::Damaged, |()| Stored::Sound(bytes.clone()))
    }

    fn stored_state(&self, (generation, state): &(u64, Bytes)) -> StoredState {
        StoredState { generation: *generation, state: self.stored(state) }
    }
}

impl Document {
    fn seen(&self) -> Seen {
        let last = self.entries.iter().map(|(entry, _)| entry.id).max_by_key(|id| id.0);
        Seen { generation: self.generation, last }
    }

    fn set_aside(&mut self, mend: &Mend, at: Timestamp) {
        let is_bad = |(generation, _): &mut (u64, Bytes)| mend.states_aside.contains(generation);
        let states = self.states.extract_if(.., is_bad).map(|(_, state)| state);
        let mut aside: Vec<_> = states.collect();
        let is_bad =
            |(entry, _): &mut (super::Entry, Option<u64>)| mend.entries_aside.contains(&entry.id);
        aside.extend(self.entries.extract_if(.., is_bad).map(|(entry, _)| entry.update));
        let cause = AsideCause::Damaged;
        self.aside.extend(aside.into_iter().map(|update| SetAside { cause, at, update }));
    }
}

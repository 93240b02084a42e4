//! Documents as they lie in the database, piece by piece; and mends, each put in force by one record.

use std::collections::BTreeMap;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use mongodb::bson::doc;

use super::{
    MongoStore,
    appends::EntryRecord,
    calls::{all, documents_after, within},
    journal::{DocumentRecord, Emptied, Settled, State, of_document},
    packing::{self, Piece},
};
use crate::{
    ids::DocId,
    store::{
        AsideCause, Care, EntryId, Inspection, Mend, Result, Seen, SetAside, StoreError, Stored,
        StoredEntry, StoredState, conflict,
    },
};

/// How often an inspection begins anew because others folded the document meanwhile.
const INSPECT_ATTEMPTS: usize = 5;

#[async_trait]
impl Care for MongoStore {
    async fn begin_epoch(&self, doc: DocId) -> Result<u64> {
        self.put_into_epoch(doc).await
    }

    async fn documents(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>> {
        documents_after(&self.documents(), after, limit).await
    }

    async fn inspect(&self, doc: DocId) -> Result<Option<Inspection>> {
        Ok(self.examine(doc).await?.map(|examined| examined.inspection()))
    }

    async fn mend(&self, doc: DocId, seen: Seen, mend: &Mend, now: Timestamp) -> Result<()> {
        let examined = self.examine(doc).await?.ok_or(StoreError::Conflict(conflict::MISSING))?;
        let changed = StoreError::Conflict(conflict::CHANGED);
        let record = &examined.record;
        let base = record.states().find(|state| state.generation == mend.base);
        let Some(base) = base.filter(|_| examined.seen() == seen) else { return Err(changed) };
        let blob = self.states().write(doc, base.generation, &mend.state).await?;
        let newest = State { generation: record.generation + 1, blob };
        // Kept before they are taken away; if they stay after all, what was kept goes.
        let mut kept = Vec::new();
        for update in examined.aside(mend) {
            let aside = SetAside { cause: AsideCause::Damaged, at: now, update };
            kept.push(self.keep_aside(doc, &aside).await?);
        }
        let settled = examined.settled(base, &mend.entries_aside);
        match self.swap(record, &newest, base, Some(&settled)).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => {
                within(self.set_asides().delete_many(doc! { "_id": { "$in": kept } })).await?;
                return Err(changed);
            }
            Err(error) => return Err(error),
        }
        if let Err(error) = self.finish_mend(doc, &newest, base).await {
            // It is in force and durable; this is taken up by the next fold or mend.
            tracing::warn!(%doc, %error, "a mended document is not tidy yet");
        }
        Ok(())
    }
}

impl MongoStore {
    /// Everything as of one moment: between two looks at the deciding record that see the same.
    async fn examine(&self, doc: DocId) -> Result<Option<Examined>> {
        for _ in 0..INSPECT_ATTEMPTS {
            let Some(record) = self.document(doc).await? else { return Ok(None) };
            self.settle(&record).await?;
            let mut states = Vec::new();
            for state in record.states() {
                states.push((state.clone(), self.states().as_they_are(&state.blob).await?));
            }
            let mut entries = Vec::new();
            let found = all(self.entries().find(of_document(doc)).sort(doc! { "_id": 1 })).await?;
            for entry in found.into_iter().filter(|entry| record.has(entry)) {
                let pieces = self.unpack(&entry)?;
                entries.push((entry, pieces));
            }
            if self.document(doc).await?.is_some_and(|after| after.is_as(&record)) {
                return Ok(Some(Examined { record, states, entries }));
            }
        }
        Err(StoreError::Unavailable("other nodes keep folding this document".to_owned()))
    }

    async fn finish_mend(&self, doc: DocId, newest: &State, base: &State) -> Result<()> {
        if let Some(mended) = self.document(doc).await? {
            self.settle(&mended).await?;
        }
        self.tidy(doc, newest, base, &[]).await
    }
}

/// A document with all its bytes as they are.
struct Examined {
    record: DocumentRecord,
    states: Vec<(State, Bytes)>,
    entries: Vec<(EntryRecord, Vec<Piece>)>,
}

impl Examined {
    fn seen(&self) -> Seen {
        let last = self.entries.iter().flat_map(|(_, pieces)| pieces).map(|piece| piece.id).last();
        Seen { generation: self.record.generation, last }
    }

    fn inspection(&self) -> Inspection {
        let states = self.states.iter().map(|(state, bytes)| StoredState {
            generation: state.generation,
            state: stored(state.blob.is_of(bytes), bytes),
        });
        let entries = self.entries.iter().flat_map(|(entry, pieces)| {
            let folded_into = self.folded_into(entry);
            pieces.iter().map(move |Piece { id, bytes, is_sound }| StoredEntry {
                id: *id,
                folded_into,
                update: stored(*is_sound, bytes),
            })
        });
        Inspection { seen: self.seen(), states: states.collect(), entries: entries.collect() }
    }

    /// The generation whose mark the entry bears, while that is in force.
    fn folded_into(&self, entry: &EntryRecord) -> Option<u64> {
        let name = entry.folded.as_ref()?;
        self.record.states().find(|state| state.blob.name == *name).map(|state| state.generation)
    }

    /// The bytes of what a mend sets aside.
    fn aside(&self, mend: &Mend) -> Vec<Bytes> {
        let states = self.states.iter();
        let states = states.filter(|(state, _)| mend.states_aside.contains(&state.generation));
        let pieces = self.entries.iter().flat_map(|(_, pieces)| pieces);
        let pieces = pieces.filter(|piece| mend.entries_aside.contains(&piece.id));
        states.map(|(_, bytes)| bytes).chain(pieces.map(|piece| &piece.bytes)).cloned().collect()
    }

    /// What becomes of the entries: `base` has some, the new state has or leaves aside the others.
    fn settled(&self, base: &State, aside: &[EntryId]) -> Settled {
        let mut places: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        for (entry, pieces) in &self.entries {
            let of_entry = pieces.iter().filter(|piece| aside.contains(&piece.id));
            let new: Vec<_> = of_entry.map(|piece| packing::place(piece.id).1).collect();
            if !new.is_empty() {
                places.insert(&entry._id, [entry.aside.clone(), new].concat());
            }
        }
        let others = self.entries.iter().map(|(entry, _)| entry);
        let others = others.filter(|entry| entry.folded.as_ref() != Some(&base.blob.name));
        let emptied = |(record, places): (&str, _)| Emptied { record: record.to_owned(), places };
        Settled {
            records: others.map(|entry| entry._id.clone()).collect(),
            aside: places.into_iter().map(emptied).collect(),
        }
    }
}

fn stored(is_sound: bool, bytes: &Bytes) -> Stored {
    if is_sound { Stored::Sound(bytes.clone()) } else { Stored::Damaged }
}

//! Documents: a record that points to the newest two states, and the journal of updates since.
//!
//! An entry is marked with the state that it was folded into. A mark counts while that state is in force:
//! whatever a fold leaves undone (marks, deletions) makes a document come with updates that its state has
//! already, which changes nothing, and the next fold takes them up again.

use async_trait::async_trait;
use bytes::Bytes;
use mongodb::{
    Collection,
    bson::{Binary, Bson, doc, serialize_to_bson, spec::BinarySubtype},
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    appends::{EntryRecord, first_epoch},
    blobs::{Blob, Blobs},
    calls::{all, is_duplicate, within},
    connect,
    packing::{self, Piece},
};
use crate::{
    ids::{DocId, FIRST_EPOCH, epoch_after},
    store::{Entry, EntryId, Generation, Journal, Loaded, Result, StoreError, conflict},
};

/// How often a reader begins anew because others folded the document meanwhile.
const LOAD_ATTEMPTS: usize = 5;
/// Entries that are marked in one call.
const MARKED_TOGETHER: usize = 1_000;

/// A document as it stands: the one record that decides.
#[derive(Serialize, Deserialize)]
pub(super) struct DocumentRecord {
    pub(super) _id: DocId,
    epoch: u64,
    /// The epoch that its content is of: the one before while it is sealed.
    #[serde(default = "first_epoch")]
    content: u64,
    /// The number that was given last. Never goes back, so that it never names two states.
    pub(super) generation: u64,
    newest: State,
    previous: Option<State>,
    /// What a mend decided on entries, until it is written on them.
    #[serde(default)]
    settled: Option<Settled>,
    /// Epochs that ended with everything that was in them still in force: entries of them belong to the content.
    #[serde(default)]
    earlier: Vec<u64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) generation: u64,
    pub(super) blob: Blob,
}

/// Entries that a mend has settled, by the names of their records. It is part of the one record that puts the
/// mend in force, so that the mend is in force as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settled {
    /// Contained in the newest state, or set aside.
    pub(super) records: Vec<String>,
    /// Places in records that are set aside, with those that were before.
    pub(super) aside: Vec<Emptied>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Emptied {
    pub(super) record: String,
    pub(super) places: Vec<u32>,
}

impl DocumentRecord {
    fn state(&self, wanted: Generation) -> Option<&State> {
        match wanted {
            Generation::Newest => Some(&self.newest),
            Generation::Previous => self.previous.as_ref(),
        }
    }

    /// The states whose entries are in this one. The newest was made from the previous one.
    fn contained(&self, wanted: Generation) -> Vec<&str> {
        let newest = match wanted {
            Generation::Newest => Some(&self.newest),
            Generation::Previous => None,
        };
        newest.into_iter().chain(&self.previous).map(|state| &*state.blob.name).collect()
    }

    /// Those that are kept, newest first.
    pub(super) fn states(&self) -> impl Iterator<Item = &State> {
        std::iter::once(&self.newest).chain(&self.previous)
    }

    pub(super) fn is_as(&self, other: &Self) -> bool {
        (self.epoch, self.content, &self.newest, &self.previous)
            == (other.epoch, other.content, &other.newest, &other.previous)
    }

    /// The record, if it is in this epoch still, with this content.
    fn as_read(&self) -> mongodb::bson::Document {
        let (epoch, content) = (as_integer(self.epoch), as_integer(self.content));
        // Records that are older than epochs say nothing of their content's.
        let unsaid = (self.content == FIRST_EPOCH).then_some(Bson::Null);
        let content: Vec<_> = [content].into_iter().chain(unsaid).collect();
        doc! { "_id": self._id, "epoch": epoch, "content": { "$in": content } }
    }

    fn is_sealed(&self) -> bool {
        self.content != self.epoch
    }

    /// Whether an entry belongs to what is there now. Others came too late, and were not acknowledged.
    pub(super) fn has(&self, entry: &EntryRecord) -> bool {
        entry.epoch == self.content || self.earlier.contains(&entry.epoch)
    }
}

#[async_trait]
impl Journal for MongoStore {
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()> {
        let blob = self.states().write(doc, 0, &state).await?;
        let newest = State { generation: 1, blob };
        let record = DocumentRecord {
            _id: doc,
            epoch: FIRST_EPOCH,
            content: FIRST_EPOCH,
            generation: 1,
            newest,
            previous: None,
            settled: None,
            earlier: Vec::new(),
        };
        let made = within(self.documents().insert_one(&record)).await;
        if made.as_ref().is_err_and(is_duplicate) {
            self.states().drop_unused(&record.newest.blob.name).await;
        }
        made.map(drop)
    }

    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let bytes = packing::pack(&updates)?;
        let record = EntryRecord {
            _id: entry_name(doc, self.clock.next()),
            doc,
            epoch,
            folded: None,
            updates: Binary { subtype: BinarySubtype::Generic, bytes },
            aside: Vec::new(),
        };
        self.appends.append(record).await
    }

    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>> {
        for _ in 0..LOAD_ATTEMPTS {
            let Some(record) = self.document(doc).await? else { return Ok(None) };
            let Some(state) = record.state(generation) else { return Ok(None) };
            let read = self.read(&record, state, generation).await;
            // What was read in several calls counts if nobody folded in between, damage too.
            let after = self.document(doc).await?;
            if after.is_some_and(|after| after.is_as(&record)) {
                return read.map(Some);
            }
        }
        Err(StoreError::Unavailable("other nodes keep folding this document".to_owned()))
    }

    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        let record = self.document(doc).await?.ok_or(StoreError::Conflict(conflict::MISSING))?;
        let base = self.take_base(&record, base).await?;
        self.fold_on(&record, &base, state, entries).await
    }

    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()> {
        let record = self.document(doc).await?.ok_or(StoreError::Conflict(conflict::MISSING))?;
        let is_base = |state: &&State| state.generation == base;
        match record.previous.as_ref().filter(is_base) {
            Some(base) if record.newest.generation == unloadable => {
                self.fold_on(&record, base, state, entries).await
            }
            Some(_) | None => Err(StoreError::Conflict(conflict::FOLDED)),
        }
    }

    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()> {
        if next <= epoch {
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        let (epoch, next) = (as_integer(epoch), as_integer(next));
        // Records that are older than epochs say nothing of their content's.
        let current = doc! { "$in": [epoch.clone(), null] };
        let open = doc! { "_id": doc, "epoch": epoch.clone(), "content": current };
        let seal = doc! { "$set": { "epoch": next, "content": epoch } };
        match within(self.documents().update_one(open, seal)).await?.matched_count {
            0 if self.has_document(doc).await? => Err(StoreError::Conflict(conflict::OTHER_EPOCH)),
            0 => Err(StoreError::Conflict(conflict::MISSING)),
            _ => Ok(()),
        }
    }

    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()> {
        let record = self.document(doc).await?.ok_or(StoreError::Conflict(conflict::MISSING))?;
        if record.epoch != epoch || !record.is_sealed() {
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        self.begin_anew(&record, &state).await
    }
}

/// What a load consists of.
impl MongoStore {
    pub(super) fn documents(&self) -> Collection<DocumentRecord> {
        self.database.collection(connect::DOCUMENTS)
    }

    pub(super) fn entries(&self) -> Collection<EntryRecord> {
        self.database.collection(connect::ENTRIES)
    }

    pub(super) fn states(&self) -> Blobs {
        Blobs::new(&self.database, connect::STATE_CHUNKS)
    }

    pub(super) async fn document(&self, doc: DocId) -> Result<Option<DocumentRecord>> {
        within(self.documents().find_one(doc! { "_id": doc })).await
    }

    /// Whether there is such a document.
    pub(super) async fn has_document(&self, doc: DocId) -> Result<bool> {
        Ok(self.document(doc).await?.is_some())
    }

    async fn read(
        &self,
        record: &DocumentRecord,
        state: &State,
        generation: Generation,
    ) -> Result<Loaded> {
        let bytes = self.read_state(record._id, state).await?;
        let entries = self.entries_without(record, generation).await?;
        Ok(Loaded {
            epoch: record.epoch,
            is_sealed: record.is_sealed(),
            generation: state.generation,
            state: bytes,
            entries,
        })
    }

    async fn read_state(&self, doc: DocId, state: &State) -> Result<Bytes> {
        let what = || format!("the state of {doc} in generation {}", state.generation);
        self.states().read(&state.blob, what).await
    }

    /// The entries that this state lacks, verified, in their order.
    async fn entries_without(
        &self,
        document: &DocumentRecord,
        wanted: Generation,
    ) -> Result<Vec<Entry>> {
        let mut query = of_document(document._id);
        query.insert("folded", doc! { "$nin": document.contained(wanted) });
        let settled = document.settled.clone().unwrap_or_default();
        let mut entries = Vec::new();
        for mut record in all(self.entries().find(query).sort(doc! { "_id": 1 })).await? {
            if !document.has(&record) {
                continue;
            }
            if wanted == Generation::Newest && settled.records.contains(&record._id) {
                continue;
            }
            if let Some(emptied) = settled.aside.iter().find(|one| one.record == record._id) {
                record.aside.clone_from(&emptied.places);
            }
            for Piece { id, bytes, is_sound } in self.unpack(&record)? {
                if !is_sound {
                    let text = format!("entry {} does not fit its checksum", record._id);
                    return Err(StoreError::Corrupt(text));
                }
                entries.push(Entry { id, update: bytes });
            }
        }
        Ok(entries)
    }

    /// The updates of an append, sound or not.
    pub(super) fn unpack(&self, record: &EntryRecord) -> Result<Vec<Piece>> {
        let name = record._id.rsplit_once('/');
        let name = name.and_then(|(_, name)| u128::from_str_radix(name, 16).ok());
        let unnamed = || StoreError::Corrupt(format!("entry {} has no name", record._id));
        let name = name.ok_or_else(unnamed)?;
        self.clock.observe(name);
        let packed = Bytes::copy_from_slice(&record.updates.bytes);
        Ok(packing::unpack(name, &packed, &record.aside))
    }
}

/// What a fold consists of.
impl MongoStore {
    /// The state with this generation, if it may be folded upon: the newest, or the previous one if the newest
    /// is damaged.
    async fn take_base(&self, record: &DocumentRecord, base: u64) -> Result<State> {
        if record.newest.generation == base {
            return Ok(record.newest.clone());
        }
        let folded = StoreError::Conflict(conflict::FOLDED);
        let is_base = |state: &&State| state.generation == base;
        let Some(previous) = record.previous.as_ref().filter(is_base) else { return Err(folded) };
        match self.read_state(record._id, &record.newest).await {
            // Also if another node took it away meanwhile: then the swap fails.
            Err(StoreError::Corrupt(text)) => {
                tracing::error!(%text, "a damaged state is replaced");
                Ok(previous.clone())
            }
            Ok(_) => Err(folded),
            Err(error) => Err(error),
        }
    }

    /// Writes the state, puts it in force, and tidies up.
    async fn fold_on(
        &self,
        record: &DocumentRecord,
        base: &State,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()> {
        let doc = record._id;
        self.settle(record).await?;
        let blob = self.states().write(doc, base.generation, &state).await?;
        let newest = State { generation: record.generation + 1, blob };
        self.swap(record, &newest, base, None).await?;
        if let Err(error) = self.tidy(doc, &newest, base, entries).await {
            // The fold is done and durable; this is taken up by the next one.
            tracing::warn!(%doc, %error, "a folded document is not tidy yet");
        }
        Ok(())
    }

    /// Writes on the entries what a mend decided on them, if that was not done yet.
    pub(super) async fn settle(&self, record: &DocumentRecord) -> Result<()> {
        let Some(settled) = &record.settled else { return Ok(()) };
        for Emptied { record, places } in &settled.aside {
            let places: Vec<i64> = places.iter().copied().map(i64::from).collect();
            let own = doc! { "_id": record };
            within(self.entries().update_one(own, doc! { "$set": { "aside": places } })).await?;
        }
        self.mark(&settled.records, &record.newest).await?;
        let as_read = doc! { "_id": record._id, "newest.blob.name": &record.newest.blob.name };
        let done = doc! { "$set": { "settled": null } };
        within(self.documents().update_one(as_read, done)).await.map(drop)
    }

    /// Notes that these records are in this state.
    async fn mark(&self, records: &[String], state: &State) -> Result<()> {
        for some in records.chunks(MARKED_TOGETHER) {
            let named = doc! { "_id": { "$in": some.to_vec() } };
            let mark = doc! { "$set": { "folded": &state.blob.name } };
            within(self.entries().update_many(named, mark)).await?;
        }
        Ok(())
    }

    /// Puts the new state in force if the record is still as it was read: of two nodes one succeeds.
    pub(super) async fn swap(
        &self,
        record: &DocumentRecord,
        newest: &State,
        base: &State,
        settled: Option<&Settled>,
    ) -> Result<()> {
        let as_read = doc! { "_id": record._id, "newest.blob.name": &record.newest.blob.name };
        let to = doc! {
            "generation": as_integer(newest.generation),
            "newest": serialize_to_bson(newest).map_err(mongodb::error::Error::from)?,
            "previous": serialize_to_bson(base).map_err(mongodb::error::Error::from)?,
            "settled": serialize_to_bson(&settled).map_err(mongodb::error::Error::from)?,
        };
        // After an error nobody knows whether it is in force: then its chunks stay until the next fold.
        let swapped = within(self.documents().update_one(as_read, doc! { "$set": to })).await?;
        if swapped.matched_count == 0 {
            self.states().drop_unused(&newest.blob.name).await;
            return Err(StoreError::Conflict(conflict::FOLDED));
        }
        Ok(())
    }

    /// Marks what the new state contains, and deletes what the older of the two has no need of.
    pub(super) async fn tidy(
        &self,
        doc: DocId,
        newest: &State,
        base: &State,
        entries: &[EntryId],
    ) -> Result<()> {
        let records = packing::whole_records(entries);
        let records: Vec<_> = records.iter().map(|name| entry_name(doc, *name)).collect();
        self.mark(&records, newest).await?;
        let mut contained = of_document(doc);
        contained.insert("folded", &base.blob.name);
        within(self.entries().delete_many(contained)).await?;
        // What was made from a state before `base` lost its race, or is out of force: nothing that is made
        // from `base` or later is touched, since its writer may be about to put it in force.
        let live = [&*newest.blob.name, &*base.blob.name];
        self.states().sweep(doc, base.generation, live).await
    }
}

/// What another epoch with the same content consists of.
impl MongoStore {
    /// Puts the document into an epoch that it never was in. The entries are left as they are: the record says
    /// which of them are its own.
    pub(super) async fn put_into_epoch(&self, doc: DocId) -> Result<u64> {
        for _ in 0..LOAD_ATTEMPTS {
            let record = self.document(doc).await?;
            let record = record.ok_or(StoreError::Conflict(conflict::MISSING))?;
            let epoch = epoch_after(record.epoch);
            let mut to = doc! { "epoch": as_integer(epoch) };
            if !record.is_sealed() {
                let earlier = record.earlier.iter().chain([&record.content]);
                let earlier: Vec<_> = earlier.copied().map(as_integer).collect();
                to.extend(doc! { "content": as_integer(epoch), "earlier": earlier });
            }
            let documents = self.documents();
            let update = documents.update_one(record.as_read(), doc! { "$set": to });
            if within(update).await?.matched_count > 0 {
                return Ok(epoch);
            }
        }
        Err(StoreError::Unavailable("others keep changing this document".to_owned()))
    }
}

/// What a renewal consists of.
impl MongoStore {
    /// Puts the state in the place of all that the record has, and tidies up.
    async fn begin_anew(&self, record: &DocumentRecord, state: &[u8]) -> Result<()> {
        let (doc, base) = (record._id, record.newest.generation);
        let blob = self.states().write(doc, base, state).await?;
        let newest = State { generation: record.generation + 1, blob };
        let sealed = record.as_read();
        let to = doc! {
            "generation": as_integer(newest.generation),
            "newest": serialize_to_bson(&newest).map_err(mongodb::error::Error::from)?,
            "previous": null,
            "settled": null,
            "content": as_integer(record.epoch),
            "earlier": [],
        };
        // After an error nobody knows whether it is in force: then its chunks stay until the next fold.
        let renewed = within(self.documents().update_one(sealed, doc! { "$set": to })).await?;
        if renewed.matched_count == 0 {
            self.states().drop_unused(&newest.blob.name).await;
            return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
        }
        if let Err(error) = self.forget_history(record, base, &newest).await {
            // It counts for nothing any more; its states go with the next fold.
            tracing::warn!(%doc, %error, "a document that began anew is not tidy yet");
        }
        Ok(())
    }

    /// Deletes the entries of epochs before, and all states but one.
    async fn forget_history(
        &self,
        record: &DocumentRecord,
        base: u64,
        newest: &State,
    ) -> Result<()> {
        let mut before = of_document(record._id);
        let unsaid = doc! { "epoch": null };
        before.insert("$or", vec![doc! { "epoch": { "$lt": as_integer(record.epoch) } }, unsaid]);
        within(self.entries().delete_many(before)).await?;
        let only = &*newest.blob.name;
        self.states().sweep(record._id, base, [only, only]).await
    }
}

/// By their names, which have an index anyway: `0` comes right after the stroke.
pub(super) fn of_document(doc: DocId) -> mongodb::bson::Document {
    doc! { "_id": { "$gt": format!("{doc}/"), "$lt": format!("{doc}0") } }
}

/// The name of an entry: those of a document are in their order.
pub(super) fn entry_name(doc: DocId, name: u128) -> String {
    format!("{doc}/{name:020x}")
}

fn as_integer(number: u64) -> Bson {
    Bson::Int64(i64::try_from(number).unwrap_or(i64::MAX))
}

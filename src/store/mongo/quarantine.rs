//! Updates that are set aside, by document.

use async_trait::async_trait;
use mongodb::{
    Collection,
    bson::{Binary, doc, spec::BinarySubtype},
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, within},
    connect,
    fields::Time,
    journal::{entry_name, of_document},
};
use crate::{
    ids::DocId,
    store::{AsideCause, Quarantine, Result, SetAside, StoreError, conflict},
};

#[derive(Serialize, Deserialize)]
pub(super) struct AsideRecord {
    /// As those of entries: a document's in the order of setting aside.
    pub(super) _id: String,
    cause: AsideCause,
    at: Time,
    update: Binary,
}

impl From<AsideRecord> for SetAside {
    fn from(AsideRecord { cause, at, update, .. }: AsideRecord) -> Self {
        Self { cause, at: at.0, update: update.bytes.into() }
    }
}

#[async_trait]
impl Quarantine for MongoStore {
    async fn set_aside(&self, doc: DocId, aside: &SetAside) -> Result<()> {
        if !self.has_document(doc).await? {
            return Err(StoreError::Conflict(conflict::MISSING));
        }
        self.keep_aside(doc, aside).await.map(drop)
    }

    async fn aside(&self, doc: DocId, limit: usize) -> Result<Vec<SetAside>> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let asides = self.set_asides();
        let find = asides.find(of_document(doc)).sort(doc! { "_id": 1 }).limit(limit);
        Ok(all(find).await?.into_iter().map(SetAside::from).collect())
    }

    async fn release(&self, doc: DocId) -> Result<usize> {
        let released = within(self.set_asides().delete_many(of_document(doc))).await?;
        Ok(usize::try_from(released.deleted_count).unwrap_or(usize::MAX))
    }
}

impl MongoStore {
    /// Keeps it, and says under which name.
    pub(super) async fn keep_aside(&self, doc: DocId, aside: &SetAside) -> Result<String> {
        let SetAside { cause, at, update } = aside;
        let update = Binary { subtype: BinarySubtype::Generic, bytes: update.to_vec() };
        let _id = entry_name(doc, self.clock.next());
        let record = AsideRecord { _id, cause: *cause, at: Time(*at), update };
        within(self.set_asides().insert_one(&record)).await?;
        Ok(record._id)
    }

    pub(super) fn set_asides(&self) -> Collection<AsideRecord> {
        self.database.collection(connect::ASIDE)
    }
}

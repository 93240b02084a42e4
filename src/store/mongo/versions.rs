//! Versions that people saved: a record with what lists show, and two blobs.

use async_trait::async_trait;
use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    blobs::{Blob, Blobs},
    calls::{all, is_duplicate, within},
    connect,
    fields::Time,
};
use crate::{
    ids::{DocId, UserId, VersionId},
    store::{
        Counts, Result, StoreError, Version, VersionCause, VersionContent, VersionRoom, Versions,
        conflict, retention::VersionSize,
    },
};

#[derive(Serialize, Deserialize)]
struct VersionRecord {
    _id: VersionId,
    doc: DocId,
    /// The same as `_id`, for the index.
    version: VersionId,
    epoch: u64,
    name: Option<String>,
    cause: Cause,
    by: UserId,
    at: Time,
    counts: Counts,
    state: Blob,
    projection: Blob,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Cause {
    Saved,
    BeforeRestore,
    BeforeRenewal,
    Restored { from: VersionId },
}

impl VersionRecord {
    fn size(&self) -> VersionSize {
        let is_named = matches!(self.cause, Cause::Saved) && self.name.is_some();
        let bytes = self.state.length() + self.projection.length();
        VersionSize { id: self._id, bytes, is_named }
    }
}

impl From<VersionCause> for Cause {
    fn from(cause: VersionCause) -> Self {
        match cause {
            VersionCause::Saved => Self::Saved,
            VersionCause::BeforeRestore => Self::BeforeRestore,
            VersionCause::BeforeRenewal => Self::BeforeRenewal,
            VersionCause::Restored { from } => Self::Restored { from },
        }
    }
}

impl From<Cause> for VersionCause {
    fn from(cause: Cause) -> Self {
        match cause {
            Cause::Saved => Self::Saved,
            Cause::BeforeRestore => Self::BeforeRestore,
            Cause::BeforeRenewal => Self::BeforeRenewal,
            Cause::Restored { from } => Self::Restored { from },
        }
    }
}

impl From<VersionRecord> for Version {
    fn from(record: VersionRecord) -> Self {
        let VersionRecord { _id, doc, epoch, name, cause, by, at, counts, .. } = record;
        Self { id: _id, doc, epoch, name, cause: cause.into(), by, at: at.0, counts }
    }
}

#[async_trait]
impl Versions for MongoStore {
    async fn insert(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()> {
        let Version { id, doc, epoch, name, cause, by, at, counts } = version.clone();
        if !self.has_document(doc).await? {
            return Err(StoreError::Conflict(conflict::MISSING));
        }
        let gone = self.versions_to_go(VersionSize::of(version, &content), doc, room).await?;
        let blobs = self.version_blobs();
        let state = blobs.write(doc, 0, &content.state).await?;
        let projection = blobs.write(doc, 0, content.projection.as_bytes()).await?;
        let (cause, at) = (cause.into(), Time(at));
        let record = VersionRecord {
            _id: id,
            doc,
            version: id,
            epoch,
            name,
            cause,
            by,
            at,
            counts,
            state,
            projection,
        };
        let inserted = within(self.versions().insert_one(&record)).await;
        if inserted.as_ref().is_err_and(is_duplicate) {
            blobs.drop_unused(&record.state.name).await;
            blobs.drop_unused(&record.projection.name).await;
        }
        inserted?;
        self.forget_versions(gone).await;
        Ok(())
    }

    async fn document(&self, id: VersionId) -> Result<Option<DocId>> {
        let found = within(self.versions().find_one(doc! { "_id": id })).await?;
        Ok(found.map(|record| record.doc))
    }

    async fn get(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>> {
        let Some(record) = within(self.versions().find_one(doc! { "_id": id })).await? else {
            return Ok(None);
        };
        let blobs = self.version_blobs();
        let what = || format!("the state of version {id}");
        let state = blobs.read(&record.state, what).await?;
        let what = || format!("the projection of version {id}");
        let projection = blobs.read(&record.projection, what).await?;
        let projection = String::from_utf8(projection.into())
            .map_err(|_| StoreError::Corrupt(format!("{} is no text", what())))?;
        Ok(Some((record.into(), VersionContent { state, projection })))
    }

    async fn list(
        &self,
        doc: DocId,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        let mut query = doc! { "doc": doc };
        if let Some(before) = before {
            query.insert("version", doc! { "$lt": before });
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let versions = self.versions();
        let find = versions.find(query).sort(doc! { "version": -1 }).limit(limit);
        Ok(all(find).await?.into_iter().map(Version::from).collect())
    }
}

impl MongoStore {
    /// Those that make room for a new one. `Conflict` if there is none.
    async fn versions_to_go(
        &self,
        new: VersionSize,
        doc: DocId,
        room: VersionRoom,
    ) -> Result<Vec<VersionRecord>> {
        let mut kept = all(self.versions().find(doc! { "doc": doc })).await?;
        let sizes: Vec<_> = kept.iter().map(VersionRecord::size).collect();
        let gone = room.make(&sizes, new).ok_or(StoreError::Conflict(conflict::VERSIONS))?;
        kept.retain(|record| gone.contains(&record._id));
        Ok(kept)
    }

    /// What points to the bytes goes first. It costs nothing but room if that fails.
    async fn forget_versions(&self, gone: Vec<VersionRecord>) {
        for record in gone {
            let own = doc! { "_id": record._id };
            if let Err(error) = within(self.versions().delete_one(own)).await {
                tracing::warn!(%error, "an old version stays");
                continue;
            }
            for blob in [&record.state, &record.projection] {
                self.version_blobs().drop_unused(&blob.name).await;
            }
        }
    }

    fn versions(&self) -> Collection<VersionRecord> {
        self.database.collection(connect::VERSIONS)
    }

    fn version_blobs(&self) -> Blobs {
        Blobs::new(&self.database, connect::VERSION_CHUNKS)
    }
}

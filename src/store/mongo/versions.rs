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
        Counts, Result, StoreError, Version, VersionCause, VersionContent, Versions, conflict,
    },
};

#[derive(Serialize, Deserialize)]
struct VersionRecord {
    _id: VersionId,
    doc: DocId,
    /// The same as `_id`, for the index.
    version: VersionId,
    epoch: u32,
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
    async fn insert(&self, version: &Version, content: VersionContent) -> Result<()> {
        let Version { id, doc, epoch, name, cause, by, at, counts } = version.clone();
        if !self.has_document(doc).await? {
            return Err(StoreError::Conflict(conflict::MISSING));
        }
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
        inserted.map(drop)
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
    fn versions(&self) -> Collection<VersionRecord> {
        self.database.collection(connect::VERSIONS)
    }

    fn version_blobs(&self) -> Blobs {
        Blobs::new(&self.database, connect::VERSION_CHUNKS)
    }
}

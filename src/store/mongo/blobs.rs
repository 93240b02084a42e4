//! Bytes of any length as chunks, which are there before anything points to them.

use bytes::Bytes;
use mongodb::{
    Collection, Database,
    bson::{Binary, doc, spec::BinarySubtype},
};
use serde::{Deserialize, Serialize};
use ulid::Ulid;

use super::calls::{all, within};
use crate::{
    ids::DocId,
    store::{Result, StoreError},
};

/// The most bytes of a chunk: a record must stay below 16 MiB, and a call should not take seconds.
const CHUNK_BYTES: usize = 2 << 20;

/// Points to bytes, and knows them again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Blob {
    /// Made up for each writing: no two have the same.
    pub(super) name: String,
    length: u64,
    checksum: u32,
}

impl Blob {
    /// How many bytes it points to.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// Whether these bytes are those that were written.
    pub(super) fn is_of(&self, bytes: &[u8]) -> bool {
        bytes.len() as u64 == self.length && crc32fast::hash(bytes) == self.checksum
    }
}

/// The chunks of one collection.
pub(super) struct Blobs {
    chunks: Collection<Chunk>,
}

#[derive(Serialize, Deserialize)]
struct Chunk {
    /// The blob's name, a stroke, and the number of the chunk: in this order they make the blob.
    _id: String,
    /// Whose they are.
    doc: DocId,
    /// The generation that they were made from.
    base: u64,
    blob: String,
    bytes: Binary,
}

impl Blobs {
    /// Those of this collection.
    pub(super) fn new(database: &Database, collection: &str) -> Self {
        Self { chunks: database.collection(collection) }
    }

    /// Writes the chunks of a new blob. Nothing sees them until something points to it.
    pub(super) async fn write(&self, doc: DocId, base: u64, bytes: &[u8]) -> Result<Blob> {
        let name = Ulid::generate().to_string();
        for (number, part) in bytes.chunks(CHUNK_BYTES).enumerate() {
            let bytes = Binary { subtype: BinarySubtype::Generic, bytes: part.to_vec() };
            let _id = format!("{name}/{number:06}");
            let chunk = Chunk { _id, doc, base, blob: name.clone(), bytes };
            if let Err(error) = within(self.chunks.insert_one(chunk)).await {
                self.drop_unused(&name).await;
                return Err(error);
            }
        }
        Ok(Blob { name, length: bytes.len() as u64, checksum: crc32fast::hash(bytes) })
    }

    /// The bytes, if they are those that were written. `what` says in the error whose they are.
    pub(super) async fn read(&self, blob: &Blob, what: impl FnOnce() -> String) -> Result<Bytes> {
        let bytes = self.as_they_are(blob).await?;
        if blob.is_of(&bytes) {
            Ok(bytes)
        } else {
            Err(StoreError::Corrupt(format!("{} does not fit its checksum", what())))
        }
    }

    /// What there is of the bytes, damaged or not.
    pub(super) async fn as_they_are(&self, blob: &Blob) -> Result<Bytes> {
        let mut bytes = Vec::new();
        for chunk in all(self.chunks.find(in_blob(&blob.name)).sort(doc! { "_id": 1 })).await? {
            bytes.extend_from_slice(&chunk.bytes.bytes);
        }
        Ok(bytes.into())
    }

    /// Deletes the chunks of a blob that nothing points to. It costs nothing but room if that fails.
    pub(super) async fn drop_unused(&self, name: &str) {
        if let Err(error) = within(self.chunks.delete_many(in_blob(name))).await {
            tracing::warn!(%error, "chunks that nothing points to stay");
        }
    }

    /// Deletes the chunks of a document that were made from a generation before `base`, but for `live` ones.
    pub(super) async fn sweep(&self, doc: DocId, base: u64, live: [&str; 2]) -> Result<()> {
        let base = i64::try_from(base).unwrap_or(i64::MAX);
        let old = doc! { "doc": doc, "base": { "$lt": base }, "blob": { "$nin": live.to_vec() } };
        within(self.chunks.delete_many(old)).await?;
        Ok(())
    }
}

/// By the chunks' names, which have an index anyway: `0` comes right after the stroke.
fn in_blob(name: &str) -> mongodb::bson::Document {
    doc! { "_id": { "$gt": format!("{name}/"), "$lt": format!("{name}0") } }
}

//! Versions that people saved.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::error::Result;
use crate::{
    ids::{DocId, UserId, VersionId},
    summary::Counts,
};

/// What is known of a saved version without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Ordered by time.
    pub id: VersionId,
    /// Whose version it is.
    pub doc: DocId,
    /// The epoch of the document when it was made.
    pub epoch: u64,
    /// What the person called it.
    pub name: Option<String>,
    /// Why it was made.
    pub cause: VersionCause,
    /// Who made it.
    pub by: UserId,
    /// When.
    pub at: Timestamp,
    /// What it holds, in numbers.
    pub counts: Counts,
}

/// Why a version was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VersionCause {
    /// A person saved.
    Saved,
    /// The state before a restore, so that the restore can be undone.
    BeforeRestore,
    /// The state before the document began anew, which has its trash.
    BeforeRenewal,
    /// The state after `from` was restored.
    Restored {
        /// The version that was restored.
        from: VersionId,
    },
}

/// What a version holds.
#[derive(Debug, Clone)]
pub struct VersionContent {
    /// A Yjs update (v1) that makes the document.
    pub state: Bytes,
    /// The projection of the state, as JSON.
    pub projection: String,
}

/// What the versions of one document may take. Of it, those that people gave a name take three quarters at most, so
/// that there is always room for another one without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VersionRoom {
    /// How many there may be.
    pub count: usize,
    /// How many bytes, states and projections together.
    pub bytes: u64,
}

/// Versions that people saved.
#[async_trait]
pub trait Versions: Send + Sync {
    /// Keeps a version with its encoded state and its projection (JSON); where there are too many, the oldest
    /// without a name go. `Conflict` if it exists, if its document does not, or if it has a name and those that
    /// have one take too much already.
    async fn insert(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()>;

    /// The document that a version is of.
    async fn document(&self, id: VersionId) -> Result<Option<DocId>>;

    /// One version with its content. `Corrupt` if the state is not what was written.
    async fn get(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>>;

    /// Versions of a document, newest first, those older than `before` if given.
    async fn list(
        &self,
        doc: DocId,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>>;
}

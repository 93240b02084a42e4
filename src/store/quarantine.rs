//! Updates that are applied to nothing, kept to be looked at.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::Result;
use crate::ids::DocId;

/// An update that is applied to nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetAside {
    /// Why.
    pub cause: AsideCause,
    /// Since when.
    pub at: Timestamp,
    /// The update as it came; empty where no single one is to blame.
    pub update: Bytes,
}

/// Why something is set aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AsideCause {
    /// Applying it ended a process or a room.
    Fatal,
    /// Reading the whole stored document ended a process: it is not read again until somebody has looked.
    Unreadable,
    /// Its bytes are not what was written, or make no sense.
    Damaged,
}

/// Updates that are applied to nothing, kept to be looked at: they may have ended a process, or can't be read.
#[async_trait]
pub trait Quarantine: Send + Sync {
    /// Sets an update of this document aside. `Conflict` if there is no such document.
    async fn set_aside(&self, doc: DocId, aside: &SetAside) -> Result<()>;

    /// What is set aside of a document, oldest first, `limit` at most.
    async fn aside(&self, doc: DocId, limit: usize) -> Result<Vec<SetAside>>;

    /// Forgets what is set aside of a document, so that it is taken again if it comes again. Says how much
    /// it was.
    async fn release(&self, doc: DocId) -> Result<usize>;
}

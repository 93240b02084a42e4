//! Rooms: one task owns a document and the people in it; a pure core decides, the shell carries out.
//!
//! `core` (with `participants`, `encodings`, `pace`, `effort`) knows no task and no clock. `actor` feeds it and carries
//! out what it wants; `persist` takes edits to the journal, `mirror` what lists show of a document; `outbox`
//! is what waits for one connection; `handle` is the only door from outside, `registry` opens each room once.
//! `access` says what people may do now, `changes` tells of that and of who is in a document.
//! `mesh` is how a room stands to the same room on other nodes, `link` its end of the bus; `nodes` and `fleet` are
//! the same for the node as a whole.

mod access;
mod actor;
mod changes;
mod core;
mod effort;
mod encodings;
mod fleet;
mod handle;
mod link;
mod mesh;
mod mirror;
mod nodes;
mod outbox;
mod pace;
mod participants;
mod persist;
mod registry;

use std::time::Duration;

pub use self::{
    access::Membership,
    changes::Change,
    core::{Effect, Event, Haste, MAX_UNSTORED_BYTES, Room},
    handle::{Handle, Joining, Permit, Renewed, Restored, Seat},
    mesh::Life,
    outbox::{Bounds, Frame, FrameKind, Receiver, Sender, Waiting, outbox},
    participants::{Acks, ParticipantId},
    registry::Rooms,
};
use tokio::task::JoinHandle;

use crate::{
    crdt,
    documents::DocumentError,
    store::{StoreError, VersionRoom},
};

/// Counts the edits of a room since it was opened: the first one makes revision 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub u64);

/// What rooms may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Rooms open at once on this node.
    pub rooms: usize,
    /// What open documents may take of the memory, estimated, in bytes.
    pub memory_bytes: usize,
    /// Connections in one room.
    pub participants: usize,
    /// An empty room is kept for so long.
    pub idle_after: Duration,
    /// A journal with more entries than this is folded.
    pub fold_after: usize,
    /// Of each document.
    pub document: crdt::Limits,
    /// What the versions of a document may take.
    pub versions: VersionRoom,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rooms: 10_000,
            memory_bytes: 1 << 30,
            participants: 2_000,
            idle_after: Duration::from_secs(30),
            fold_after: 1000,
            document: crdt::Limits::default(),
            versions: VersionRoom { count: 1_000, bytes: 256 << 20 },
        }
    }
}

/// Why a room did not do what it was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RoomError {
    /// No such document.
    #[error("no such document")]
    NotFound,
    /// The client holds the document of another epoch.
    #[error("the document's history was replaced")]
    OtherEpoch,
    /// This limit is reached: come back later.
    #[error("at its limit: {0}")]
    Full(&'static str),
    /// The node stops.
    #[error("the server is stopping")]
    Draining,
    /// The room ended again and again while it was asked.
    #[error("the room has ended")]
    Closed,
    /// The document can't be read; nothing was written over it.
    #[error("the document can't be read: {0}")]
    Unreadable(String),
    /// The document would pass a limit.
    #[error(transparent)]
    Refused(crdt::Refusal),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RoomError {
    /// For what makes no document.
    pub(crate) fn unreadable(error: impl std::fmt::Display) -> Self {
        Self::Unreadable(error.to_string())
    }

    /// There is no room for one more: counted, so to be made where it is refused.
    pub(crate) fn full(limit: &'static str) -> Self {
        metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
        Self::Full(limit)
    }
}

impl From<DocumentError> for RoomError {
    fn from(error: DocumentError) -> Self {
        match error {
            DocumentError::NotFound => Self::NotFound,
            DocumentError::Full(limit) => Self::Full(limit),
            DocumentError::Unreadable(error) => Self::Unreadable(error),
            DocumentError::Store(error) => Self::Store(error),
        }
    }
}

/// Waits for what a room has begun beside everything else, if it has. A panic in there is like a failure. Cancel-safe.
async fn ended<T>(task: &mut Option<JoinHandle<Option<T>>>) -> Option<T> {
    let Some(running) = task else { return std::future::pending().await };
    let result = running.await;
    *task = None;
    result.unwrap_or(None)
}

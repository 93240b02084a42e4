//! What rooms may use.

use std::time::Duration;

use crate::{crdt, store::VersionRoom};

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
    /// A journal is folded above so many entries at the earliest: that of a large document later.
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

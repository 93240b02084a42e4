//! Why a room did not do what it was asked.

use crate::{crdt, documents::DocumentError, store::StoreError};

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

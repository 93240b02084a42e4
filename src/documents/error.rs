//! Why a document could not be read or written.

use std::fmt::Display;

use crate::store::StoreError;

/// What went wrong with a document.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DocumentError {
    /// No such document.
    #[error("no such document")]
    NotFound,
    /// This limit is reached: come back later.
    #[error("at its limit: {0}")]
    Full(&'static str),
    /// The document can't be read; nothing was written over it.
    #[error("the document can't be read: {0}")]
    Unreadable(String),
    /// The store can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl DocumentError {
    /// For what makes no document.
    pub(super) fn unreadable(error: impl Display) -> Self {
        Self::Unreadable(error.to_string())
    }

    /// There is no place for one more: counted, so to be made where it is refused.
    pub(super) fn full(limit: &'static str) -> Self {
        metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
        Self::Full(limit)
    }
}

//! Documents at rest: reading, folding and keeping them, within the memory that this node has.
//!
//! `states` reads, folds, saves and renews what the store has of a document. `memory` says whether one more fits, `turns`
//! when work that takes much may begin. `flight` notes what is handed to yrs, `trial` tries it after a process has died over it.

mod flight;
mod memory;
pub(crate) mod states;
pub(crate) mod trial;
mod turns;

use std::{fmt::Display, sync::Arc};

pub(crate) use self::{flight::Flight, memory::growth, turns::Turns};
pub use self::{
    flight::{Cargo, FlightLog, Found, Wreck},
    memory::{Memory, Share, estimate},
    states::Saved,
    trial::{Court, attempt},
    turns::Turn,
};
use crate::store::{Journal, Quarantine, StoreError, Stores, Summaries, Versions};

/// What documents are kept in.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its trait")]
pub struct DocumentStores {
    pub journal: Arc<dyn Journal>,
    pub quarantine: Arc<dyn Quarantine>,
    pub versions: Arc<dyn Versions>,
    pub summaries: Arc<dyn Summaries>,
}

impl From<&Stores> for DocumentStores {
    fn from(stores: &Stores) -> Self {
        Self {
            journal: Arc::clone(&stores.journal),
            quarantine: Arc::clone(&stores.quarantine),
            versions: Arc::clone(&stores.versions),
            summaries: Arc::clone(&stores.summaries),
        }
    }
}

/// Why a document could not be read or written.
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
    fn unreadable(error: impl Display) -> Self {
        Self::Unreadable(error.to_string())
    }

    /// There is no place for one more: counted, so to be made where it is refused.
    fn full(limit: &'static str) -> Self {
        metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
        Self::Full(limit)
    }
}

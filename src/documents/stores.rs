//! What documents are kept in.

use std::sync::Arc;

use crate::store::{Journal, Quarantine, Stores, Summaries, Versions};

/// The stores that have a part of a document each.
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

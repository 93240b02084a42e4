//! What others may want to know of rooms as it happens: who is in a document, and whose access was changed.

use tokio::sync::broadcast;

use crate::ids::{DocId, UserId};

/// Changes that wait for one listener. Who falls behind hears `Lagged`, and has to look at everything.
const WAITING: usize = 1_024;

/// Something that has changed, on this node or another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// How many people are in this document.
    People(DocId),
    /// What this person may do with it.
    Access(DocId, UserId),
    /// Any of these, anywhere: something may not have been heard.
    Anything,
}

/// Tells them to whoever listens.
#[derive(Debug, Clone)]
pub(crate) struct Changes(broadcast::Sender<Change>);

impl Default for Changes {
    fn default() -> Self {
        Self(broadcast::Sender::new(WAITING))
    }
}

impl Changes {
    pub(crate) fn tell(&self, change: Change) {
        // Nobody has to listen.
        let _ = self.0.send(change);
    }

    pub(crate) fn listen(&self) -> broadcast::Receiver<Change> {
        self.0.subscribe()
    }
}

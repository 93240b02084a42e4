//! What the sockets of events need.

use super::hub::Hub;
use crate::{connection::ConnectionState, notify::Notifier};

/// What the sockets need.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its type")]
pub struct EventsState {
    /// What they have in common with the sockets of documents.
    pub connections: ConnectionState,
    pub notify: Notifier,
    pub hub: Hub,
}

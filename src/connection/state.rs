//! What connections need and what they may use.

use std::{sync::Arc, time::Duration};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    admission::{Admission, Origins},
    holds::Holds,
    line::Line,
};
use crate::{access::Access, auth::Keys, rooms::Rooms};

/// What connections may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Bytes in one frame: as many as a step 2 with a whole document has.
    pub frame_bytes: usize,
    /// Connections from one address.
    pub per_address: usize,
    /// Connections of one person.
    pub per_user: usize,
    /// The first message must be here so soon after the upgrade.
    pub hello_within: Duration,
    /// Messages that one connection may send in a second, on average …
    pub messages_per_second: u32,
    /// … and bytes. What is above waits; a burst of ten seconds' worth does not.
    pub bytes_per_second: u32,
    /// W12: how often a connection is pinged; silence for twice as long ends it.
    pub ping_every: Duration,
    /// W10: who has not read for so long while edits were dropped is too slow.
    pub slow_after: Duration,
    /// W11: a new ticket must come so soon after it was asked for.
    pub token_grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: 1024 * 1024,
            per_address: 500,
            per_user: 50,
            hello_within: Duration::from_secs(10),
            messages_per_second: 200,
            bytes_per_second: 256 * 1024,
            ping_every: Duration::from_secs(20),
            slow_after: Duration::from_secs(10),
            token_grace: Duration::from_secs(25),
        }
    }
}

/// What connections need.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its type")]
pub struct ConnectionState {
    pub rooms: Rooms,
    pub access: Arc<dyn Access>,
    pub keys: Arc<Keys>,
    pub origins: Arc<Origins>,
    pub admission: Admission,
    pub line: Arc<Line>,
    pub holds: Holds,
    pub limits: Arc<Limits>,
    /// Every connection's task; the stop waits for them.
    pub tasks: TaskTracker,
    /// Cancelled when no more connections are let in.
    pub draining: CancellationToken,
    /// Cancelled when connections are to end (1001).
    pub closing: CancellationToken,
}

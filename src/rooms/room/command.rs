//! What a room is asked.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::outbox::Receiver;
use crate::{
    crdt::{Presence, Projection},
    ids::{Role, UserId},
    rooms::{
        core::{Acks, Event, ParticipantId, Revision},
        error::RoomError,
    },
};

/// The mailbox of a room. Connections wait for a place in it, so that TCP slows their senders down.
pub(crate) const MAILBOX: usize = 256;

/// Who comes in, and how.
#[derive(Debug, Clone)]
pub struct Joining {
    /// As the others see them.
    pub person: Presence,
    /// What they may do.
    pub role: Role,
    /// How they learn that their edits are durable.
    pub acks: Acks,
    /// The epoch of the client's copy, if that is known.
    pub epoch: Option<u64>,
}

/// Who somebody is in the room, and what it says to them.
pub(crate) type Joined = Result<(ParticipantId, Receiver), RoomError>;

/// Who waits until something is durable, or learns why it won't be. Told up to where everything is.
pub(crate) type Durable = oneshot::Sender<Result<Revision, RoomError>>;

/// A version that a document is to be again.
#[derive(Clone)]
pub(crate) struct Restoring {
    pub(crate) state: Bytes,
    pub(crate) by: UserId,
    /// Up to where what it replaces is in a version.
    pub(crate) kept: Revision,
    /// The whole of what it replaced, if there was more.
    pub(crate) replaced: Arc<OnceLock<Bytes>>,
}

/// What a room is asked.
pub(crate) enum Command {
    Join(Joining, oneshot::Sender<Joined>),
    Event(Event),
    /// Answered when everything that was accepted before is durable.
    Settle(Durable),
    /// Answered when the new title is durable.
    Rename(String, Durable),
    /// Answered when the content of this version is durable.
    Restore(Restoring, Durable),
    Project(oneshot::Sender<Arc<Projection>>),
    Epoch(oneshot::Sender<u64>),
    /// The document is in this epoch now.
    BeganAnew(u64),
    /// Others need the room that this one takes: end, if nobody is here.
    Leave,
    /// What this person may do was changed on another node, or (`None`) anybody's may have been.
    Recheck(Option<UserId>),
}

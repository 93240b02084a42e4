//! What all rooms of this node share.

use std::sync::{Arc, atomic::AtomicUsize};

use async_trait::async_trait;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{changes::Changes, limits::Limits};
use crate::{
    documents::{Memory, states::Desk},
    ids::{DocId, Role, UserId},
    store,
};

/// Says what people may do now, whoever changed it, on whichever node.
#[async_trait]
pub trait Membership: Send + Sync {
    /// `None` for who is no member.
    async fn role_now(&self, doc: DocId, user: UserId) -> store::Result<Option<Role>>;
}

/// What every room of this node shares.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) desk: Desk,
    pub(crate) membership: Arc<dyn Membership>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) tasks: TaskTracker,
    pub(crate) closing: CancellationToken,
    /// Rooms that can't store their edits just now.
    pub(crate) troubled: Arc<AtomicUsize>,
    pub(crate) memory: Memory,
    pub(crate) changes: Changes,
}

/// What is known of a room from outside.
#[derive(Clone, Default)]
pub(crate) struct DoorCounts {
    /// How many people are in it.
    pub(crate) present: Arc<AtomicUsize>,
    /// What it takes of the memory.
    pub(crate) takes: Arc<AtomicUsize>,
}

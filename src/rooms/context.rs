//! What all rooms of this node share.

use std::sync::{Arc, atomic::AtomicUsize};

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{changes::Changes, limits::Limits};
use crate::{
    access::Access,
    documents::{Memory, states::Desk},
};

/// What every room of this node shares.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) desk: Desk,
    pub(crate) access: Arc<dyn Access>,
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

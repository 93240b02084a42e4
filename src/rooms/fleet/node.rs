//! This node among the others: carries out what `nodes` decides.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use tokio::{sync::Notify, time::sleep_until};

use super::nodes::{Met, NodeEffect, Nodes};
use crate::{
    bus::{Bus, Heard, Subscription, Topic, frame::Frame},
    ids::{DocId, NodeId, UserId},
    rooms::{
        changes::{Change, Changes},
        core::Life,
    },
};

/// This node at the bus.
pub(crate) struct Fleet {
    node: NodeId,
    pub(crate) bus: Arc<dyn Bus>,
    nodes: Mutex<Nodes>,
    stirred: Notify,
    lives: AtomicU64,
    changes: Changes,
}

impl Fleet {
    pub(crate) fn new(bus: Arc<dyn Bus>, changes: Changes) -> Self {
        let node = NodeId::new();
        let nodes = Mutex::new(Nodes::new(node));
        let (stirred, lives) = (Notify::new(), AtomicU64::new(0));
        Self { node, bus, nodes, stirred, lives, changes }
    }

    /// The name of a room that opens now, on a document in this epoch.
    pub(crate) fn begin_life(&self, epoch: u64) -> Life {
        let number = 1 + self.lives.fetch_add(1, Ordering::Relaxed);
        Life { node: self.node, number, epoch }
    }

    /// Notes who is in a room of this node now.
    pub(crate) fn set_people(&self, doc: DocId, life: Life, users: Vec<UserId>) {
        self.nodes().set_people(doc, life.number, users);
        self.changes.tell(Change::People(doc));
        self.stirred.notify_one();
    }

    /// How many people are in a document, on all nodes.
    pub(crate) fn present(&self, doc: DocId) -> usize {
        self.nodes().present(doc)
    }

    /// Notes that a room has heard of a node.
    pub(crate) fn heard_of(&self, node: NodeId) {
        if self.nodes().meet(node, now()) == Met::New {
            self.stirred.notify_one();
        }
    }

    /// Tells the other nodes that somebody's role has changed.
    pub(crate) fn access_changed(&self, doc: DocId, user: UserId) {
        self.decide(|nodes, effects| nodes.access_changed(doc, user, now(), effects));
    }

    /// Tells the other nodes that a document begins anew.
    pub(crate) fn began_anew(&self, doc: DocId) {
        self.decide(|nodes, effects| nodes.began_anew(doc, now(), effects));
    }

    /// Begins to hear what the others say.
    pub(crate) async fn subscribe(&self) -> Subscription {
        let subscription = self.bus.subscribe(Topic::Nodes).await;
        tracing::info!(node = %self.node, "joined the other nodes");
        subscription
    }

    /// Tells the others that this node leaves.
    pub(crate) fn leave(&self) {
        self.decide(|nodes, effects| nodes.leave(now(), effects));
    }

    /// Waits for something to happen, and says what is left to do about it.
    pub(crate) async fn listen(&self, subscription: &Subscription) -> Vec<NodeEffect> {
        let deadline = self.nodes().deadline(now());
        let mut frames = Vec::new();
        let heard = tokio::select! {
            heard = subscription.next(&mut frames) => Some(heard),
            () = self.stirred.notified() => None,
            () = sleep_until(deadline.into()) => None,
        };
        self.decide(|nodes, effects| {
            match heard {
                Some(Heard::Frames) => read(frames).for_each(|f| nodes.heard(f, now(), effects)),
                Some(Heard::Missed) => nodes.missed(effects),
                None => {}
            }
            nodes.tick(now(), effects);
            metrics::gauge!("moim_nodes").set(nodes.others() as f64 + 1.0);
        })
    }

    /// What is said leaves in the order of its numbers: within the lock, which is held for no wait.
    fn decide(&self, decide: impl FnOnce(&mut Nodes, &mut Vec<NodeEffect>)) -> Vec<NodeEffect> {
        let mut effects = Vec::new();
        let mut nodes = self.nodes();
        decide(&mut nodes, &mut effects);
        effects.retain(|effect| {
            let NodeEffect::Publish(frame) = effect else { return true };
            self.bus.publish(Topic::Nodes, frame.clone());
            false
        });
        effects
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The frames among these bytes. What is none is counted; the next frame's number shows the hole.
pub(crate) fn read<T: crate::bus::frame::Said>(
    bytes: Vec<Bytes>,
) -> impl Iterator<Item = Frame<T>> {
    bytes.into_iter().filter_map(|bytes| {
        Frame::decode(bytes)
            .inspect_err(|error| {
                metrics::counter!("moim_bus_unreadable_total").increment(1);
                tracing::debug!(%error, "a frame of another node can't be read");
            })
            .ok()
    })
}

/// The runtime's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

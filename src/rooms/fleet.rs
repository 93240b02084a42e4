//! This node among the others: carries out what `nodes` decides, and tells rooms what concerns them.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use tokio::{sync::Notify, time::sleep_until};
use tokio_util::sync::CancellationToken;

use super::{
    actor::Command,
    changes::{Change, Changes},
    core::{Event, Haste},
    mesh::Life,
    nodes::{Met, NodeEffect, Nodes},
    registry::Rooms,
};
use crate::{
    bus::{Bus, Heard, Subscription, Topic, frame::Frame},
    ids::{DocId, NodeId, UserId},
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

    /// Lives until `closing`; then the others are told that this node leaves.
    pub(crate) async fn run(&self, rooms: Rooms, closing: CancellationToken) {
        let subscription = self.bus.subscribe(Topic::Nodes).await;
        tracing::info!(node = %self.node, "joined the other nodes");
        loop {
            let effects = tokio::select! {
                () = closing.cancelled() => break,
                effects = self.listen(&subscription) => effects,
            };
            for effect in effects {
                self.tell(&rooms, effect).await;
            }
        }
        self.decide(|nodes, effects| nodes.leave(now(), effects));
    }

    /// Waits for something to happen, and says what is left to do about it.
    async fn listen(&self, subscription: &Subscription) -> Vec<NodeEffect> {
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

    /// Tells the rooms of this node, and who listens to them. A room that has just ended has nobody to tell.
    async fn tell(&self, rooms: &Rooms, effect: NodeEffect) {
        match effect {
            NodeEffect::Gone(node) => {
                tracing::warn!(%node, "a node is silent");
                to_all(rooms, || [Command::Event(Event::NodeGone(node))]).await;
                self.changes.tell(Change::Anything);
            }
            NodeEffect::Left(node) => {
                tracing::info!(%node, "a node has left");
                to_all(rooms, || [Command::Event(Event::NodeLeft(node))]).await;
                self.changes.tell(Change::Anything);
            }
            NodeEffect::Recheck(doc, user) => {
                rooms.access_heard();
                to(rooms, doc, Command::Recheck(Some(user))).await;
                self.changes.tell(Change::Access(doc, user));
            }
            NodeEffect::RecheckAll => {
                rooms.access_heard();
                let doubt = || Command::Event(Event::Doubted(Haste::None));
                to_all(rooms, || [Command::Recheck(None), doubt()]).await;
                self.changes.tell(Change::Anything);
            }
            NodeEffect::ReadAgain(doc) => {
                to(rooms, doc, Command::Event(Event::Doubted(Haste::AtOnce))).await;
            }
            NodeEffect::Counted(doc) => self.changes.tell(Change::People(doc)),
            NodeEffect::Recounted => self.changes.tell(Change::Anything),
            NodeEffect::Publish(_) => {}
        }
    }

    fn nodes(&self) -> MutexGuard<'_, Nodes> {
        self.nodes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn to(rooms: &Rooms, doc: DocId, command: Command) {
    if let Some(mailbox) = rooms.mailbox_of(doc) {
        let _ = mailbox.send(command).await;
    }
}

async fn to_all<const N: usize>(rooms: &Rooms, commands: impl Fn() -> [Command; N]) {
    for mailbox in rooms.mailboxes() {
        for command in commands() {
            let _ = mailbox.send(command).await;
        }
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

//! A bus in memory whose failures are switched on by hand: for several nodes in one process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Bus, BusState, Ear, Subscription, Topic, subscription};

/// One node's place at the bus. Clones are the same place; `another` makes another node's.
#[derive(Clone)]
pub struct MemoryBus {
    node: usize,
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    nodes: usize,
    ears: HashMap<Topic, Vec<(usize, Ear)>>,
    cut_off: Vec<usize>,
    published: u64,
}

impl MemoryBus {
    /// A new bus, and the first node's place at it.
    #[expect(clippy::new_without_default, reason = "it is the first of many, not one of a kind")]
    pub fn new() -> Self {
        Self { node: 0, shared: Arc::default() }
    }

    /// Another node's place at the same bus.
    pub fn another(&self) -> Self {
        let mut shared = self.lock();
        shared.nodes += 1;
        Self { node: shared.nodes, shared: Arc::clone(&self.shared) }
    }

    /// Nothing goes to this node or comes from it any more.
    pub fn cut_off(&self) {
        self.lock().cut_off.push(self.node);
    }

    /// What goes to this node and comes from it arrives again.
    pub fn reconnect(&self) {
        let mut shared = self.lock();
        shared.cut_off.retain(|node| *node != self.node);
        let ears = shared.ears.values().flatten();
        ears.filter(|(node, _)| *node == self.node).for_each(|(_, ear)| ear.miss());
    }

    /// How many frames were published so far, by all nodes.
    pub fn published(&self) -> u64 {
        self.lock().published
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn subscribe(&self, topic: Topic) -> Subscription {
        let shared = Arc::downgrade(&self.shared);
        let (ear, subscription) = subscription(move || {
            let Some(shared) = shared.upgrade() else { return };
            let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(ears) = shared.ears.get_mut(&topic) {
                ears.retain(|(_, ear)| !ear.is_deaf());
            }
        });
        self.lock().ears.entry(topic).or_default().push((self.node, ear));
        subscription
    }

    fn publish(&self, topic: Topic, frame: Bytes) {
        let mut shared = self.lock();
        shared.published += 1;
        let is_cut_off = shared.cut_off.contains(&self.node);
        for (node, ear) in shared.ears.get(&topic).into_iter().flatten() {
            if !is_cut_off && !shared.cut_off.contains(node) {
                ear.hear(frame.clone());
            }
        }
    }

    fn state(&self) -> BusState {
        if self.lock().cut_off.contains(&self.node) { BusState::Down } else { BusState::Up }
    }

    async fn close(&self) {}
}

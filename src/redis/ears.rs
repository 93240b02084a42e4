//! Who on this node listens to which topic, and by which line Redis knows of it.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;

use super::layout::{Slots, slot_of};
use crate::bus::Ear;

/// The number of a line.
pub(super) type LineId = usize;

/// All who listen, by channel.
#[derive(Default)]
pub(super) struct Ears(Mutex<HashMap<String, Listeners>>);

/// Who listens to one channel on this node.
struct Listeners {
    slot: u16,
    ears: Vec<Ear>,
    /// Redis knows that we listen, and tells us by this line.
    by: Option<LineId>,
}

impl Listeners {
    fn miss(&self) {
        self.ears.iter().for_each(Ear::miss);
    }
}

impl Ears {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Listeners>> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, channel: &str, ear: Ear) {
        let new = || Listeners { slot: slot_of(channel), ears: Vec::new(), by: None };
        self.lock().entry(channel.to_owned()).or_insert_with(new).ears.push(ear);
    }

    pub(super) fn hear(&self, channel: &str, frame: &Bytes) {
        if let Some(listeners) = self.lock().get(channel) {
            listeners.ears.iter().for_each(|ear| ear.hear(frame.clone()));
        }
    }

    pub(super) fn miss(&self, channel: &str) {
        if let Some(listeners) = self.lock().get(channel) {
            listeners.miss();
        }
    }

    /// Everybody who listens to something in these slots may have missed something.
    pub(super) fn miss_in(&self, slots: &Slots) {
        let ears = self.lock();
        ears.values().filter(|listeners| slots.has(listeners.slot)).for_each(Listeners::miss);
    }

    /// Channels in these slots of which Redis does not know by this line that we listen.
    pub(super) fn unsubscribed(&self, line: LineId, slots: &Slots) -> Vec<String> {
        let ears = self.lock();
        let open = |listeners: &Listeners| listeners.by != Some(line) && slots.has(listeners.slot);
        let open = ears.iter().filter(|(_, listeners)| open(listeners));
        open.map(|(channel, _)| channel.clone()).collect()
    }

    /// Whether Redis still has to be told by this line.
    pub(super) fn is_unsubscribed(&self, line: LineId, channel: &str) -> bool {
        self.lock().get(channel).is_some_and(|listeners| listeners.by != Some(line))
    }

    /// Redis knows by this line. Says whether anybody still listens.
    pub(super) fn subscribed(&self, line: LineId, channel: &str) -> bool {
        let mut ears = self.lock();
        let listeners = ears.get_mut(channel);
        listeners.map(|listeners| listeners.by = Some(line)).is_some()
    }

    /// What this line told Redis holds only in these slots.
    pub(super) fn keep_only(&self, line: LineId, slots: &Slots) {
        let mut ears = self.lock();
        let gone =
            |listeners: &&mut Listeners| listeners.by == Some(line) && !slots.has(listeners.slot);
        ears.values_mut().filter(gone).for_each(|listeners| listeners.by = None);
    }

    /// To how many channels this line is subscribed.
    pub(super) fn count(&self, line: LineId) -> usize {
        self.lock().values().filter(|listeners| listeners.by == Some(line)).count()
    }

    /// Takes out who is gone. If nobody is left: by which line Redis has to be told.
    pub(super) fn leave(&self, channel: &str) -> Option<LineId> {
        let mut ears = self.lock();
        let listeners = ears.get_mut(channel)?;
        listeners.ears.retain(|ear| !ear.is_deaf());
        if !listeners.ears.is_empty() {
            return None;
        }
        ears.remove(channel)?.by
    }
}

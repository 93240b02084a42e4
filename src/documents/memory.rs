//! What this node takes of its memory, reckoned, how much it may, and who takes it.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::ids::UserId;

/// A room around an empty document.
const ROOM: usize = 32 << 10;
/// For each byte of the encoded document: the encoding that is kept for who joins, and the projection.
const PER_BYTE: usize = 4;
/// A person may hold this part of the memory, by the rooms that they are in.
const PERSON: usize = 4;

/// What a room with a document that takes so much (`crdt::weight`), and has so many encoded bytes, takes in bytes.
pub const fn estimate(document: usize, encoded_bytes: usize) -> usize {
    ROOM.saturating_add(growth(document, encoded_bytes))
}

/// What a room takes more when its document does.
pub(crate) const fn growth(document: usize, encoded_bytes: usize) -> usize {
    document.saturating_add(encoded_bytes.saturating_mul(PER_BYTE))
}

/// The memory that rooms, and what waits for and from their connections, share. Clones share it too.
#[derive(Debug, Clone)]
pub struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    most: usize,
    taken: AtomicUsize,
    /// What each person holds.
    people: Mutex<HashMap<UserId, usize>>,
    /// Somebody was refused.
    short: Notify,
}

impl Memory {
    /// With nothing taken.
    pub fn new(most: usize) -> Self {
        let (taken, people) = (AtomicUsize::default(), Mutex::default());
        Self(Arc::new(Inner { most, taken, people, short: Notify::new() }))
    }

    /// Whether so much is left.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        bytes <= self.0.most.saturating_sub(self.0.taken.load(Ordering::Relaxed))
    }

    /// Whether this person may hold so much more. One document anybody may.
    pub(crate) fn allows(&self, user: UserId, bytes: usize) -> bool {
        let held = self.people().get(&user).copied().unwrap_or_default();
        held == 0 || held.saturating_add(bytes) <= self.0.most / PERSON
    }

    /// Takes so much, if it is left.
    pub fn take(&self, bytes: usize) -> Option<Share> {
        let mut share = self.nothing();
        share.grow(bytes).then_some(share)
    }

    /// A share that takes nothing yet.
    pub(crate) fn nothing(&self) -> Share {
        Share { memory: self.clone(), bytes: 0, owners: Vec::new(), booked: 0 }
    }

    /// The bytes, reckoned until the last clone of them is dropped; `None` if so much is not left.
    pub(crate) fn keep(&self, bytes: Bytes) -> Option<Bytes> {
        let share = self.take(bytes.len())?;
        Some(Bytes::from_owner(Kept { bytes, _share: share }))
    }

    /// Waits until somebody was refused.
    pub(crate) async fn is_short(&self) {
        self.0.short.notified().await;
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes with what they take.
struct Kept {
    bytes: Bytes,
    _share: Share,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// What one room, or one connection, takes; dropped, it is free again.
#[derive(Debug)]
pub struct Share {
    memory: Memory,
    bytes: usize,
    /// Who holds it, in equal parts …
    owners: Vec<UserId>,
    /// … and how much of it each was charged with.
    booked: usize,
}

impl Share {
    /// What it is a share of.
    pub(crate) const fn memory(&self) -> &Memory {
        &self.memory
    }

    /// How much it is.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Takes so much more, if it is left.
    pub(crate) fn grow(&mut self, bytes: usize) -> bool {
        let inner = &self.memory.0;
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= inner.most);
        if inner.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            inner.short.notify_one();
            return false;
        }
        metrics::gauge!("moim_rooms_bytes").increment(bytes as f64);
        self.bytes += bytes;
        true
    }

    /// It takes so much now: for what is there already.
    pub(crate) fn set(&mut self, bytes: usize) {
        let taken = &self.memory.0.taken;
        if bytes > self.bytes {
            taken.fetch_add(bytes - self.bytes, Ordering::Relaxed);
        } else {
            taken.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        }
        if bytes != self.bytes {
            metrics::gauge!("moim_rooms_bytes").increment(bytes as f64 - self.bytes as f64);
        }
        self.bytes = bytes;
    }

    /// Takes no more than this, and gives the rest back.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.set(self.bytes.min(bytes));
    }

    /// Charges these people with it, and nobody else. Nobody: who was charged stays charged.
    pub(crate) fn charge(&mut self, owners: impl IntoIterator<Item = UserId>) {
        let owners: Vec<_> = owners.into_iter().collect();
        let owners = if owners.is_empty() { self.owners.clone() } else { owners };
        let each = self.bytes / owners.len().max(1);
        if owners == self.owners && each == self.booked {
            return;
        }
        let memory = self.memory.clone();
        let mut people = memory.people();
        self.discharge(&mut people);
        for user in &owners {
            *people.entry(*user).or_default() += each;
        }
        (self.owners, self.booked) = (owners, each);
    }

    fn discharge(&mut self, people: &mut HashMap<UserId, usize>) {
        for user in self.owners.drain(..) {
            if let Some(held) = people.get_mut(&user) {
                *held = held.saturating_sub(self.booked);
                if *held == 0 {
                    people.remove(&user);
                }
            }
        }
        self.booked = 0;
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
        if !self.owners.is_empty() {
            let memory = self.memory.clone();
            self.discharge(&mut memory.people());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_may_be_taken_to_the_last_byte() {
        let memory = Memory::new(100);
        let mut first = memory.take(60).expect("there is enough");
        assert!(memory.take(41).is_none());
        let second = memory.take(40).expect("exactly what is left");
        first.set(80);
        assert!(!memory.has(1) && memory.take(0).is_none(), "it grew beyond what there is");
        assert!(!first.grow(1));
        drop(second);
        assert!(memory.has(20) && !memory.has(21));
        assert!(first.grow(20) && !first.grow(1));
        first.shrink(200);
        first.shrink(10);
        assert!(memory.has(90));
    }

    #[test]
    fn bytes_are_reckoned_until_the_last_clone_is_gone() {
        let memory = Memory::new(100);
        let kept = memory.keep(Bytes::from(vec![7; 60])).unwrap();
        let clone = kept.slice(50..);
        assert!(memory.keep(Bytes::from(vec![7; 60])).is_none());
        drop(kept);
        assert!(!memory.has(41));
        drop(clone);
        assert!(memory.has(100));
    }

    #[test]
    fn a_person_may_hold_a_quarter_and_one_document_in_any_case() {
        let memory = Memory::new(1000);
        let (one, other) = (UserId::new(), UserId::new());
        assert!(memory.allows(one, 900));
        let mut first = memory.take(200).unwrap();
        first.charge([one]);
        assert!(memory.allows(one, 50) && !memory.allows(one, 51) && memory.allows(other, 500));
        // Shared, each is charged with half of it; when all have left, they stay charged.
        first.charge([one, other]);
        assert!(memory.allows(one, 150) && !memory.allows(other, 151));
        first.charge([]);
        assert!(!memory.allows(one, 151));
        first.set(400);
        first.charge([]);
        assert!(!memory.allows(one, 51));
        drop(first);
        assert!(memory.allows(one, 900) && memory.people().is_empty());
    }
}

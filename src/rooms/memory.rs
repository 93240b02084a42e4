//! What the open documents of this node take of its memory, estimated, and how much they may.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A room around an empty document.
const ROOM: usize = 32 << 10;
/// For each byte of the encoded document: 20 were measured from 5 cards to 200 (`cost_in_memory`), and one more
/// is the encoding that is kept for who joins.
const PER_BYTE: usize = 21;

/// What a room with a document of so many encoded bytes takes, in bytes.
pub const fn estimate(document_bytes: usize) -> usize {
    ROOM.saturating_add(document_bytes.saturating_mul(PER_BYTE))
}

/// The memory that rooms share.
#[derive(Debug, Clone)]
pub(crate) struct Memory {
    most: usize,
    taken: Arc<AtomicUsize>,
}

impl Memory {
    /// With nothing taken.
    pub(crate) fn new(most: usize) -> Self {
        Self { most, taken: Arc::default() }
    }

    /// Whether so much is left.
    pub(crate) fn has(&self, bytes: usize) -> bool {
        bytes <= self.most.saturating_sub(self.taken.load(Ordering::Relaxed))
    }

    /// Takes so much, if it is left.
    pub(crate) fn take(&self, bytes: usize) -> Option<Share> {
        let more = |taken: usize| taken.checked_add(bytes).filter(|taken| *taken <= self.most);
        self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        metrics::gauge!("moim_rooms_bytes").increment(bytes as f64);
        Some(Share { memory: self.clone(), bytes })
    }
}

/// What one room takes; dropped, it is free again.
#[derive(Debug)]
pub(crate) struct Share {
    memory: Memory,
    bytes: usize,
}

impl Share {
    /// The room takes so much now. It is open already: the document's own limit bounds how far it grows.
    pub(crate) fn set(&mut self, bytes: usize) {
        let taken = &self.memory.taken;
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
}

impl Drop for Share {
    fn drop(&mut self) {
        self.set(0);
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
        drop(second);
        assert!(memory.has(20) && !memory.has(21));
        first.set(10);
        assert!(memory.has(90));
    }
}

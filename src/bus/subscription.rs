//! What waits for one subscriber of a topic: bounded, never waited for, and honest about what it dropped.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use bytes::Bytes;
use tokio::sync::Notify;

/// So many frames may wait for one subscriber …
const MAX_FRAMES: usize = 1024;
/// … and so many bytes of them. Beyond either, frames are dropped and the subscriber hears `Missed`.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// What a subscriber hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Frames, now in the buffer.
    Frames,
    /// Frames may have been lost before the next one.
    Missed,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Bytes>,
    bytes: usize,
    missed: bool,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    ready: Notify,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics halfway through a change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The bus's end. It is deaf once the subscriber is gone.
#[derive(Debug, Clone)]
pub struct Ear(Weak<Shared>);

/// The subscriber's end.
pub struct Subscription {
    shared: Arc<Shared>,
    /// Stands last, so that the ear is deaf when the bus is told.
    _on_drop: OnDrop,
}

struct OnDrop(Option<Box<dyn FnOnce() + Send + Sync>>);

impl Drop for OnDrop {
    fn drop(&mut self) {
        if let Some(tell) = self.0.take() {
            tell();
        }
    }
}

/// Both ends; `on_drop` is called when the subscriber is gone.
pub fn subscription(on_drop: impl FnOnce() + Send + Sync + 'static) -> (Ear, Subscription) {
    let shared = Arc::new(Shared::default());
    let ear = Ear(Arc::downgrade(&shared));
    (ear, Subscription { shared, _on_drop: OnDrop(Some(Box::new(on_drop))) })
}

impl Ear {
    /// Whether anybody still listens.
    pub fn is_deaf(&self) -> bool {
        self.0.strong_count() == 0
    }

    /// Puts a frame in, or drops it and says so.
    pub fn hear(&self, frame: Bytes) {
        let Some(shared) = self.0.upgrade() else { return };
        let mut state = shared.lock();
        let full = state.queue.len() >= MAX_FRAMES
            || (state.bytes + frame.len() > MAX_BYTES && !state.queue.is_empty());
        if full {
            metrics::counter!("moim_bus_dropped_total", "where" => "subscriber").increment(1);
            state.missed = true;
        } else {
            state.bytes += frame.len();
            state.queue.push_back(frame);
        }
        shared.ready.notify_one();
    }

    /// Says that frames may have been lost.
    pub fn miss(&self) {
        let Some(shared) = self.0.upgrade() else { return };
        shared.lock().missed = true;
        shared.ready.notify_one();
    }
}

impl Subscription {
    /// Waits for something; frames are added to `into`. Nothing is lost if the wait is given up.
    pub async fn next(&self, into: &mut Vec<Bytes>) -> Heard {
        loop {
            if let Some(heard) = self.take(into) {
                return heard;
            }
            self.shared.ready.notified().await;
        }
    }

    fn take(&self, into: &mut Vec<Bytes>) -> Option<Heard> {
        let mut state = self.shared.lock();
        if !state.queue.is_empty() {
            into.extend(state.queue.drain(..));
            state.bytes = 0;
            return Some(Heard::Frames);
        }
        std::mem::take(&mut state.missed).then_some(Heard::Missed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_subscriber_that_does_not_keep_up_hears_that_it_missed_something() {
        let (ear, subscription) = subscription(|| ());
        for _ in 0..=MAX_FRAMES {
            ear.hear(Bytes::from_static(b"frame"));
        }
        let mut frames = Vec::new();
        assert_eq!(subscription.next(&mut frames).await, Heard::Frames);
        assert_eq!(frames.len(), MAX_FRAMES);
        assert_eq!(subscription.next(&mut frames).await, Heard::Missed);
        ear.hear(Bytes::from_static(b"frame"));
        assert_eq!(subscription.next(&mut frames).await, Heard::Frames, "and hears on");
    }

    #[tokio::test]
    async fn bytes_are_bounded_as_frames_are_and_one_large_frame_passes_alone() {
        let (ear, subscription) = subscription(|| ());
        ear.hear(vec![0; MAX_BYTES + 1].into());
        ear.hear(Bytes::from_static(b"frame"));
        let mut frames = Vec::new();
        assert_eq!(subscription.next(&mut frames).await, Heard::Frames);
        assert_eq!((frames.len(), subscription.next(&mut frames).await), (1, Heard::Missed));
    }

    #[test]
    fn the_bus_is_told_when_the_subscriber_is_gone() {
        let (told, hears) = std::sync::mpsc::channel();
        let (ear, subscription) = subscription(move || told.send(()).unwrap());
        assert!(!ear.is_deaf());
        drop(subscription);
        hears.try_recv().unwrap();
        assert!(ear.is_deaf());
    }
}

//! What waits to be written to one connection: bounded, never waited for, and honest about what it dropped (W10).

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use tokio::sync::Notify;

use crate::{
    documents::{Memory, Share},
    protocol::{self, CloseCode},
    rooms::core::{Frame, FrameKind, Revision},
};

/// How much may wait for one connection. When either is passed, the document's updates are dropped and the
/// connection gets one difference in their place. A single larger frame is taken when nothing else waits.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// WebSocket frames.
    pub frames: usize,
    /// The sum of their bytes.
    pub bytes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { frames: 1024, bytes: 1024 * 1024 }
    }
}

/// What a connection finds in its outbox.
#[derive(Debug, PartialEq, Eq)]
pub enum Waiting {
    /// Frames to write, now in the buffer.
    Frames,
    /// Everything is written, but edits from this revision on were dropped: ask the room for them.
    Behind(Revision),
    /// Nothing more will come.
    Closed(CloseCode),
}

/// What waits for one connection beyond this takes of the memory that all share.
const FREE_BYTES: usize = 16 << 10;

#[derive(Debug, Default)]
struct State {
    bounds: Bounds,
    queue: VecDeque<Frame>,
    bytes: usize,
    /// Only the latest count matters.
    stored: Option<u64>,
    /// One answer to a probe is owed, however many were sent (W13).
    probed: bool,
    /// The first revision that was dropped.
    behind: Option<Revision>,
    /// From where on the connection has asked for what it lacks.
    asked: Option<Revision>,
    closed: Option<CloseCode>,
    /// Bytes of the queue that nobody else reckons …
    counted: usize,
    /// … and of what is being written.
    lent: usize,
    share: Option<Share>,
}

#[derive(Debug)]
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

/// The room's end.
#[derive(Debug)]
pub struct Sender(Arc<Shared>);

/// The connection's end.
#[derive(Debug)]
pub struct Receiver(Arc<Shared>);

/// An empty outbox.
pub fn outbox(bounds: Bounds) -> (Sender, Receiver) {
    made(State { bounds, ..State::default() })
}

/// An empty outbox; what waits in it is reckoned in this memory.
pub(crate) fn outbox_within(bounds: Bounds, memory: &Memory) -> (Sender, Receiver) {
    made(State { bounds, share: Some(memory.nothing()), ..State::default() })
}

fn made(state: State) -> (Sender, Receiver) {
    let shared = Arc::new(Shared { state: Mutex::new(state), ready: Notify::new() });
    (Sender(Arc::clone(&shared)), Receiver(shared))
}

impl Sender {
    /// Puts a frame in, or drops what may be dropped. Never waits.
    pub fn push(&self, frame: Frame) {
        let mut state = self.0.lock();
        if state.closed.is_none() && state.push(frame) {
            self.0.ready.notify_one();
        }
    }

    /// Puts in what a connection that was behind lacks; from now on it is not behind.
    pub fn catch_up(&self, frames: impl IntoIterator<Item = Frame>) {
        let mut state = self.0.lock();
        // What was dropped since it asked, and is older, has yet to be asked for.
        let asked = state.asked.take();
        state.behind = state.behind.filter(|from| asked.is_some_and(|asked| *from < asked));
        for frame in frames {
            state.bytes += frame.bytes.len();
            state.counted += frame.counted();
            state.queue.push_back(frame);
        }
        state.take_memory();
        self.0.ready.notify_one();
    }

    /// Says that the first `count` edits are durable (W4).
    pub fn stored(&self, count: u64) {
        self.0.lock().stored = Some(count);
        self.0.ready.notify_one();
    }

    /// What the connection is closed with, if it is.
    pub fn closed(&self) -> Option<CloseCode> {
        self.0.lock().closed
    }

    /// Ends the connection after what is in the queue.
    pub fn close(&self, code: CloseCode) {
        self.0.lock().closed.get_or_insert(code);
        self.0.ready.notify_one();
    }
}

impl Drop for Sender {
    fn drop(&mut self) {
        self.close(CloseCode::Internal);
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        // Nobody reads any more: what is pushed from now on is not kept.
        *state = State { closed: Some(CloseCode::GoingAway), ..State::default() };
    }
}

impl Receiver {
    /// Waits for something to do; frames are added to `into`. Nothing is lost if the wait is given up.
    pub async fn next(&self, into: &mut Vec<Bytes>) -> Waiting {
        self.0.lock().written();
        loop {
            if let Some(waiting) = self.0.lock().take(into) {
                return waiting;
            }
            self.0.ready.notified().await;
        }
    }

    /// Puts in a frame of the connection's own, behind what the room has said.
    pub fn say(&self, bytes: Bytes) {
        let mut state = self.0.lock();
        if state.closed.is_none() && state.push(Frame { bytes, kind: FrameKind::Control }) {
            self.0.ready.notify_one();
        }
    }

    /// Answers a probe (W13).
    pub fn answer_probe(&self) {
        let mut state = self.0.lock();
        if state.closed.is_none() {
            state.probed = true;
            self.0.ready.notify_one();
        }
    }

    /// Whether edits were dropped that the connection does not have yet.
    pub fn is_behind(&self) -> bool {
        self.0.lock().behind.is_some()
    }
}

impl State {
    /// Whether there is something new to write.
    fn push(&mut self, frame: Frame) -> bool {
        if let (Some(behind), false) = (&mut self.behind, frame.kind == FrameKind::Control) {
            if let FrameKind::Edits(revision) = frame.kind {
                // The answer to a step 1 is older than what was dropped before it.
                *behind = revision.min(*behind);
            }
            return false;
        }
        let full = self.queue.len() >= self.bounds.frames
            || (self.bytes + frame.bytes.len() > self.bounds.bytes && !self.queue.is_empty());
        if full || !self.has_memory_for(&frame) {
            self.fall_behind(&frame);
            if frame.kind != FrameKind::Control {
                return false;
            }
            if self.queue.len() >= self.bounds.frames {
                self.closed = Some(CloseCode::TooSlow);
                return true;
            }
        }
        self.bytes += frame.bytes.len();
        self.counted += frame.counted();
        self.queue.push_back(frame);
        true
    }

    /// What of the memory that all share is needed for what waits, and so much more.
    fn needed(&self, more: usize) -> usize {
        (self.counted + self.lent + more).saturating_sub(FREE_BYTES)
    }

    /// Takes of the memory what one more frame needs, if that is left.
    fn has_memory_for(&mut self, frame: &Frame) -> bool {
        let needed = self.needed(frame.counted());
        let Some(share) = &mut self.share else { return true };
        needed <= share.bytes() || share.grow(needed - share.bytes())
    }

    /// Takes of the memory what is there already.
    fn take_memory(&mut self) {
        let needed = self.needed(0);
        if let Some(share) = &mut self.share {
            share.set(needed);
        }
    }

    /// What was lent has been written.
    fn written(&mut self) {
        if self.lent > 0 {
            self.lent = 0;
            self.take_memory();
        }
    }

    fn fall_behind(&mut self, newest: &Frame) {
        let edits = self.queue.iter().chain([newest]).filter_map(|frame| match frame.kind {
            FrameKind::Edits(revision) => Some(revision),
            FrameKind::Awareness | FrameKind::Control => None,
        });
        // Not simply the first: the answer to a step 1 stands behind newer edits.
        let first = edits.min();
        // Without an edit among them only awareness was lost: the difference is then empty.
        self.behind = Some(first.unwrap_or(Revision(u64::MAX)));
        self.queue.retain(|frame| frame.kind == FrameKind::Control);
        self.bytes = self.queue.iter().map(|frame| frame.bytes.len()).sum();
        self.counted = self.queue.iter().map(Frame::counted).sum();
        self.take_memory();
    }

    fn take(&mut self, into: &mut Vec<Bytes>) -> Option<Waiting> {
        let before = into.len();
        into.extend(self.queue.drain(..).map(|frame| frame.bytes));
        self.bytes = 0;
        self.lent += std::mem::take(&mut self.counted);
        into.extend(self.stored.take().map(protocol::stored));
        if std::mem::take(&mut self.probed) {
            into.push(protocol::probe());
        }
        if into.len() > before {
            return Some(Waiting::Frames);
        }
        if let Some(code) = self.closed {
            return Some(Waiting::Closed(code));
        }
        let from = self.behind.filter(|_| self.asked.is_none())?;
        self.asked = Some(from);
        Some(Waiting::Behind(from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRAMES: usize = 1024;
    const BYTES: usize = 1024 * 1024;

    fn edit(revision: u64, size: usize) -> Frame {
        Frame { bytes: vec![0; size].into(), kind: FrameKind::Edits(Revision(revision)) }
    }

    fn control() -> Frame {
        Frame { bytes: Bytes::from_static(b"no"), kind: FrameKind::Control }
    }

    async fn next(receiver: &Receiver) -> (Waiting, usize) {
        let mut frames = Vec::new();
        let waiting = receiver.next(&mut frames).await;
        (waiting, frames.len())
    }

    /// W10
    #[tokio::test]
    async fn a_full_outbox_drops_edits_and_asks_for_the_difference_once_it_is_written() {
        let (sender, receiver) = outbox(Bounds::default());
        sender.push(control());
        for revision in 7..=7 + FRAMES as u64 {
            sender.push(edit(revision, 1));
        }
        sender.stored(3);
        assert!(receiver.is_behind());
        assert_eq!(next(&receiver).await, (Waiting::Frames, 2), "control and stored are kept");
        assert_eq!(next(&receiver).await, (Waiting::Behind(Revision(7)), 0));
        sender.push(edit(5000, 1));
        sender.catch_up([edit(0, 2 * BYTES)]);
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1), "the difference alone");
        assert!(!receiver.is_behind());
        sender.push(edit(5001, 1));
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
    }

    /// W10: with edits dropped before it, and with the difference on its way already.
    #[tokio::test]
    async fn the_answer_to_a_step_1_that_is_dropped_is_made_up_for_too() {
        let (sender, receiver) = outbox(Bounds::default());
        for revision in 7..=7 + FRAMES as u64 {
            sender.push(edit(revision, 1));
        }
        assert_eq!(next(&receiver).await, (Waiting::Behind(Revision(7)), 0));
        sender.push(edit(0, 1));
        sender.catch_up([edit(7, 1)]);
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
        assert_eq!(next(&receiver).await, (Waiting::Behind(Revision(0)), 0));
        sender.catch_up([edit(0, 1)]);
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
        assert!(!receiver.is_behind());
    }

    #[tokio::test]
    async fn bytes_are_bounded_as_frames_are_and_one_large_frame_passes_alone() {
        let (sender, receiver) = outbox(Bounds::default());
        sender.push(edit(1, 3 * BYTES));
        assert!(!receiver.is_behind());
        sender.push(edit(2, 1));
        assert!(receiver.is_behind());
        assert_eq!(next(&receiver).await, (Waiting::Behind(Revision(1)), 0));
    }

    #[tokio::test]
    async fn a_connection_that_is_refused_too_often_without_reading_is_too_slow() {
        let (sender, receiver) = outbox(Bounds::default());
        for _ in 0..=FRAMES {
            sender.push(control());
        }
        assert_eq!(next(&receiver).await, (Waiting::Frames, FRAMES));
        assert_eq!(next(&receiver).await, (Waiting::Closed(CloseCode::TooSlow), 0));
    }

    /// W13
    #[tokio::test]
    async fn probes_that_wait_are_answered_once_and_never_hold_up_a_close() {
        let (sender, receiver) = outbox(Bounds::default());
        for _ in 0..10 * FRAMES {
            receiver.answer_probe();
        }
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
        sender.close(CloseCode::GoingAway);
        receiver.answer_probe();
        assert_eq!(next(&receiver).await, (Waiting::Closed(CloseCode::GoingAway), 0));
    }

    #[tokio::test]
    async fn what_waits_is_reckoned_until_it_is_written_and_dropped_where_there_is_no_memory() {
        let memory = Memory::new(100_000);
        let (sender, receiver) = outbox_within(Bounds::default(), &memory);
        let (other, unread) = outbox_within(Bounds::default(), &memory);
        for revision in 1..=50 {
            sender.push(edit(revision, 1_000));
            other.push(edit(revision, 1_000));
        }
        assert!(!memory.has(34_000) && memory.has(30_000));
        assert_eq!(next(&receiver).await, (Waiting::Frames, 50));
        sender.push(edit(51, 1_000));
        assert!(!memory.has(34_000), "what is being written is still there");
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
        assert!(memory.has(66_000));
        for revision in 52..=150 {
            sender.push(edit(revision, 1_000));
        }
        assert!(receiver.is_behind() && memory.has(60_000), "dropped, as from any that is full");
        drop((other, unread, receiver));
        sender.push(edit(151, 90_000));
        assert!(memory.has(100_000));
    }

    #[tokio::test]
    async fn a_room_that_vanishes_closes_its_connections() {
        let (sender, receiver) = outbox(Bounds::default());
        sender.push(edit(1, 1));
        drop(sender);
        assert_eq!(next(&receiver).await, (Waiting::Frames, 1));
        assert_eq!(next(&receiver).await, (Waiting::Closed(CloseCode::Internal), 0));
    }
}

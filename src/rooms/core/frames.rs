//! What goes out to clients.

use bytes::Bytes;

use super::revision::Revision;

/// A frame of the room's own that is larger is reckoned by itself, for as long as somebody has it.
pub(crate) const LARGE_FRAME: usize = 16 << 10;

/// One WebSocket frame on its way to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// Shared by everybody that it goes to.
    pub bytes: Bytes,
    /// What it is to a connection that can't keep up.
    pub kind: FrameKind,
}

impl Frame {
    /// How many of its bytes nobody else reckons: large encodings of the document are reckoned by themselves.
    pub(crate) fn counted(&self) -> usize {
        let is_kept = self.kind == FrameKind::Edits(Revision(0)) && self.bytes.len() > LARGE_FRAME;
        if is_kept { 0 } else { self.bytes.len() }
    }
}

/// What becomes of a frame when the outbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Edits from this revision on: dropped, and made good by a difference.
    Edits(Revision),
    /// Awareness: dropped, and sent whole with the difference.
    Awareness,
    /// Refusals and the like: kept. Too many of them end the connection.
    Control,
}

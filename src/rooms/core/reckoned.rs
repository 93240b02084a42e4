//! The part of the memory that a room has, and what of it large frames take.

use bytes::Bytes;

use super::frames::LARGE_FRAME;
use crate::{
    crdt::{self, Document},
    documents::Share,
};

/// The room's part of the memory.
#[derive(Debug)]
pub(super) struct Reckoned {
    pub(super) share: Share,
    /// What the document takes, at most, and when that was last measured.
    pub(super) document: usize,
    pub(super) measured: usize,
    /// The people, and the size, with which it was charged last.
    pub(super) charged: Option<(u64, usize)>,
}

/// Whether there is memory for an edit.
pub(super) enum MemoryFor {
    Update,
    /// Others take all of it.
    Nothing,
    /// The document takes as much as one may.
    NoneInDocument,
}

/// The frame, reckoned if it is large; `None`: there is no memory for it.
pub(super) fn keep(reckoned: Option<&Reckoned>, frame: Bytes) -> Option<Bytes> {
    match reckoned {
        Some(reckoned) if frame.len() > LARGE_FRAME => reckoned.share.memory().keep(frame),
        Some(_) | None => Some(frame),
    }
}

impl Reckoned {
    /// What was typed letter by letter is one piece by now. Takes as long as the document is.
    pub(super) fn measure(&mut self, document: &Document) {
        self.document = crdt::weight(&document.encode_state());
        self.measured = self.document;
    }
}

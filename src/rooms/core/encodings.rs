//! What is sent to who lacks edits: the whole state, encoded once and reused, and the latest updates.

use std::collections::VecDeque;

use bytes::Bytes;

use super::revision::Revision;
use crate::{
    crdt::{self, Document},
    protocol,
};

/// The latest updates are kept to answer joins and catch-ups with, at most so many …
const MAX_RECENT: usize = 256;
/// … and at most so many bytes of them. Older ones are in the next whole encoding.
const MAX_RECENT_BYTES: usize = 256 * 1024;
/// A joiner gets the cached state and at most so many updates beside it; then the state is encoded anew.
const MAX_BESIDE: u64 = 128;

/// The encodings of one document that are worth keeping.
#[derive(Debug, Default)]
pub(crate) struct Encodings {
    whole: Option<Whole>,
    /// The newest updates; the last one made `latest`.
    recent: VecDeque<Bytes>,
    recent_bytes: usize,
    latest: Revision,
}

/// A frame with the whole document as of a revision.
#[derive(Debug, Clone)]
struct Whole {
    as_of: Revision,
    frame: Bytes,
    /// A step 2, to which nothing is added; otherwise an update, which others follow.
    is_all: bool,
}

impl Encodings {
    /// Notes an update that made the document what it is at `revision`.
    pub(crate) fn push(&mut self, revision: Revision, update: Bytes) {
        self.latest = revision;
        self.recent_bytes += update.len();
        self.recent.push_back(update);
        while self.recent.len() > MAX_RECENT || self.recent_bytes > MAX_RECENT_BYTES {
            match self.recent.pop_front() {
                Some(old) => self.recent_bytes -= old.len(),
                None => break,
            }
        }
        if self.whole.as_ref().is_some_and(|whole| self.since(whole.as_of).is_none()) {
            self.whole = None;
        }
    }

    /// The bytes of the updates that are kept.
    pub(crate) const fn recent_bytes(&self) -> usize {
        self.recent_bytes
    }

    /// Frames that bring an empty replica up to date, a step 2 last: when a client says that it is
    /// synced, it has everything. Each builds on those before it: what Yjs and yrs keep until the rest is there they
    /// merge, and lose some of where updates overlap. `None`: a new encoding is needed, and `keep` has no memory for it.
    pub(crate) fn whole(
        &mut self,
        document: &Document,
        keep: impl Fn(Bytes) -> Option<Bytes>,
    ) -> Option<Vec<Bytes>> {
        let fresh = |as_of: Revision| self.latest.0 - as_of.0 <= MAX_BESIDE;
        let mut whole = match self.whole.take() {
            Some(whole) if fresh(whole.as_of) => whole,
            Some(_) | None => {
                let frame = keep(protocol::step2(&document.encode_state()))?;
                Whole { as_of: self.latest, frame, is_all: true }
            }
        };
        let mut beside = merged(&self.since(whole.as_of).unwrap_or_default());
        let last = beside.pop();
        if last.is_some() && whole.is_all {
            whole =
                Whole { frame: keep(protocol::as_update(&whole.frame))?, is_all: false, ..whole };
        }
        let mut frames = vec![whole.frame.clone()];
        self.whole = Some(whole);
        frames.extend(beside.iter().map(|one| protocol::update(one)));
        frames.extend(last.map(|last| protocol::step2(&last)));
        Some(frames)
    }

    /// Frames for a replica that has everything before the revision `from`, a step 2 last (W10).
    pub(crate) fn since_or_whole(
        &mut self,
        from: Revision,
        document: &Document,
        keep: impl Fn(Bytes) -> Option<Bytes>,
    ) -> Option<Vec<Bytes>> {
        // Revision 0 stands for what was there before the first edit.
        let lacking = from.0.checked_sub(1).and_then(|as_of| self.since(Revision(as_of)));
        match lacking.map(|updates| merged(&updates)).as_deref() {
            Some([]) => Some(Vec::new()),
            Some([updates]) => Some(vec![keep(protocol::step2(updates))?]),
            Some([_, _, ..]) | None => self.whole(document, keep),
        }
    }

    /// The updates that came after `as_of`, if all of them are still here.
    fn since(&self, as_of: Revision) -> Option<Vec<Bytes>> {
        let missing = usize::try_from(self.latest.0.saturating_sub(as_of.0)).ok()?;
        let first = self.recent.len().checked_sub(missing)?;
        Some(self.recent.range(first..).cloned().collect())
    }
}

/// The updates as one. Should they not merge, they go one by one, which says the same at more length.
pub(crate) fn merged(updates: &[Bytes]) -> Vec<Bytes> {
    match updates {
        [] | [_] => updates.to_vec(),
        [_, _, ..] => match crdt::merge(updates) {
            Ok(Some(merged)) => vec![merged.into()],
            Ok(None) | Err(_) => updates.to_vec(),
        },
    }
}

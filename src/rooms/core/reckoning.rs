//! What a room takes of the memory: reserved before an edit is merged, and set to what it is afterwards.

use super::{
    Effect, Room,
    participants::ParticipantId,
    reckoned::{MemoryFor, Reckoned},
};
use crate::{
    crdt,
    documents::{Share, estimate, growth},
    protocol::CloseCode,
};

/// What a small update takes is not looked at before it is merged …
const SMALL_UPDATE: usize = 256;
/// … but taken to be this, for each of its bytes.
const MOST_PER_BYTE: usize = 500;
/// Who is charged with the room is looked at again after it has grown or shrunk by so much.
const CHARGED_AGAIN: usize = 256 << 10;

/// What edits may take is measured again once it is twice what it was, and this.
const MEASURED_AGAIN: usize = 1 << 20;
/// An edit that takes no more is taken in any case, so that a document that takes too much can be tidied up.
const SMALL: usize = 8 << 10;

impl Room {
    /// From now on the room takes no more than there is.
    pub(crate) fn reckon(&mut self, share: Share) {
        let document = share.bytes().saturating_sub(estimate(0, self.document.size()));
        self.reckoned = Some(Reckoned { share, document, measured: document, charged: None });
    }

    /// Takes what an update may take once it is merged, if that is left.
    pub(super) fn memory_for(&mut self, update: &[u8]) -> MemoryFor {
        let Some(reckoned) = &mut self.reckoned else { return MemoryFor::Update };
        let weight = weight_of(update);
        let limit = self.document.limits().memory_bytes;
        if weight > SMALL && reckoned.document.saturating_add(weight) > limit {
            reckoned.measure(&self.document);
            if reckoned.document.saturating_add(weight) > limit {
                return MemoryFor::NoneInDocument;
            }
        }
        if reckoned.share.grow(growth(weight, update.len())) {
            MemoryFor::Update
        } else {
            MemoryFor::Nothing
        }
    }

    /// Notes what an update takes that was merged.
    pub(super) fn takes_more(&mut self, update: &[u8]) {
        let Some(reckoned) = &mut self.reckoned else { return };
        reckoned.document = reckoned.document.saturating_add(crdt::weight(update));
        if reckoned.document > 2 * reckoned.measured + MEASURED_AGAIN {
            reckoned.measure(&self.document);
        }
    }

    /// Notes what the room takes now, and says it.
    pub(crate) fn settle_memory(&mut self) -> usize {
        let Some(reckoned) = &mut self.reckoned else { return 0 };
        let document = reckoned.document.max(self.document.memory());
        let takes = estimate(document, self.document.size())
            + self.unstored_bytes
            + self.encodings.recent_bytes();
        reckoned.share.set(takes);
        let changes = self.participants.changes();
        let is_charged = reckoned
            .charged
            .is_some_and(|(then, bytes)| then == changes && bytes.abs_diff(takes) < CHARGED_AGAIN);
        if !is_charged {
            reckoned.share.charge(self.participants.users());
            reckoned.charged = Some((changes, takes));
        }
        takes
    }

    /// There is no memory for what this participant needs.
    pub(super) fn send_away(id: ParticipantId, effects: &mut Vec<Effect>) {
        effects.push(Effect::Limited("memory_mb"));
        effects.push(Effect::Close(id, CloseCode::TryAgainLater));
    }
}

fn weight_of(update: &[u8]) -> usize {
    if update.len() <= SMALL_UPDATE { MOST_PER_BYTE * update.len() } else { crdt::weight(update) }
}

//! What outlives every server in the simulation: the journal of one document, and what must be in it.

use moim::{
    crdt::{self, Document, Limits, TripDraft},
    ids::{DocId, DocKind},
    store::{Generation, faulty::FaultyJournal},
};
use yrs::{Transact, Update, updates::decoder::Decode};

use crate::common::peer::{Peer, content, holds, replica};

pub(super) struct Stage {
    pub(super) doc: DocId,
    pub(super) journal: FaultyJournal,
}

impl Stage {
    pub(super) fn new() -> Self {
        let journal = FaultyJournal::default();
        let doc = DocId::new(DocKind::Trip);
        let draft = TripDraft::with_days("제주", 3, None);
        journal.create_now(doc, draft.encode().into()).expect("a new document");
        Self { doc, journal }
    }

    /// What the journal has, with everything in it that was acknowledged to somebody.
    pub(super) fn check_acknowledged(&self, peers: &[Peer]) -> Document {
        let document = self.load();
        let stored = replica(1);
        let update = Update::decode_v1(&document.encode_state()).expect("a state");
        stored.transact_mut().apply_update(update).expect("applies");
        let content = content(&stored);
        for peer in peers {
            for mark in peer.acknowledged_set.difference(peer.taken_back()) {
                assert!(holds(&content, mark), "{mark} was acknowledged and is gone");
            }
            for mark in &peer.acknowledged_taken_back {
                assert!(!holds(&content, mark), "taking {mark} back was acknowledged");
            }
        }
        document
    }

    pub(super) fn load(&self) -> Document {
        let loaded = self.journal.load_now(self.doc, Generation::Newest).expect("reads");
        let loaded = loaded.expect("exists");
        let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
        Document::load(&loaded.state, updates, Limits::default()).expect("loads")
    }

    pub(super) fn fold(&self) {
        let loaded =
            self.journal.load_now(self.doc, Generation::Newest).expect("reads").expect("exists");
        let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
        let folded = crdt::fold(&loaded.state, updates).expect("folds");
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let folded =
            self.journal.fold_now(self.doc, loaded.generation, folded.state.into(), &entries);
        folded.expect("nobody else folds");
    }
}

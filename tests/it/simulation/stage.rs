//! What outlives every server in the simulation: the journal of one document, and what must be in it.

use moim::{
    crdt::{self, Document, Limits, trip::TripDraft},
    ids::{DocId, DocKind},
    store::{Generation, Loaded, faulty::FaultyJournal},
};
use yrs::{Transact, Update, updates::decoder::Decode};

use crate::common::peer::{Peer, content, holds, replica, times};

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
                assert!(times(&content, mark) <= 1, "{mark} is there more than once");
            }
            for mark in &peer.acknowledged_taken_back {
                assert!(!holds(&content, mark), "taking {mark} back was acknowledged");
            }
        }
        document
    }

    fn loaded(&self) -> Loaded {
        let loaded = self.journal.load_now(self.doc, Generation::Newest).expect("reads");
        loaded.expect("exists")
    }

    pub(super) fn load(&self) -> Document {
        let loaded = self.loaded();
        let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
        Document::load(DocKind::Trip, &loaded.state, updates, Limits::default()).expect("loads")
    }

    /// What a room opens with: whoever comes to a sealed document has it begin anew.
    pub(super) fn open(&self) -> (Document, u64) {
        self.renew();
        (self.load(), self.loaded().epoch)
    }

    /// From now on nothing of the present epoch is taken.
    pub(super) fn seal(&self) {
        let loaded = self.loaded();
        if !loaded.is_sealed {
            self.journal
                .seal_now(self.doc, loaded.epoch, loaded.epoch + 1)
                .expect("nobody else seals");
        }
    }

    /// Has a sealed document begin anew.
    pub(super) fn renew(&self) {
        let loaded = self.loaded();
        if loaded.is_sealed {
            let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
            let renewed = crdt::renew(DocKind::Trip, &loaded.state, updates).expect("begins anew");
            let renewed = self.journal.renew_now(self.doc, loaded.epoch, renewed.state.into());
            renewed.expect("nobody else does");
        }
    }

    pub(super) fn fold(&self) {
        self.renew();
        let loaded = self.loaded();
        let updates = loaded.entries.iter().map(|entry| &entry.update[..]);
        let folded = crdt::fold(DocKind::Trip, &loaded.state, updates).expect("folds");
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let folded =
            self.journal.fold_now(self.doc, loaded.generation, folded.state.into(), &entries);
        folded.expect("nobody else folds");
    }
}

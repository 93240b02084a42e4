//! The care of stored documents: seen piece by piece, and mended unless they changed meanwhile.

use bytes::Bytes;
use moim::{
    ids::DocId,
    store::{AsideCause, EntryId, Generation, Inspection, Mend, Stored, conflict},
};

use super::{
    Documents, conflicts,
    records::{at, trip},
};

claims!($ care:
    documents_are_listed_page_by_page,
    everything_that_is_stored_is_seen,
    what_is_damaged_hides_nothing_else,
    a_mend_keeps_its_base_and_sets_aside_what_is_of_no_use,
    a_mend_of_a_document_that_changed_conflicts,
    another_epoch_keeps_all_that_there_is_and_takes_nothing_of_before,
);

const FIRST: &[u8] = b"the first state, which is quite long";
const SECOND: &[u8] = b"the second state, which is quite long";
const THIRD: &[u8] = b"the third state, which is quite long";
const SPOILT: &[u8] = b"an entry that the disk will spoil";

/// A document of two generations: "one" is folded into the second, the spoilt entry and "two" came after.
async fn begun(store: &impl Documents) -> DocId {
    let (journal, doc) = (store.journal(), trip());
    journal.create(doc, Bytes::from_static(FIRST)).await.unwrap();
    journal.append(doc, 1, vec![Bytes::from_static(b"one")]).await.unwrap();
    let one = journal.load(doc, Generation::Newest).await.unwrap().unwrap().entries[0].id;
    journal.fold(doc, 1, Bytes::from_static(SECOND), &[one]).await.unwrap();
    let after = vec![Bytes::from_static(SPOILT), Bytes::from_static(b"two")];
    journal.append(doc, 1, after).await.unwrap();
    doc
}

async fn inspect(store: &impl Documents, doc: DocId) -> Inspection {
    store.care().inspect(doc).await.unwrap().unwrap()
}

/// Where an entry is folded, and what it says unless it is damaged.
type Piece<'a> = (Option<u64>, Option<&'a [u8]>);

/// Generations with whether they are sound, and entries.
fn pieces(inspection: &Inspection) -> (Vec<(u64, bool)>, Vec<Piece<'_>>) {
    let states = inspection.states.iter();
    let entries = inspection.entries.iter();
    (
        states.map(|state| (state.generation, state.state != Stored::Damaged)).collect(),
        entries
            .map(|entry| (entry.folded_into, entry.update.sound().map(|update| &update[..])))
            .collect(),
    )
}

fn ids(inspection: &Inspection) -> Vec<EntryId> {
    inspection.entries.iter().map(|entry| entry.id).collect()
}

fn third(base: u64, states_aside: &[u64], entries_aside: &[EntryId]) -> Mend {
    let (states_aside, entries_aside) = (states_aside.to_vec(), entries_aside.to_vec());
    Mend { base, state: Bytes::from_static(THIRD), states_aside, entries_aside }
}

pub(super) async fn documents_are_listed_page_by_page(store: impl Documents) {
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(begun(&store).await);
    }
    made.sort_by_key(ToString::to_string);
    let care = store.care();
    let first = care.documents(None, 3).await.unwrap();
    let rest = care.documents(Some(first[2]), 3).await.unwrap();
    assert_eq!([first, rest].concat(), made);
    assert!(care.documents(made.last().copied(), 3).await.unwrap().is_empty());
}

pub(super) async fn everything_that_is_stored_is_seen(store: impl Documents) {
    let doc = begun(&store).await;
    let seen = inspect(&store, doc).await;
    let (states, entries) = pieces(&seen);
    assert_eq!(states, [(2, true), (1, true)]);
    assert_eq!(entries, [(Some(2), Some(&b"one"[..])), (None, Some(SPOILT)), (None, Some(b"two"))]);
    assert_eq!((seen.seen.generation, seen.seen.last), (2, ids(&seen).last().copied()));
    assert_eq!((seen.lacked_by(1).count(), seen.lacked_by(2).count()), (3, 2));
    assert!(store.care().inspect(trip()).await.unwrap().is_none());
}

pub(super) async fn what_is_damaged_hides_nothing_else(mut store: impl Documents) {
    let doc = begun(&store).await;
    for spoilt in [FIRST, SPOILT] {
        store.damage(spoilt).await;
    }
    let seen = inspect(&store, doc).await;
    let (states, entries) = pieces(&seen);
    assert_eq!(states, [(2, true), (1, false)]);
    assert_eq!(entries, [(Some(2), Some(&b"one"[..])), (None, None), (None, Some(b"two"))]);
}

pub(super) async fn a_mend_keeps_its_base_and_sets_aside_what_is_of_no_use(
    mut store: impl Documents,
) {
    let doc = begun(&store).await;
    for spoilt in [SECOND, SPOILT] {
        store.damage(spoilt).await;
    }
    let seen = inspect(&store, doc).await;
    let mend = third(1, &[2], &ids(&seen)[1..2]);
    store.care().mend(doc, seen.seen, &mend, at(7)).await.unwrap();
    let mended = inspect(&store, doc).await;
    let (states, entries) = pieces(&mended);
    assert_eq!(states, [(3, true), (1, true)]);
    assert_eq!(entries, [(Some(3), Some(&b"one"[..])), (Some(3), Some(b"two"))]);
    let newest = store.journal().load(doc, Generation::Newest).await.unwrap().unwrap();
    assert_eq!((&newest.state[..], newest.entries.len()), (THIRD, 0));
    let aside = store.quarantine().aside(doc, 10).await.unwrap();
    let lengths: Vec<_> = aside.iter().map(|one| (one.cause, one.at, one.update.len())).collect();
    let length = |bytes: &[u8]| (AsideCause::Damaged, at(7), bytes.len());
    assert_eq!(lengths, [length(SECOND), length(SPOILT)]);
}

pub(super) async fn a_mend_of_a_document_that_changed_conflicts(store: impl Documents) {
    let doc = begun(&store).await;
    let seen = inspect(&store, doc).await;
    let journal = store.journal();
    journal.append(doc, 1, vec![Bytes::from_static(b"three")]).await.unwrap();
    let late = store.care().mend(doc, seen.seen, &third(1, &[2], &[]), at(7)).await;
    assert!(conflicts(&late, conflict::CHANGED));
    let seen = inspect(&store, doc).await;
    let folded: Vec<_> = ids(&seen)[1..].to_vec();
    journal.fold(doc, 2, Bytes::from_static(FIRST), &folded).await.unwrap();
    let late = store.care().mend(doc, seen.seen, &third(1, &[2], &[]), at(7)).await;
    assert!(conflicts(&late, conflict::CHANGED));
    let unknown = store.care().mend(trip(), seen.seen, &third(1, &[], &[]), at(7)).await;
    assert!(conflicts(&unknown, conflict::MISSING));
    assert!(store.quarantine().aside(doc, 10).await.unwrap().is_empty());
}

async fn loaded(
    store: &impl Documents,
    doc: DocId,
    generation: Generation,
) -> (u64, Bytes, Vec<Bytes>) {
    let loaded = store.journal().load(doc, generation).await.unwrap().unwrap();
    let updates = loaded.entries.iter().map(|entry| entry.update.clone()).collect();
    (loaded.epoch, loaded.state, updates)
}

/// As after a back-up was put back, and once more: then the document is renewed like any other.
pub(super) async fn another_epoch_keeps_all_that_there_is_and_takes_nothing_of_before(
    mut store: impl Documents,
) {
    let doc = begun(&store).await;
    assert!(conflicts(&store.care().begin_epoch(trip()).await, conflict::MISSING));
    let both = [Generation::Newest, Generation::Previous];
    let mut before = 1;
    for round in 0..2 {
        let [newest, previous] = both.map(|generation| loaded(&store, doc, generation));
        let (newest, previous) = (newest.await, previous.await);
        let epoch = store.care().begin_epoch(doc).await.unwrap();
        assert!(epoch > before && epoch < 1 << 53, "round {round}");
        store.kill().await;
        for (was, generation) in [newest, previous].into_iter().zip(both) {
            let (now, state, updates) = loaded(&store, doc, generation).await;
            assert_eq!((now, state, updates), (epoch, was.1, was.2), "round {round}");
        }
        let update = Bytes::from(format!("round {round}"));
        let late = store.journal().append(doc, before, vec![update.clone()]).await;
        assert!(conflicts(&late, conflict::OTHER_EPOCH));
        store.journal().append(doc, epoch, vec![update.clone()]).await.unwrap();
        assert_eq!(loaded(&store, doc, Generation::Newest).await.2.last(), Some(&update));
        before = epoch;
    }
    let journal = store.journal();
    let newest = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    let all: Vec<_> = newest.entries.iter().map(|entry| entry.id).collect();
    journal.fold(doc, newest.generation, Bytes::from_static(THIRD), &all).await.unwrap();
    assert_eq!(
        loaded(&store, doc, Generation::Newest).await,
        (before, Bytes::from_static(THIRD), vec![])
    );
    journal.seal(doc, before, before + 1).await.unwrap();
    let sealed = store.care().begin_epoch(doc).await.unwrap();
    let now = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    assert_eq!((now.epoch, now.is_sealed, &now.state[..]), (sealed, true, THIRD));
    journal.renew(doc, sealed, Bytes::from_static(FIRST)).await.unwrap();
    assert_eq!(
        loaded(&store, doc, Generation::Newest).await,
        (sealed, Bytes::from_static(FIRST), vec![])
    );
}

//! Documents and their journal: durable when answered, in order, and folded without loss.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moim::{
    ids::DocId,
    store::{EntryId, Generation, Journal, Loaded, conflict},
};

use super::{Documents, conflicts, is_corrupt, records::trip};

claims!($ journal:
    a_new_document_has_a_state_and_no_entries,
    a_document_is_made_once,
    an_unknown_document_is_none_and_takes_nothing,
    entries_come_back_in_the_order_of_appending,
    what_was_answered_survives_a_kill,
    a_fold_takes_its_entries_into_the_state,
    the_previous_generation_has_all_that_it_lacks,
    of_two_folds_at_once_one_conflicts,
    a_fold_on_an_old_base_changes_nothing,
    a_damaged_newest_state_loses_nothing,
    a_fold_on_the_previous_state_replaces_a_damaged_one,
    a_fold_on_the_previous_state_conflicts_while_the_newest_is_sound,
    an_unloadable_newest_state_is_replaced_from_the_previous_one,
    a_replacement_of_other_generations_conflicts,
    a_damaged_entry_is_no_entry,
    many_appends_at_once_are_all_kept_each_in_its_order,
);

const STATE: &[u8] = b"the first state of this document";
const SECOND: &[u8] = b"the second state of this document";
const THIRD: &[u8] = b"the third state of this document";

async fn begun(store: &impl Documents) -> (Arc<dyn Journal>, DocId) {
    let (journal, doc) = (store.journal(), trip());
    journal.create(doc, Bytes::from_static(STATE)).await.unwrap();
    (journal, doc)
}

async fn append(journal: &Arc<dyn Journal>, doc: DocId, updates: &[&'static str]) {
    let updates = updates.iter().map(|update| Bytes::from_static(update.as_bytes())).collect();
    journal.append(doc, updates).await.unwrap();
}

async fn newest(journal: &Arc<dyn Journal>, doc: DocId) -> Loaded {
    journal.load(doc, Generation::Newest).await.unwrap().unwrap()
}

async fn previous(journal: &Arc<dyn Journal>, doc: DocId) -> Loaded {
    journal.load(doc, Generation::Previous).await.unwrap().unwrap()
}

/// Folds all that is loaded into this state.
async fn fold(journal: &Arc<dyn Journal>, doc: DocId, state: &'static [u8]) {
    let loaded = newest(journal, doc).await;
    let (base, entries) = (loaded.generation, ids(&loaded));
    journal.fold(doc, base, Bytes::from_static(state), &entries).await.unwrap();
}

fn ids(loaded: &Loaded) -> Vec<EntryId> {
    loaded.entries.iter().map(|entry| entry.id).collect()
}

fn updates(loaded: &Loaded) -> Vec<&str> {
    loaded.entries.iter().map(|entry| std::str::from_utf8(&entry.update).unwrap()).collect()
}

pub(super) async fn a_new_document_has_a_state_and_no_entries(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    let loaded = newest(&journal, doc).await;
    assert_eq!((loaded.epoch, loaded.generation), (1, 1));
    assert_eq!(loaded.state, STATE);
    assert!(loaded.entries.is_empty());
    assert!(journal.load(doc, Generation::Previous).await.unwrap().is_none());
}

pub(super) async fn a_document_is_made_once(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    let again = journal.create(doc, Bytes::from_static(SECOND)).await;
    assert!(conflicts(&again, conflict::EXISTS));
    assert_eq!(newest(&journal, doc).await.state, STATE);
}

pub(super) async fn an_unknown_document_is_none_and_takes_nothing(store: impl Documents) {
    let (journal, doc) = (store.journal(), trip());
    let update = Bytes::from_static(b"update");
    assert!(conflicts(&journal.append(doc, vec![update.clone()]).await, conflict::MISSING));
    assert!(conflicts(&journal.fold(doc, 1, update, &[]).await, conflict::MISSING));
    assert!(journal.load(doc, Generation::Newest).await.unwrap().is_none());
}

pub(super) async fn entries_come_back_in_the_order_of_appending(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    let (_, other) = begun(&store).await;
    append(&journal, doc, &["one", "two"]).await;
    append(&journal, other, &["elsewhere"]).await;
    append(&journal, doc, &[]).await;
    append(&journal, doc, &["", "three"]).await;
    assert_eq!(updates(&newest(&journal, doc).await), ["one", "two", "", "three"]);
    assert_eq!(updates(&newest(&journal, other).await), ["elsewhere"]);
}

pub(super) async fn what_was_answered_survives_a_kill(mut store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one", "two"]).await;
    store.kill().await;
    let journal = store.journal();
    assert_eq!(updates(&newest(&journal, doc).await), ["one", "two"]);
    append(&journal, doc, &["three"]).await;
    fold(&journal, doc, SECOND).await;
    store.kill().await;
    let journal = store.journal();
    assert_eq!(newest(&journal, doc).await.state, SECOND);
    assert_eq!(updates(&previous(&journal, doc).await), ["one", "two", "three"]);
}

pub(super) async fn a_fold_takes_its_entries_into_the_state(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one", "two"]).await;
    let loaded = newest(&journal, doc).await;
    append(&journal, doc, &["three"]).await;
    journal.fold(doc, 1, Bytes::from_static(SECOND), &ids(&loaded)).await.unwrap();
    let folded = newest(&journal, doc).await;
    assert_eq!((folded.generation, folded.epoch, &folded.state[..]), (2, 1, SECOND));
    assert_eq!(updates(&folded), ["three"]);
}

pub(super) async fn the_previous_generation_has_all_that_it_lacks(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    assert_eq!(updates(&previous(&journal, doc).await), ["one", "two"]);
    fold(&journal, doc, THIRD).await;
    append(&journal, doc, &["three"]).await;
    let loaded = previous(&journal, doc).await;
    assert_eq!((loaded.generation, &loaded.state[..]), (2, SECOND));
    assert_eq!(updates(&loaded), ["two", "three"]);
    assert_eq!(updates(&newest(&journal, doc).await), ["three"]);
}

pub(super) async fn of_two_folds_at_once_one_conflicts(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    let entries = ids(&newest(&journal, doc).await);
    let (first, second) = tokio::join!(
        journal.fold(doc, 1, Bytes::from_static(SECOND), &entries),
        journal.fold(doc, 1, Bytes::from_static(THIRD), &entries),
    );
    assert_ne!(first.is_ok(), second.is_ok());
    assert!(conflicts(&first.clone().and(second), conflict::FOLDED));
    let loaded = newest(&journal, doc).await;
    assert_eq!(loaded.state, if first.is_ok() { SECOND } else { THIRD });
    assert_eq!(loaded.generation, 2);
}

pub(super) async fn a_fold_on_an_old_base_changes_nothing(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["one"]).await;
    let entries = ids(&newest(&journal, doc).await);
    for base in [0, 1, 3, u64::MAX] {
        let late = journal.fold(doc, base, Bytes::from_static(THIRD), &entries).await;
        assert!(conflicts(&late, conflict::FOLDED), "base {base}");
    }
    let loaded = newest(&journal, doc).await;
    assert_eq!((&loaded.state[..], updates(&loaded)), (SECOND, vec!["one"]));
}

pub(super) async fn a_damaged_newest_state_loses_nothing(mut store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    store.damage(SECOND).await;
    let journal = store.journal();
    assert!(is_corrupt(&journal.load(doc, Generation::Newest).await));
    let loaded = previous(&journal, doc).await;
    assert_eq!((&loaded.state[..], updates(&loaded)), (STATE, vec!["one", "two"]));
}

pub(super) async fn a_fold_on_the_previous_state_replaces_a_damaged_one(mut store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    store.damage(SECOND).await;
    let journal = store.journal();
    let loaded = previous(&journal, doc).await;
    append(&journal, doc, &["three"]).await;
    let third = Bytes::from_static(THIRD);
    journal.fold(doc, loaded.generation, third, &ids(&loaded)).await.unwrap();
    let repaired = newest(&journal, doc).await;
    // Not generation 2 again: who holds the damaged one must not fold on it.
    assert_eq!((repaired.generation, &repaired.state[..]), (3, THIRD));
    assert_eq!(updates(&repaired), ["three"]);
    assert_eq!(updates(&previous(&journal, doc).await), ["one", "two", "three"]);
}

pub(super) async fn a_fold_on_the_previous_state_conflicts_while_the_newest_is_sound(
    store: impl Documents,
) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    let loaded = previous(&journal, doc).await;
    let third = Bytes::from_static(THIRD);
    let early = journal.fold(doc, loaded.generation, third, &ids(&loaded)).await;
    assert!(conflicts(&early, conflict::FOLDED));
    assert_eq!(newest(&journal, doc).await.state, SECOND);
}

pub(super) async fn an_unloadable_newest_state_is_replaced_from_the_previous_one(
    store: impl Documents,
) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    let loaded = previous(&journal, doc).await;
    append(&journal, doc, &["three"]).await;
    let third = Bytes::from_static(THIRD);
    journal.replace(doc, 2, 1, third, &ids(&loaded)).await.unwrap();
    let replaced = newest(&journal, doc).await;
    assert_eq!((replaced.generation, &replaced.state[..]), (3, THIRD));
    assert_eq!(updates(&replaced), ["three"]);
    let kept = previous(&journal, doc).await;
    assert_eq!((kept.generation, updates(&kept)), (1, vec!["one", "two", "three"]));
}

pub(super) async fn a_replacement_of_other_generations_conflicts(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    fold(&journal, doc, THIRD).await;
    for (unloadable, base) in [(2, 1), (3, 1), (2, 2), (3, 3), (4, 3)] {
        let state = Bytes::from_static(STATE);
        let late = journal.replace(doc, unloadable, base, state, &[]).await;
        assert!(conflicts(&late, conflict::FOLDED), "{unloadable} on {base}");
    }
    let unknown = journal.replace(trip(), 3, 2, Bytes::new(), &[]).await;
    assert!(conflicts(&unknown, conflict::MISSING));
    assert_eq!(newest(&journal, doc).await.state, THIRD);
}

pub(super) async fn a_damaged_entry_is_no_entry(mut store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one", "an entry that the disk will spoil", "three"]).await;
    store.damage(b"an entry that the disk will spoil").await;
    assert!(is_corrupt(&store.journal().load(doc, Generation::Newest).await));
}

pub(super) async fn many_appends_at_once_are_all_kept_each_in_its_order(mut store: impl Documents) {
    const APPENDERS: u8 = 64;
    const EACH: u8 = 20;
    let (journal, doc) = begun(&store).await;
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..APPENDERS {
        let journal = Arc::clone(&journal);
        appenders.spawn(async move {
            for number in 0..EACH {
                let update = Bytes::copy_from_slice(&[appender, number]);
                journal.append(doc, vec![update]).await.unwrap();
            }
        });
    }
    tokio::time::timeout(Duration::from_secs(60), appenders.join_all()).await.unwrap();
    store.kill().await;
    let loaded = newest(&store.journal(), doc).await;
    assert_eq!(loaded.entries.len(), usize::from(APPENDERS) * usize::from(EACH));
    for appender in 0..APPENDERS {
        let of_appender = loaded.entries.iter().filter(|entry| entry.update[0] == appender);
        let numbers: Vec<u8> = of_appender.map(|entry| entry.update[1]).collect();
        assert_eq!(numbers, (0..EACH).collect::<Vec<u8>>());
    }
}

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
    a_sealed_document_takes_nothing_of_the_epoch_that_ended,
    a_renewal_leaves_nothing_of_what_was_before,
    a_document_is_sealed_and_renewed_in_its_own_epoch_alone,
    a_seal_and_a_renewal_survive_a_kill,
    what_was_answered_before_a_seal_is_there_after_it,
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
    journal.append(doc, 1, updates).await.unwrap();
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
    assert!(conflicts(&journal.append(doc, 1, vec![update.clone()]).await, conflict::MISSING));
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
                journal.append(doc, 1, vec![update]).await.unwrap();
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

pub(super) async fn a_sealed_document_takes_nothing_of_the_epoch_that_ended(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    assert!(!newest(&journal, doc).await.is_sealed);
    journal.seal(doc, 1, 2).await.unwrap();
    let late = journal.append(doc, 1, vec!["late".into()]).await;
    assert!(conflicts(&late, conflict::OTHER_EPOCH));
    let sealed = newest(&journal, doc).await;
    assert_eq!((sealed.epoch, sealed.is_sealed), (2, true));
    assert_eq!((&sealed.state[..], updates(&sealed)), (STATE, vec!["one"]));
}

pub(super) async fn a_renewal_leaves_nothing_of_what_was_before(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    fold(&journal, doc, SECOND).await;
    append(&journal, doc, &["two"]).await;
    let before = newest(&journal, doc).await;
    journal.seal(doc, 1, 2).await.unwrap();
    journal.renew(doc, 2, Bytes::from_static(THIRD)).await.unwrap();
    let renewed = newest(&journal, doc).await;
    assert_eq!((renewed.epoch, renewed.is_sealed), (2, false));
    assert!(renewed.generation > before.generation, "a number never names two states");
    assert_eq!((&renewed.state[..], updates(&renewed)), (THIRD, vec![]));
    assert!(journal.load(doc, Generation::Previous).await.unwrap().is_none());
    let late = journal.append(doc, 1, vec!["late".into()]).await;
    assert!(conflicts(&late, conflict::OTHER_EPOCH));
    let (base, folded) = (before.generation, Bytes::from_static(STATE));
    let late = journal.fold(doc, base, folded, &ids(&before)).await;
    assert!(conflicts(&late, conflict::FOLDED));
    journal.append(doc, 2, vec!["three".into()]).await.unwrap();
    assert_eq!(updates(&newest(&journal, doc).await), ["three"]);
    fold(&journal, doc, SECOND).await;
    assert_eq!(updates(&previous(&journal, doc).await), ["three"]);
    assert_eq!(newest(&journal, doc).await.epoch, 2);
}

pub(super) async fn a_document_is_sealed_and_renewed_in_its_own_epoch_alone(store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    let state = Bytes::from_static(SECOND);
    assert!(conflicts(&journal.seal(trip(), 1, 2).await, conflict::MISSING));
    assert!(conflicts(&journal.renew(trip(), 1, state.clone()).await, conflict::MISSING));
    for (epoch, next) in [(0, 1), (2, 3), (1 << 52, 1 << 53), (1, 1), (1, 0)] {
        assert!(conflicts(&journal.seal(doc, epoch, next).await, conflict::OTHER_EPOCH));
    }
    for epoch in [1, 2] {
        let open = journal.renew(doc, epoch, state.clone()).await;
        assert!(conflicts(&open, conflict::OTHER_EPOCH), "it is not sealed");
    }
    let (one, other) = tokio::join!(journal.seal(doc, 1, 2), journal.seal(doc, 1, 2));
    assert_ne!(one.is_ok(), other.is_ok(), "of two seals one is first");
    assert!(conflicts(&journal.seal(doc, 2, 3).await, conflict::OTHER_EPOCH), "it is sealed");
    let (one, other) = tokio::join!(
        journal.renew(doc, 2, state.clone()),
        journal.renew(doc, 2, Bytes::from_static(THIRD)),
    );
    assert_ne!(one.is_ok(), other.is_ok(), "of two renewals one is in force");
    let renewed = newest(&journal, doc).await;
    assert_eq!(renewed.state, if one.is_ok() { SECOND } else { THIRD });
    journal.seal(doc, 2, 3).await.unwrap();
    journal.renew(doc, 3, state).await.unwrap();
    assert_eq!(newest(&journal, doc).await.epoch, 3);
}

pub(super) async fn a_seal_and_a_renewal_survive_a_kill(mut store: impl Documents) {
    let (journal, doc) = begun(&store).await;
    append(&journal, doc, &["one"]).await;
    journal.seal(doc, 1, 2).await.unwrap();
    store.kill().await;
    let sealed = newest(&store.journal(), doc).await;
    assert_eq!((sealed.epoch, sealed.is_sealed, updates(&sealed)), (2, true, vec!["one"]));
    store.journal().renew(doc, 2, Bytes::from_static(SECOND)).await.unwrap();
    store.kill().await;
    let renewed = newest(&store.journal(), doc).await;
    assert_eq!((renewed.is_sealed, &renewed.state[..]), (false, SECOND));
    assert!(renewed.entries.is_empty());
}

/// Whoever is told that an update is durable finds it in what the next epoch is made of.
pub(super) async fn what_was_answered_before_a_seal_is_there_after_it(store: impl Documents) {
    const APPENDERS: u8 = 16;
    let (journal, doc) = begun(&store).await;
    let mut appenders = tokio::task::JoinSet::new();
    for appender in 0..APPENDERS {
        let journal = Arc::clone(&journal);
        appenders.spawn(async move {
            let mut answered = Vec::new();
            for number in 0..u8::MAX {
                let update = Bytes::copy_from_slice(&[appender, number]);
                match journal.append(doc, 1, vec![update.clone()]).await {
                    Ok(()) => answered.push(update),
                    late => {
                        assert!(conflicts(&late, conflict::OTHER_EPOCH));
                        break;
                    }
                }
            }
            answered
        });
    }
    while newest(&journal, doc).await.entries.len() < usize::from(APPENDERS) {
        tokio::task::yield_now().await;
    }
    journal.seal(doc, 1, 2).await.unwrap();
    let sealed = newest(&journal, doc).await;
    let answered = tokio::time::timeout(Duration::from_secs(60), appenders.join_all()).await;
    let kept: std::collections::HashSet<_> =
        sealed.entries.iter().map(|entry| entry.update.clone()).collect();
    for update in answered.unwrap().into_iter().flatten() {
        assert!(kept.contains(&update), "{update:?} was answered, and is gone");
    }
}

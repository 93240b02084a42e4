//! The failures are those that were asked for.

use super::*;
use crate::ids::DocKind;

fn begun() -> (FaultyJournal, DocId) {
    let (journal, doc) = (FaultyJournal::default(), DocId::new(DocKind::Trip));
    journal.create_now(doc, Bytes::new()).unwrap();
    (journal, doc)
}

fn update() -> Vec<Bytes> {
    vec![Bytes::from_static(b"update")]
}

fn entries(journal: &FaultyJournal, doc: DocId) -> usize {
    journal.load_now(doc, Generation::Newest).unwrap().unwrap().entries.len()
}

#[test]
fn a_crash_forgets_what_is_staged_and_keeps_what_is_settled() {
    let (journal, doc) = begun();
    let (first, second) = (journal.stage(doc, 1, update()), journal.stage(doc, 1, update()));
    journal.settle(first).unwrap();
    journal.crash();
    assert!(matches!(journal.settle(second), Err(StoreError::Unavailable(_))));
    assert_eq!(entries(&journal, doc), 1);
}

#[test]
fn a_refused_append_does_nothing_and_a_lost_answer_hides_that_all_was_done() {
    let (journal, doc) = begun();
    for (fault, expected) in [(Fault::Refused, 0), (Fault::AnswerLost, 1)] {
        journal.fail_appends(1, fault);
        assert!(matches!(journal.append_now(doc, 1, update()), Err(StoreError::Unavailable(_))));
        assert_eq!(entries(&journal, doc), expected);
    }
    journal.append_now(doc, 1, update()).unwrap();
    assert_eq!(entries(&journal, doc), 2);
}

#[test]
fn loads_and_folds_fail_as_often_as_they_are_told_to() {
    let (journal, doc) = begun();
    journal.fail_loads(2);
    assert!(journal.load_now(doc, Generation::Newest).is_err());
    assert!(journal.load_now(doc, Generation::Newest).is_err());
    assert_eq!(entries(&journal, doc), 0);
    journal.fail_folds(1, Fault::AnswerLost);
    assert!(journal.fold_now(doc, 1, Bytes::new(), &[]).is_err());
    journal.fold_now(doc, 2, Bytes::new(), &[]).unwrap();
}

#[tokio::test]
async fn a_held_append_waits_for_its_release_or_dies_in_a_crash() {
    let (journal, doc) = begun();
    journal.hold();
    let mut append = journal.append(doc, 1, update());
    assert!(futures_util::poll!(&mut append).is_pending());
    assert_eq!(entries(&journal, doc), 0);
    journal.release();
    append.await.unwrap();
    assert_eq!(entries(&journal, doc), 1);

    journal.hold();
    let mut append = journal.append(doc, 1, update());
    assert!(futures_util::poll!(&mut append).is_pending());
    journal.crash();
    assert!(append.await.is_err());
    assert_eq!(entries(&journal, doc), 1);
}

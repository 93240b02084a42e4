//! What is set aside stays aside, of its document alone, until somebody releases it.

use bytes::Bytes;
use moim::store::{AsideCause, SetAside, conflict};

use super::{
    Documents, conflicts,
    records::{at, trip},
};

claims!($ quarantine:
    what_is_set_aside_comes_back_oldest_first_and_survives_a_kill,
    only_a_document_can_have_something_set_aside,
    what_is_released_is_forgotten,
);

fn aside(cause: AsideCause, seconds: i64, update: &'static [u8]) -> SetAside {
    SetAside { cause, at: at(seconds), update: Bytes::from_static(update) }
}

pub(super) async fn what_is_set_aside_comes_back_oldest_first_and_survives_a_kill(
    mut store: impl Documents,
) {
    let (doc, other) = (trip(), trip());
    for doc in [doc, other] {
        store.journal().create(doc, Bytes::new()).await.unwrap();
    }
    let kept = [
        aside(AsideCause::Fatal, 3, b"an update"),
        aside(AsideCause::Unreadable, 2, b""),
        aside(AsideCause::Damaged, 1, b"another"),
    ];
    for one in &kept {
        store.quarantine().set_aside(doc, one).await.unwrap();
    }
    store.quarantine().set_aside(other, &kept[0]).await.unwrap();
    store.kill().await;
    assert_eq!(store.quarantine().aside(doc, 10).await.unwrap(), kept);
    assert_eq!(store.quarantine().aside(doc, 2).await.unwrap(), kept[..2]);
    assert_eq!(store.quarantine().aside(other, 10).await.unwrap(), kept[..1]);
}

pub(super) async fn only_a_document_can_have_something_set_aside(store: impl Documents) {
    let doc = trip();
    let set = store.quarantine().set_aside(doc, &aside(AsideCause::Fatal, 0, b"x")).await;
    assert!(conflicts(&set, conflict::MISSING));
    assert!(store.quarantine().aside(doc, 10).await.unwrap().is_empty());
    assert_eq!(store.quarantine().release(doc).await.unwrap(), 0);
}

pub(super) async fn what_is_released_is_forgotten(store: impl Documents) {
    let doc = trip();
    store.journal().create(doc, Bytes::new()).await.unwrap();
    for update in [b"one", b"two"] {
        store.quarantine().set_aside(doc, &aside(AsideCause::Fatal, 0, update)).await.unwrap();
    }
    assert_eq!(store.quarantine().release(doc).await.unwrap(), 2);
    assert!(store.quarantine().aside(doc, 10).await.unwrap().is_empty());
}

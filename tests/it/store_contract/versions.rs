//! Versions that people saved: kept whole, listed newest first.

use bytes::Bytes;
use moim::{
    ids::{DocId, VersionId},
    store::{Version, VersionCause, VersionContent, conflict},
};

use super::{
    Documents, conflicts, is_corrupt,
    records::{trip, version},
};

claims!($ versions:
    a_version_comes_back_as_it_was_kept,
    a_version_is_kept_once_and_only_of_a_document,
    versions_are_listed_newest_first_page_by_page,
    a_damaged_version_is_not_given_out,
);

const STATE: &[u8] = b"the state that somebody saved";

fn content() -> VersionContent {
    VersionContent { state: Bytes::from_static(STATE), projection: r#"{"v":1}"#.to_owned() }
}

async fn begun(store: &impl Documents) -> DocId {
    let doc = trip();
    store.journal().create(doc, Bytes::new()).await.unwrap();
    doc
}

async fn saved(store: &impl Documents, doc: DocId, cause: VersionCause) -> Version {
    let version = version(doc, cause);
    store.versions().insert(&version, content()).await.unwrap();
    version
}

pub(super) async fn a_version_comes_back_as_it_was_kept(mut store: impl Documents) {
    let doc = begun(&store).await;
    let from = VersionId::new();
    let mut kept = Vec::new();
    for cause in [VersionCause::Saved, VersionCause::BeforeRestore, VersionCause::Restored { from }]
    {
        kept.push(saved(&store, doc, cause).await);
    }
    store.kill().await;
    for version in kept {
        let (found, found_content) = store.versions().get(version.id).await.unwrap().unwrap();
        assert_eq!(found, version);
        assert_eq!(found_content.state, content().state);
        assert_eq!(found_content.projection, content().projection);
    }
    assert!(store.versions().get(from).await.unwrap().is_none());
}

pub(super) async fn a_version_is_kept_once_and_only_of_a_document(store: impl Documents) {
    let doc = begun(&store).await;
    let kept = saved(&store, doc, VersionCause::Saved).await;
    let again = store.versions().insert(&kept, content()).await;
    assert!(conflicts(&again, conflict::EXISTS));
    let stray = version(trip(), VersionCause::Saved);
    let refused = store.versions().insert(&stray, content()).await;
    assert!(conflicts(&refused, conflict::MISSING));
}

pub(super) async fn versions_are_listed_newest_first_page_by_page(store: impl Documents) {
    let (doc, other) = (begun(&store).await, begun(&store).await);
    let mut newest_first = Vec::new();
    for _ in 0..5 {
        newest_first.push(saved(&store, doc, VersionCause::Saved).await);
        saved(&store, other, VersionCause::Saved).await;
    }
    newest_first.sort_by_key(|version| std::cmp::Reverse(version.id));
    let versions = store.versions();
    let first = versions.list(doc, None, 2).await.unwrap();
    let rest = versions.list(doc, Some(first[1].id), 100).await.unwrap();
    assert_eq!([first, rest].concat(), newest_first);
    assert!(versions.list(trip(), None, 10).await.unwrap().is_empty());
}

pub(super) async fn a_damaged_version_is_not_given_out(mut store: impl Documents) {
    let doc = begun(&store).await;
    let kept = saved(&store, doc, VersionCause::Saved).await;
    store.damage(STATE).await;
    assert!(is_corrupt(&store.versions().get(kept.id).await));
    assert_eq!(store.versions().list(doc, None, 10).await.unwrap(), [kept]);
}

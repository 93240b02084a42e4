//! Versions that people saved: kept whole, listed newest first.

use bytes::Bytes;
use moim::{
    ids::{DocId, VersionId},
    store::{Version, VersionCause, VersionContent, VersionRoom, conflict},
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
    a_version_knows_its_document,
    the_oldest_without_a_name_make_room,
    names_take_three_quarters_and_no_more,
);

/// More than any of these needs.
const ROOM: VersionRoom = VersionRoom { count: 100, bytes: 1 << 20 };

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
    store.versions().insert(&version, content(), ROOM).await.unwrap();
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
    let again = store.versions().insert(&kept, content(), ROOM).await;
    assert!(conflicts(&again, conflict::EXISTS));
    let stray = version(trip(), VersionCause::Saved);
    let refused = store.versions().insert(&stray, content(), ROOM).await;
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

pub(super) async fn a_version_knows_its_document(store: impl Documents) {
    let (doc, other) = (begun(&store).await, begun(&store).await);
    let (one, two) = (
        saved(&store, doc, VersionCause::Saved).await,
        saved(&store, other, VersionCause::BeforeRestore).await,
    );
    let versions = store.versions();
    assert_eq!(versions.document(one.id).await.unwrap(), Some(doc));
    assert_eq!(versions.document(two.id).await.unwrap(), Some(other));
    assert_eq!(versions.document(VersionId::new()).await.unwrap(), None);
}

pub(super) async fn the_oldest_without_a_name_make_room(store: impl Documents) {
    let (doc, other) = (begun(&store).await, begun(&store).await);
    let kept_elsewhere = saved(&store, other, VersionCause::Saved).await;
    let versions = store.versions();
    let insert = async |name: Option<&str>, room| {
        let name = name.map(str::to_owned);
        let version = Version { name, ..version(doc, VersionCause::Saved) };
        versions.insert(&version, content(), room).await.unwrap();
        version.id
    };
    let few = VersionRoom { count: 4, ..ROOM };
    let first = insert(None, few).await;
    let named = insert(Some("떠나기 전"), few).await;
    let mut later = Vec::new();
    for _ in 0..7 {
        later.push(insert(None, few).await);
    }
    let listed = async || -> Vec<VersionId> {
        let list = versions.list(doc, None, 100).await.unwrap();
        list.into_iter().map(|version| version.id).collect()
    };
    let mut expected = vec![later[6], later[5], later[4], named];
    expected.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(listed().await, expected);
    assert!(versions.get(first).await.unwrap().is_none());
    // By bytes as well: room for two of them.
    let size = (content().state.len() + content().projection.len()) as u64;
    let small = VersionRoom { bytes: 2 * size, ..ROOM };
    let last = insert(None, small).await;
    let mut expected = vec![last, named];
    expected.sort_unstable_by(|one, other| other.cmp(one));
    assert_eq!(listed().await, expected);
    assert_eq!(versions.list(other, None, 9).await.unwrap(), [kept_elsewhere]);
}

pub(super) async fn names_take_three_quarters_and_no_more(store: impl Documents) {
    let doc = begun(&store).await;
    let few = VersionRoom { count: 4, ..ROOM };
    for _ in 0..3 {
        let named = version(doc, VersionCause::Saved);
        store.versions().insert(&named, content(), few).await.unwrap();
    }
    let fourth = version(doc, VersionCause::Saved);
    let refused = store.versions().insert(&fourth, content(), few).await;
    assert!(conflicts(&refused, conflict::VERSIONS));
    assert!(store.versions().get(fourth.id).await.unwrap().is_none());
    // A restore takes the name of what it restores along, and is no save under a name.
    let cause = VersionCause::Restored { from: VersionId::new() };
    for _ in 0..2 {
        store.versions().insert(&version(doc, cause), content(), few).await.unwrap();
    }
    assert_eq!(store.versions().list(doc, None, 9).await.unwrap().len(), 4);
}

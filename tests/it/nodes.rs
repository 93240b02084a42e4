//! Several nodes on one database: what they append, fold and decide at once is as if one had done it.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use moim::{
    ids::{DocId, DocKind, InviteId, Role, UserId, VersionId},
    store::{
        Account, Counts, Entry, Generation, Invite, InviteEffect, Journal, Language, Loaded,
        PasswordHash, Plan, PlanStatus, StoreError, Stores, Summary, TokenHash, Version,
        VersionCause, VersionContent, VersionRoom, conflict, mongo::MongoStore,
    },
};
use mongodb::bson::{Document, doc};
use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    chaos::{Mode, Proxy},
    mongo::Database,
};

/// How long everything of a test may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

async fn two_nodes() -> (Database, MongoStore, MongoStore) {
    let database = Database::new().await;
    let (one, other) = tokio::join!(database.open(), database.open());
    (database, one, other)
}

/// A document made of words: a state is the words that it has, an update is one word.
fn words(loaded: &Loaded) -> BTreeSet<String> {
    let state = std::str::from_utf8(&loaded.state).unwrap();
    let updates =
        loaded.entries.iter().map(|Entry { update, .. }| std::str::from_utf8(update).unwrap());
    state.split_whitespace().chain(updates).map(str::to_owned).collect()
}

/// Folds all that there is. `false`: another node was faster.
async fn fold(journal: &dyn Journal, doc: DocId) -> bool {
    let loaded = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    let state = Vec::from_iter(words(&loaded)).join(" ");
    let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
    match journal.fold(doc, loaded.generation, state.into(), &entries).await {
        Ok(()) => true,
        Err(StoreError::Conflict(_)) => false,
        Err(error) => panic!("{error}"),
    }
}

type Acknowledged = Arc<Mutex<BTreeSet<String>>>;

async fn append_words(
    journal: Arc<dyn Journal>,
    doc: DocId,
    name: String,
    acknowledged: Acknowledged,
) {
    for number in 0..40 {
        let appended = [format!("{name}.{number}a"), format!("{name}.{number}b")];
        let updates = appended.iter().map(|word| Bytes::from(word.clone())).collect();
        journal.append(doc, 1, updates).await.unwrap();
        acknowledged.lock().unwrap().extend(appended);
    }
}

/// Whatever is acknowledged before a load begins is in what it finds, in both generations.
async fn look(journal: &dyn Journal, doc: DocId, acknowledged: &Acknowledged) {
    for generation in [Generation::Newest, Generation::Previous] {
        let expected = acknowledged.lock().unwrap().clone();
        if let Some(loaded) = journal.load(doc, generation).await.unwrap() {
            let missing: Vec<_> = expected.difference(&words(&loaded)).cloned().collect();
            assert!(missing.is_empty(), "{generation:?} {} lacks {missing:?}", loaded.generation);
        }
    }
}

#[tokio::test]
async fn two_nodes_that_append_and_fold_at_once_lose_nothing() {
    let (database, one, other) = two_nodes().await;
    let doc = DocId::new(DocKind::Trip);
    one.stores().journal.create(doc, Bytes::new()).await.unwrap();
    let acknowledged = Acknowledged::default();
    let mut appending = JoinSet::new();
    let mut folding = JoinSet::new();
    for (node, store) in [("one", &one), ("other", &other)] {
        let journal = store.stores().journal;
        for appender in 0..3 {
            let (name, acknowledged) = (format!("{node}{appender}"), Arc::clone(&acknowledged));
            appending.spawn(append_words(Arc::clone(&journal), doc, name, acknowledged));
        }
        let acknowledged = Arc::clone(&acknowledged);
        folding.spawn(async move {
            let (mut done, mut lost) = (0_u32, 0_u32);
            loop {
                look(&*journal, doc, &acknowledged).await;
                if fold(&*journal, doc).await {
                    done += 1;
                } else {
                    lost += 1;
                }
                if acknowledged.lock().unwrap().len() == 480 {
                    return (done, lost);
                }
            }
        });
    }
    tokio::time::timeout(PATIENCE, appending.join_all()).await.unwrap();
    let folds = tokio::time::timeout(PATIENCE, folding.join_all()).await.unwrap();
    assert!(folds.iter().map(|(done, _)| done).sum::<u32>() > 2, "{folds:?}");
    let journal = one.stores().journal;
    look(&*journal, doc, &acknowledged).await;

    // In peace, what the races left behind is gone after one fold: two states, and what the older lacks.
    assert!(fold(&*journal, doc).await && fold(&*journal, doc).await);
    let left = journal.load(doc, Generation::Previous).await.unwrap().unwrap();
    assert!(left.entries.is_empty());
    let driver = database.driver().await;
    let count = async |name| driver.collection::<Document>(name).count_documents(doc! {}).await;
    assert_eq!((count("state_chunks").await.unwrap(), count("entries").await.unwrap()), (2, 0));
}

#[tokio::test]
async fn of_many_folds_at_once_on_one_state_one_is_done() {
    let (_database, one, other) = two_nodes().await;
    let doc = DocId::new(DocKind::Trip);
    let (one, other) = (one.stores().journal, other.stores().journal);
    one.create(doc, Bytes::new()).await.unwrap();
    for round in 1..=8 {
        one.append(doc, 1, vec![format!("word{round}").into()]).await.unwrap();
        let loaded = other.load(doc, Generation::Newest).await.unwrap().unwrap();
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let state =
            |fold: usize| Bytes::from(format!("{} fold{round}.{fold}", words(&loaded).len()));
        let folds = [&one, &other, &one, &other].into_iter().enumerate();
        let folds = folds.map(|(fold, node)| node.fold(doc, round, state(fold), &entries));
        let done: Vec<_> = join_all(folds).await.into_iter().map(|done| done.is_ok()).collect();
        let winner = done.iter().position(|done| *done).unwrap();
        assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
        let after = one.load(doc, Generation::Newest).await.unwrap().unwrap();
        assert_eq!((after.generation, &after.state), (round + 1, &state(winner)));
        assert!(after.entries.is_empty(), "round {round}");
    }
}

#[tokio::test]
async fn appends_of_many_documents_at_once_are_all_kept() {
    const DOCUMENTS: usize = 50;
    const EACH: usize = 20;
    let (_database, one, other) = two_nodes().await;
    let nodes = [one.stores().journal, other.stores().journal];
    let docs: Vec<_> = (0..DOCUMENTS).map(|_| DocId::new(DocKind::Trip)).collect();
    for doc in &docs {
        nodes[0].create(*doc, Bytes::new()).await.unwrap();
    }
    let appends = docs.iter().flat_map(|doc| {
        (0..EACH).map(|number| nodes[number % 2].append(*doc, 1, vec![format!("{number}").into()]))
    });
    // And one that belongs nowhere, which must not hold up those that share its batch.
    let stray = nodes[0].append(DocId::new(DocKind::Trip), 1, vec!["stray".into()]);
    let (appended, stray) = tokio::join!(join_all(appends), stray);
    let failed: Vec<_> = appended.iter().filter(|appended| appended.is_err()).collect();
    assert!(failed.is_empty(), "{} of all: {:?}", failed.len(), failed[0]);
    assert!(matches!(stray, Err(StoreError::Conflict(_))), "{stray:?}");
    for doc in docs {
        let loaded = nodes[1].load(doc, Generation::Newest).await.unwrap().unwrap();
        assert_eq!(words(&loaded).len(), EACH);
    }
}

#[tokio::test]
async fn what_no_single_record_holds_is_kept_whole() {
    let database = Database::new().await;
    let stores = database.open().await.stores();
    let doc = DocId::new(DocKind::Trip);
    let large = |first: u8, megabytes: u32| -> Bytes {
        (0..megabytes << 20).map(|at| (at % 251) as u8 ^ first).collect()
    };
    stores.journal.create(doc, large(1, 17)).await.unwrap();
    stores.journal.append(doc, 1, vec![large(2, 2), large(3, 2)]).await.unwrap();
    let loaded = stores.journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    assert!(loaded.state == large(1, 17) && loaded.entries[1].update == large(3, 2));
    let too_much = stores.journal.append(doc, 1, vec![large(2, 8), large(3, 8)]).await;
    assert!(matches!(too_much, Err(StoreError::Unavailable(text)) if text.contains("less")));

    let version = Version {
        id: VersionId::new(),
        doc,
        epoch: 1,
        name: None,
        cause: VersionCause::Saved,
        by: UserId::new(),
        at: Timestamp::UNIX_EPOCH,
        counts: Counts::default(),
    };
    let room = VersionRoom { count: 10, bytes: 1 << 30 };
    let content = VersionContent { state: large(5, 5), projection: "{}".repeat(3 << 20) };
    stores.versions.insert(&version, content.clone(), room).await.unwrap();
    let (_, found) = stores.versions.get(version.id).await.unwrap().unwrap();
    assert!(found.state == content.state && found.projection == content.projection);
}

/// Somebody with an account.
async fn known(stores: &Stores) -> UserId {
    let id = UserId::new();
    let account = Account {
        id,
        mail: format!("{id}@example.org"),
        name: "somebody".to_owned(),
        language: Language::En,
        color: "#3366ff".to_owned(),
        created: Timestamp::UNIX_EPOCH,
    };
    stores.accounts.create(&account, &PasswordHash("$argon2id$".to_owned())).await.unwrap();
    id
}

/// A node whose line is slow appends while another one ends the epoch: what it was told is durable is in what the
/// next epoch begins with, and the rest is in neither.
#[tokio::test]
async fn what_a_slow_node_was_told_is_durable_outlives_the_epoch() {
    const ROUNDS: u64 = 8;
    let database = Database::new().await;
    let line = Proxy::to(database.address()).await.unwrap();
    let url = format!("mongodb://{}/?directConnection=true", line.address);
    let (slow, swift) = tokio::join!(MongoStore::open(&url, &database.name), database.open());
    let (slow, swift) = (slow.unwrap().stores().journal, swift.stores().journal);
    line.set(Mode::Delay(Duration::from_millis(40)));
    for round in 0..ROUNDS {
        let doc = DocId::new(DocKind::Trip);
        swift.create(doc, Bytes::new()).await.unwrap();
        let journal = Arc::clone(&slow);
        let mut appending = JoinSet::new();
        appending.spawn(async move {
            let mut acknowledged = BTreeSet::new();
            for number in 0.. {
                let word = format!("word{number}");
                match journal.append(doc, 1, vec![word.clone().into()]).await {
                    Ok(()) => acknowledged.insert(word),
                    Err(StoreError::Conflict(conflict::OTHER_EPOCH)) => break,
                    Err(error) => panic!("{error}"),
                };
            }
            acknowledged
        });
        // Each time somewhere else on the way of an append.
        tokio::time::sleep(Duration::from_millis(200 + 25 * round)).await;
        swift.seal(doc, 1, 2).await.unwrap();
        let sealed = words(&swift.load(doc, Generation::Newest).await.unwrap().unwrap());
        swift.renew(doc, 2, Vec::from_iter(sealed.clone()).join(" ").into()).await.unwrap();
        let acknowledged = tokio::time::timeout(PATIENCE, appending.join_all()).await.unwrap();
        let acknowledged = acknowledged.into_iter().next().unwrap();
        let gone: Vec<_> = acknowledged.difference(&sealed).collect();
        assert!(gone.is_empty(), "round {round}: {gone:?} were acknowledged");
        let renewed = swift.load(doc, Generation::Newest).await.unwrap().unwrap();
        assert_eq!((words(&renewed), renewed.entries.len()), (sealed, 0));
    }
}

#[tokio::test]
async fn a_document_that_is_older_than_epochs_begins_anew_like_others() {
    let database = Database::new().await;
    let journal = database.open().await.stores().journal;
    let doc = DocId::new(DocKind::Trip);
    journal.create(doc, Bytes::new()).await.unwrap();
    journal.append(doc, 1, vec!["word".into()]).await.unwrap();
    let driver = database.driver().await;
    for (collection, field) in [("documents", "content"), ("entries", "epoch")] {
        let records = driver.collection::<Document>(collection);
        let without = records.update_many(doc! {}, doc! { "$unset": { field: "" } }).await;
        assert_eq!(without.unwrap().modified_count, 1);
    }
    let old = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    assert_eq!((old.epoch, old.is_sealed, old.entries.len()), (1, false, 1));
    journal.seal(doc, 1, 2).await.unwrap();
    let sealed = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    assert_eq!((sealed.epoch, sealed.is_sealed, sealed.entries.len()), (2, true, 1));
    journal.renew(doc, 2, "word".into()).await.unwrap();
    let renewed = journal.load(doc, Generation::Newest).await.unwrap().unwrap();
    assert_eq!((renewed.is_sealed, renewed.entries.len()), (false, 0));
    let left = driver.collection::<Document>("entries").count_documents(doc! {}).await;
    assert_eq!(left.unwrap(), 0);
}

#[tokio::test]
async fn members_who_join_by_two_nodes_at_once_are_all_in() {
    let (_database, one, other) = two_nodes().await;
    let nodes = [one.stores(), other.stores()];
    let owner = known(&nodes[0]).await;
    let now = Timestamp::UNIX_EPOCH;
    let (id, status) = (DocId::new(DocKind::Trip), PlanStatus::Active);
    let plan = Plan { id, status, summary: Summary::default(), created: now, touched: now };
    nodes[0].plans.create(&plan, owner, 10).await.unwrap();
    let people: Vec<_> = join_all((0..24).map(|_| known(&nodes[1]))).await;
    let token = TokenHash([7; 32]);
    let (role, expires) = (Role::Viewer, now + SignedDuration::from_hours(1));
    let (created, revoked, since) = (now, false, 0);
    let invite = InviteId::new();
    let invite =
        Invite { id: invite, plan: id, token, role, by: owner, created, expires, revoked, since };
    nodes[0].plans.create_invite(&invite, 10).await.unwrap();
    let joins = people.iter().enumerate().map(|(number, user)| {
        let (plans, user) = (Arc::clone(&nodes[number % 2].plans), *user);
        async move {
            plans.admit(token, user, now, |_, _| InviteEffect::Granted(Role::Viewer), 10).await
        }
    });
    assert!(join_all(joins).await.iter().all(Result::is_ok));
    assert_eq!(nodes[0].plans.members(id).await.unwrap().len(), 25);
}

#[tokio::test]
async fn nodes_that_start_at_once_share_their_keys() {
    let database = Database::new().await;
    let fresh: Vec<String> =
        (0..4).map(|node| format!("the keys that node {node} made up")).collect();
    let shared = join_all(
        fresh.iter().map(async |fresh| database.open().await.token_keys(fresh).await.unwrap()),
    );
    let shared = shared.await;
    assert!(fresh.contains(&shared[0]) && shared.iter().all(|keys| *keys == shared[0]));
    assert_eq!(database.open().await.token_keys("later").await.unwrap(), shared[0]);
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_left_alone() {
    let database = Database::new().await;
    database.open().await.close().await;
    let settings = database.driver().await.collection::<Document>("settings");
    let newer = doc! { "$set": { "value": 1_000 } };
    settings.update_one(doc! { "_id": "schema" }, newer).await.unwrap();
    let refused = MongoStore::open(&database.url(), &database.name).await.err().unwrap();
    assert!(refused.to_string().contains("written by a newer moim"), "{refused}");
}

#[tokio::test]
async fn a_closed_store_is_unavailable() {
    let database = Database::new().await;
    let store = database.open().await;
    let (journal, doc) = (store.stores().journal, DocId::new(DocKind::Trip));
    journal.create(doc, Bytes::new()).await.unwrap();
    store.close().await;
    let append = journal.append(doc, 1, vec!["late".into()]).await;
    let load = journal.load(doc, Generation::Newest).await;
    assert!(matches!(append, Err(StoreError::Unavailable(_))));
    assert!(matches!(load, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn a_server_that_is_away_or_silent_is_unavailable_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let silent = silent.local_addr().unwrap().to_string();
    let began = Instant::now();
    let attempts = ["127.0.0.1:1", &silent].map(async |address: &str| {
        let url = format!("mongodb://moim:the-password@{address}/");
        let refused = MongoStore::open(&url, "moim").await.err().unwrap();
        let text = refused.to_string();
        assert!(matches!(refused, StoreError::Unavailable(_)) && text.contains(address), "{text}");
        assert!(!text.contains("the-password"), "{text}");
    });
    join_all(attempts).await;
    assert!(began.elapsed() < Duration::from_secs(20));
    let crooked = MongoStore::open("mongo//moim:the-password@db", "moim").await.err().unwrap();
    assert!(!crooked.to_string().contains("the-password"), "{crooked}");
}

//! Rooms as tasks: opened once, idle and over, in trouble with the store, stopped. Time is paused.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use moim::{
    access::Access,
    crdt::{Limits as DocumentLimits, Presence, trip::TripDraft},
    documents::{DocumentStores, FlightLog},
    ids::{DocId, DocKind, Role, UserId, VersionId},
    protocol::{self, CloseCode, Message},
    rooms::{Acks, Joining, Limits, RoomError, Rooms, Said, Seat, Waiting},
    store::{
        self, AsideCause, Generation, Loaded, Quarantine, SetAside, VersionCause, Versions,
        faulty::{Fault, FaultyJournal},
    },
};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use yrs::{
    Doc, GetString, Map, ReadTxn, Text, Transact, Update, WriteTxn, updates::decoder::Decode,
};

use crate::peers::trip;

/// Of the paused clock: what has not come by then never comes.
const PATIENCE: Duration = Duration::from_secs(3600);

pub(crate) struct House {
    pub(crate) rooms: Rooms,
    roles: Roles,
    pub(crate) journal: FaultyJournal,
    pub(crate) doc: DocId,
    tasks: TaskTracker,
    closing: CancellationToken,
    _flights: tempfile::TempDir,
}

pub(crate) fn house() -> House {
    house_with(Limits { document: DocumentLimits::default(), ..Limits::default() })
}

/// Three days in Jeju, the same bytes each time: a draft takes a name at random, which makes it longer or shorter.
pub(crate) fn state() -> Bytes {
    static STATE: LazyLock<Bytes> =
        LazyLock::new(|| TripDraft::with_days("제주", 3, None).encode().into());
    STATE.clone()
}

pub(crate) fn house_with(limits: Limits) -> House {
    let journal = FaultyJournal::default();
    let doc = DocId::new(DocKind::Trip);
    journal.create_now(doc, state()).unwrap();
    let stores = DocumentStores {
        journal: Arc::new(journal.clone()),
        quarantine: Arc::new(journal.clone()),
        versions: Arc::new(journal.clone()),
        summaries: Arc::new(journal.clone()),
    };
    let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
    let folder = tempfile::tempdir().unwrap();
    let (flights, _) = FlightLog::open(folder.path()).unwrap();
    let roles = Roles::default();
    let access = Arc::new(roles.clone());
    let rooms = Rooms::new(stores, access, flights, limits, tasks.clone(), closing.clone());
    House { rooms, roles, journal, doc, tasks, closing, _flights: folder }
}

/// What people may do by the store, where a test has set it.
#[derive(Clone)]
pub(crate) struct Roles {
    set: Arc<Mutex<BTreeMap<UserId, Option<Role>>>>,
    /// While a test has the only permit, answers are late.
    answers: Arc<Semaphore>,
}

impl Default for Roles {
    fn default() -> Self {
        Self { set: Arc::default(), answers: Arc::new(Semaphore::new(1)) }
    }
}

impl Roles {
    pub(crate) fn set(&self, user: UserId, role: Option<Role>) {
        self.set.lock().unwrap().insert(user, role);
    }
}

#[async_trait]
impl Access for Roles {
    async fn role_now(&self, _: DocId, user: UserId) -> store::Result<Option<Role>> {
        let role = self.set.lock().unwrap().get(&user).copied().unwrap_or(Some(Role::Editor));
        let _late = self.answers.acquire().await;
        Ok(role)
    }
}

pub(crate) fn joining(role: Role) -> Joining {
    let person = Presence { id: UserId::new(), name: "미나".into(), color: "#336699".into() };
    Joining { person, role, acks: Acks::Counted, epoch: None }
}

impl House {
    pub(crate) async fn join(&self, role: Role) -> Seat {
        self.rooms.open(self.doc).await.unwrap().join(joining(role)).await.unwrap()
    }

    /// Returns when no room is open any more.
    async fn is_empty(&self) {
        let emptied = async {
            while self.rooms.count() > 0 {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        };
        timeout(PATIENCE, emptied).await.expect("a room stays open");
    }

    fn stored(&self) -> Loaded {
        self.journal.load_now(self.doc, Generation::Newest).unwrap().unwrap()
    }

    fn entries(&self) -> usize {
        self.stored().entries.len()
    }
}

/// An edit by a replica of its own: sets a key in the meta map.
pub(crate) fn edit(key: &str) -> Bytes {
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    let meta = txn.get_or_insert_map("meta");
    meta.insert(&mut txn, key, "value");
    drop(txn);
    doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()).into()
}

fn retitled(title: &str) -> Bytes {
    let doc = Doc::new();
    let mut txn = doc.transact_mut();
    let text = txn.get_or_insert_text("title");
    text.insert(&mut txn, 0, title);
    drop(txn);
    doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()).into()
}

pub(crate) async fn say(seat: &Seat, message: Message) {
    seat.tell(Said::Message(message)).await.unwrap();
}

/// Asks for the document, as clients do when they come.
pub(crate) async fn ask(seat: &Seat) {
    say(seat, Message::Step1(Bytes::from_static(&[0]))).await;
}

/// Everything that comes until this frame does.
pub(crate) async fn until(seat: &Seat, wanted: &Bytes) -> Vec<Bytes> {
    let mut seen = Vec::new();
    let hearing = async {
        while !seen.contains(wanted) {
            let waiting = seat.outbox().next(&mut seen).await;
            assert_eq!(waiting, Waiting::Frames, "closed before {wanted:?}");
        }
    };
    timeout(PATIENCE, hearing).await.unwrap_or_else(|_| panic!("never heard: {wanted:?}"));
    seen
}

pub(crate) async fn closed(seat: &Seat) -> CloseCode {
    let hearing = async {
        let mut frames = Vec::new();
        loop {
            if let Waiting::Closed(code) = seat.outbox().next(&mut frames).await {
                return code;
            }
            frames.clear();
        }
    };
    timeout(PATIENCE, hearing).await.expect("never closed")
}

/// W6
#[tokio::test(start_paused = true)]
async fn others_see_an_edit_before_it_is_durable_and_its_sender_hears_of_it_after() {
    let house = house();
    let (writer, reader) = (house.join(Role::Editor).await, house.join(Role::Viewer).await);
    ask(&reader).await;
    house.journal.hold();
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    until(&reader, &protocol::update(&update)).await;
    assert_eq!(house.entries(), 0, "not durable yet");
    house.journal.release();
    until(&writer, &protocol::stored(1)).await;
    assert_eq!(house.entries(), 1);
}

/// W2, W6: what comes before what it builds on, clients merge until that is there, and lose some of it.
#[tokio::test(start_paused = true)]
async fn who_comes_is_sent_nothing_that_builds_on_what_it_does_not_have() {
    let house = house();
    let writer = house.join(Role::Editor).await;
    let replica = Doc::new();
    let type_one = |key: &str| -> Bytes {
        let mut txn = replica.transact_mut();
        let text = txn.get_or_insert_text("desc");
        text.insert(&mut txn, 0, key);
        txn.encode_update_v1().into()
    };
    // The first of them is in the encoding that is kept, the others beside it.
    say(&writer, Message::Update(type_one("a"))).await;
    until(&writer, &protocol::stored(1)).await;
    assert_eq!(whole_after_asking(&house.join(Role::Viewer).await).await, "a");
    let early = house.join(Role::Viewer).await;
    for (count, key) in (2..).zip(["b", "c", "d"]) {
        say(&writer, Message::Update(type_one(key))).await;
        until(&writer, &protocol::stored(count)).await;
    }
    assert_eq!(whole_after_asking(&early).await, "dcba", "what was said before it asked, too");
    let late = house.join(Role::Viewer).await;
    assert_eq!(whole_after_asking(&late).await, "dcba");
    let update = type_one("e");
    say(&writer, Message::Update(update.clone())).await;
    for seat in [&early, &late] {
        until(seat, &protocol::update(&update)).await;
    }
}

/// Asks, takes everything up to the step 2 into an empty replica, and says what is written in it.
async fn whole_after_asking(seat: &Seat) -> String {
    ask(seat).await;
    let (doc, mut seen) = (Doc::new(), Vec::new());
    while !seen.iter().any(|frame: &Bytes| frame.starts_with(&[0, 1])) {
        assert_eq!(seat.outbox().next(&mut seen).await, Waiting::Frames);
    }
    for message in seen.into_iter().flat_map(protocol::messages) {
        let (Message::Update(update) | Message::Step2(update)) = message.unwrap() else { continue };
        let update = Update::decode_v1(&update).unwrap();
        doc.transact_mut().apply_update(update).unwrap();
        let waits = doc.transact().store().pending_update().is_some();
        assert!(!waits, "it builds on what has not come yet");
    }
    let text = doc.get_or_insert_text("desc");
    text.get_string(&doc.transact())
}

#[tokio::test(start_paused = true)]
async fn edits_that_cannot_be_stored_are_kept_and_tried_again_and_their_sender_waits() {
    let house = house();
    let writer = house.join(Role::Editor).await;
    house.journal.fail_appends(4, Fault::Refused);
    say(&writer, Message::Update(edit("a"))).await;
    say(&writer, Message::Update(edit("b"))).await;
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!((house.entries(), house.rooms.troubled()), (0, 1));
    until(&writer, &protocol::stored(2)).await;
    assert_eq!((house.entries(), house.rooms.troubled()), (2, 0));
}

/// W7
#[tokio::test(start_paused = true)]
async fn a_reader_who_writes_is_refused_and_nothing_is_stored() {
    let house = house();
    let (viewer, other) = (house.join(Role::Viewer).await, house.join(Role::Editor).await);
    ask(&viewer).await;
    say(&viewer, Message::Update(edit("a"))).await;
    let refused = protocol::refused(1, protocol::RefusedStatus::ReadOnly, "read-only");
    let mut seen = until(&viewer, &refused).await;
    let update = edit("b");
    say(&other, Message::Update(update.clone())).await;
    seen.extend(until(&viewer, &protocol::update(&update)).await);
    assert!(seen.contains(&protocol::denied("read-only")), "told once in words");
    assert_eq!(house.entries(), 1, "only the editor's edit");
}

#[tokio::test(start_paused = true)]
async fn who_is_made_a_reader_or_removed_feels_it_at_once() {
    let house = house();
    let someone = joining(Role::Editor);
    let user = someone.person.id;
    let seat = house.rooms.open(house.doc).await.unwrap().join(someone).await.unwrap();
    house.roles.set(user, Some(Role::Viewer));
    house.rooms.access_changed(house.doc, user, Some(Role::Viewer)).await;
    until(&seat, &protocol::access("viewer")).await;
    say(&seat, Message::Update(edit("a"))).await;
    let refused = protocol::refused(1, protocol::RefusedStatus::ReadOnly, "read-only");
    until(&seat, &refused).await;
    house.roles.set(user, None);
    house.rooms.access_changed(house.doc, user, None).await;
    assert_eq!(closed(&seat).await, CloseCode::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_older_than_the_last_change_is_not_believed() {
    let house = house();
    let someone = joining(Role::Owner);
    let user = someone.person.id;
    let seat = house.rooms.open(house.doc).await.unwrap().join(someone).await.unwrap();
    let late = house.roles.answers.acquire().await;
    house.roles.set(user, Some(Role::Editor));
    house.rooms.access_changed(house.doc, user, Some(Role::Editor)).await;
    until(&seat, &protocol::access("editor")).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    // The room has asked, and is told what holds no more.
    house.roles.set(user, Some(Role::Viewer));
    seat.tell(Said::Role(Some(Role::Viewer))).await.unwrap();
    let mut seen = until(&seat, &protocol::access("viewer")).await;
    seen.clear();
    drop(late);
    let listening = async { while seat.outbox().next(&mut seen).await == Waiting::Frames {} };
    let _: Result<(), _> = timeout(Duration::from_secs(10), listening).await;
    assert!(!seen.contains(&protocol::access("editor")), "it goes back on it");
}

#[tokio::test(start_paused = true)]
async fn of_two_changes_of_one_role_that_come_in_the_wrong_order_the_last_one_holds() {
    let house = house();
    let someone = joining(Role::Viewer);
    let user = someone.person.id;
    let seat = house.rooms.open(house.doc).await.unwrap().join(someone).await.unwrap();
    house.roles.set(user, None);
    house.rooms.access_changed(house.doc, user, Some(Role::Editor)).await;
    assert_eq!(closed(&seat).await, CloseCode::Forbidden);
}

#[tokio::test(start_paused = true)]
async fn a_room_that_stays_empty_folds_its_journal_and_is_over() {
    let house = house();
    let writer = house.join(Role::Editor).await;
    say(&writer, Message::Update(retitled("새 "))).await;
    until(&writer, &protocol::stored(1)).await;
    drop(writer);
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!((house.rooms.count(), house.entries()), (1, 1), "it waits for who comes back");
    house.is_empty().await;
    assert_eq!((house.rooms.count(), house.entries()), (0, 0));
    let (summary, _) = house.journal.summary_now(house.doc).unwrap();
    // Two who write at one place: either may come first.
    assert_eq!(summary.title.replace('새', "").trim(), "제주");
}

#[tokio::test(start_paused = true)]
async fn a_journal_is_folded_beside_people_who_write_once_it_is_worth_it() {
    let house = house_with(Limits { fold_after: 2, ..Limits::default() });
    let writer = house.join(Role::Editor).await;
    let mut said = 0;
    let mut entries_after = async |update: Bytes| {
        said += 1;
        say(&writer, Message::Update(update)).await;
        until(&writer, &protocol::stored(said)).await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        house.entries()
    };
    let large = entries_after(retitled(&"큰 ".repeat(5_000))).await;
    let few = [large, entries_after(edit("a")).await, entries_after(edit("b")).await];
    assert_eq!(few, [1, 2, 0], "more than the least, and large beside the state");
    for nth in 1..=20 {
        assert_eq!(entries_after(edit(&nth.to_string())).await, nth, "small beside the state");
    }
    assert_eq!(entries_after(edit("c")).await, 0, "too many to be replayed");
    assert_eq!(house.rooms.count(), 1, "the writer is still there");
}

#[tokio::test(start_paused = true)]
async fn a_room_is_read_once_however_many_come_and_a_failed_read_is_not_remembered() {
    let house = house();
    house.journal.fail_loads(1);
    assert!(matches!(house.rooms.open(house.doc).await, Err(RoomError::Store(_))));
    assert_eq!(house.rooms.count(), 0);
    let visitors = (0..20).map(|_| house.join(Role::Viewer));
    let seats = futures_util::future::join_all(visitors).await;
    assert_eq!((house.rooms.count(), seats.len()), (1, 20));
    let unknown = house.rooms.open(DocId::new(DocKind::Trip)).await;
    assert!(matches!(unknown, Err(RoomError::NotFound)));
    assert_eq!(house.rooms.count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stop_takes_what_was_accepted_to_the_journal_first() {
    let house = house();
    let writer = house.join(Role::Editor).await;
    house.journal.fail_appends(3, Fault::Refused);
    say(&writer, Message::Update(edit("a"))).await;
    tokio::time::sleep(Duration::from_millis(10)).await;
    house.closing.cancel();
    house.tasks.close();
    house.tasks.wait().await;
    assert_eq!(house.entries(), 1);
    assert_eq!(closed(&writer).await, CloseCode::GoingAway);
    assert!(matches!(house.rooms.open(house.doc).await, Err(RoomError::Draining)));
}

#[tokio::test(start_paused = true)]
async fn a_restore_is_an_edit_between_two_versions_and_can_be_undone() {
    let house = house();
    let handle = house.rooms.open(house.doc).await.unwrap();
    let by = UserId::new();
    let saved = handle.save(Some("처음".into()), by).await.unwrap().version;
    handle.rename("부산".into()).await.unwrap();
    let restored = handle.restore(saved.id, by).await.unwrap();
    assert_eq!(trip(&handle.project().await.unwrap()).title, "제주");
    assert_eq!(restored.before.cause, VersionCause::BeforeRestore);
    assert_eq!(restored.after.cause, VersionCause::Restored { from: saved.id });
    handle.restore(restored.before.id, by).await.unwrap();
    assert_eq!(trip(&handle.project().await.unwrap()).title, "부산");
    assert_eq!(house.journal.list(house.doc, None, 10).await.unwrap().len(), 5);
    let unknown = handle.restore(VersionId::new(), by).await;
    assert!(matches!(unknown, Err(RoomError::NotFound)));
}

/// What is written while the version before a restore is being kept would be in none.
#[tokio::test]
async fn what_is_written_up_to_a_restore_is_in_the_version_before_it() {
    let house = house();
    let handle = house.rooms.open(house.doc).await.unwrap();
    let by = UserId::new();
    let saved = handle.save(None, by).await.unwrap().version;
    for attempt in 0..100 {
        let restore = handle.clone();
        let restoring =
            house.tasks.spawn(async move { restore.restore(saved.id, by).await.unwrap() });
        let (mut last, mut count, mut was_seen) = (String::new(), 0, false);
        while !was_seen && !restoring.is_finished() {
            count += 1;
            last = format!("{attempt}: {count}");
            handle.rename(last.clone()).await.unwrap();
            was_seen = trip(&handle.project().await.unwrap()).title == "제주";
        }
        let before = restoring.await.unwrap().before;
        // Otherwise it was between a look at the title and the next one, which wrote over it.
        if was_seen {
            let (_, content) = house.journal.get(before.id).await.unwrap().unwrap();
            let projection: serde_json::Value = serde_json::from_str(&content.projection).unwrap();
            assert_eq!(projection["title"], last);
            return;
        }
    }
    panic!("it was never seen");
}

#[tokio::test(start_paused = true)]
async fn a_copy_of_another_epoch_is_turned_away() {
    let house = house();
    let handle = house.rooms.open(house.doc).await.unwrap();
    let joining = Joining { epoch: Some(7), ..joining(Role::Editor) };
    assert!(matches!(handle.join(joining).await, Err(RoomError::OtherEpoch)));
    let joining = Joining { epoch: Some(1), ..self::joining(Role::Editor) };
    assert!(handle.join(joining).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_its_room_alone_and_its_members_come_back_into_a_healthy_one() {
    let house = house();
    let neighbour = DocId::new(DocKind::Trip);
    house
        .journal
        .create_now(neighbour, TripDraft::with_days("부산", 3, None).encode().into())
        .unwrap();
    let next_door = house.rooms.open(neighbour).await.unwrap();
    let other = next_door.join(joining(Role::Editor)).await.unwrap();
    let writer = house.join(Role::Editor).await;
    let update = edit("kept");
    say(&writer, Message::Update(update.clone())).await;
    until(&writer, &protocol::stored(1)).await;
    house.journal.fail_appends(1, Fault::Panic);
    say(&writer, Message::Update(edit("a"))).await;
    assert_eq!(closed(&writer).await, CloseCode::Internal);

    let again = house.join(Role::Editor).await;
    say(&again, Message::Update(edit("b"))).await;
    until(&again, &protocol::stored(1)).await;
    assert_eq!(house.entries(), 2, "what was acknowledged before, and the new one");
    say(&other, Message::Update(edit("c"))).await;
    until(&other, &protocol::stored(1)).await;
}

#[tokio::test(start_paused = true)]
async fn an_edit_that_is_set_aside_is_refused_however_it_comes_again() {
    let house = house();
    let fatal = Doc::with_client_id(77);
    let text = fatal.get_or_insert_text("desc");
    text.insert(&mut fatal.transact_mut(), 0, "fatal");
    let all = |doc: &Doc| {
        Bytes::from(doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()))
    };
    let update = all(&fatal);
    let at = jiff::Timestamp::UNIX_EPOCH;
    let aside = SetAside { cause: AsideCause::Fatal, at, update: update.clone() };
    house.journal.set_aside(house.doc, &aside).await.unwrap();

    text.insert(&mut fatal.transact_mut(), 5, " and more");
    for again in [update, all(&fatal)] {
        let sender = house.join(Role::Editor).await;
        say(&sender, Message::Step2(again)).await;
        let reason = "set aside: an edit in it may have ended the server";
        until(&sender, &protocol::refused(1, protocol::RefusedStatus::Malformed, reason)).await;
    }
    let writer = house.join(Role::Editor).await;
    say(&writer, Message::Update(edit("a"))).await;
    until(&writer, &protocol::stored(1)).await;
    assert_eq!(house.entries(), 1, "others go on");
}

#[tokio::test(start_paused = true)]
async fn a_document_that_ended_a_process_when_it_was_read_is_not_read_again_until_it_is_released() {
    let house = house();
    let at = jiff::Timestamp::UNIX_EPOCH;
    let aside = SetAside { cause: AsideCause::Unreadable, at, update: Bytes::new() };
    house.journal.set_aside(house.doc, &aside).await.unwrap();
    assert!(matches!(house.rooms.open(house.doc).await, Err(RoomError::Unreadable(_))));
    Quarantine::release(&house.journal, house.doc).await.unwrap();
    assert!(house.rooms.open(house.doc).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_newest_state_that_makes_no_document_is_healed_by_folding() {
    let house = house();
    house.journal.append_now(house.doc, 1, vec![retitled("새 ")]).unwrap();
    let entries: Vec<_> = house.stored().entries.iter().map(|entry| entry.id).collect();
    let nonsense = Bytes::from_static(b"what was written, and yet no document");
    house.journal.fold_now(house.doc, 1, nonsense, &entries).unwrap();
    let handle = house.rooms.open(house.doc).await.unwrap();
    let title = trip(&handle.project().await.unwrap()).title.clone();
    assert!(title.contains("제주") && title.contains("새"), "{title}");
    house.is_empty().await;
    let healed = house.stored();
    assert_eq!((healed.generation, healed.entries.len()), (3, 0));
    let again = house.rooms.open(house.doc).await.unwrap();
    assert_eq!(trip(&again.project().await.unwrap()).title, title);
}

#[tokio::test(start_paused = true)]
async fn a_document_without_a_sound_state_is_unreadable_and_not_missing() {
    let house = house();
    let doc = DocId::new(DocKind::Trip);
    house.journal.create_now(doc, Bytes::from_static(b"no document")).unwrap();
    let opened = house.rooms.open(doc).await;
    assert!(matches!(opened, Err(RoomError::Unreadable(_))));
}

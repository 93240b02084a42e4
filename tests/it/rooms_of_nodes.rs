//! The rooms of two nodes as tasks, over a bus in memory. Time is paused.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moim::{
    bus::{Bus, memory::MemoryBus},
    crdt::trip::TripDraft,
    documents::{DocumentStores, FlightLog},
    ids::{DocId, DocKind, Role, UserId},
    protocol::{self, CloseCode, Message},
    rooms::{Joining, Limits, Rooms, Seat, Waiting},
    store::{
        self,
        faulty::{Fault, FaultyJournal},
    },
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::rooms::{Roles, ask, closed, edit, joining, say, until};

struct Node {
    rooms: Rooms,
    bus: MemoryBus,
    tasks: TaskTracker,
    closing: CancellationToken,
    hub: (TaskTracker, CancellationToken),
    _flights: tempfile::TempDir,
}

struct Two {
    nodes: [Node; 2],
    journal: FaultyJournal,
    roles: Roles,
    doc: DocId,
}

fn two() -> Two {
    let journal = FaultyJournal::default();
    let doc = DocId::new(DocKind::Trip);
    journal.create_now(doc, TripDraft::with_days("제주", 3, None).encode().into()).unwrap();
    let (roles, bus) = (Roles::default(), MemoryBus::new());
    let nodes = [bus.another(), bus].map(|bus| Node::start(&journal, bus, &roles));
    Two { nodes, journal, roles, doc }
}

impl Node {
    fn start(journal: &FaultyJournal, bus: MemoryBus, roles: &Roles) -> Self {
        let stores = DocumentStores {
            journal: Arc::new(journal.clone()),
            quarantine: Arc::new(journal.clone()),
            versions: Arc::new(journal.clone()),
            summaries: Arc::new(journal.clone()),
        };
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let folder = tempfile::tempdir().unwrap();
        let (flights, _) = FlightLog::open(folder.path()).unwrap();
        let access = Arc::new(roles.clone());
        let limits = Limits::default();
        let rooms = Rooms::new(stores, access, flights, limits, tasks.clone(), closing.clone());
        let hub = (TaskTracker::new(), CancellationToken::new());
        rooms.join_nodes(Arc::new(bus.clone()), &hub.0, hub.1.clone());
        Self { rooms, bus, tasks, closing, hub, _flights: folder }
    }

    async fn stop(&self) {
        for (tasks, closing) in [(&self.tasks, &self.closing), (&self.hub.0, &self.hub.1)] {
            closing.cancel();
            tasks.close();
            tasks.wait().await;
        }
        self.bus.close().await;
    }
}

impl Two {
    async fn join(&self, node: usize, who: Joining) -> Seat {
        let seat = self.nodes[node].rooms.open(self.doc).await.unwrap().join(who).await.unwrap();
        ask(&seat).await;
        seat
    }

    fn present(&self) -> [usize; 2] {
        [0, 1].map(|node| self.nodes[node].rooms.present(self.doc))
    }
}

async fn pass(time: u64) {
    tokio::time::sleep(Duration::from_millis(time)).await;
}

async fn frames_for(seat: &Seat, time: u64) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let hearing = async {
        loop {
            seat.outbox().next(&mut frames).await;
        }
    };
    let _: Result<(), _> = tokio::time::timeout(Duration::from_millis(time), hearing).await;
    frames
}

#[tokio::test(start_paused = true)]
async fn people_on_another_node_see_an_edit_only_once_it_is_durable() {
    let two = two();
    let writer = two.join(0, joining(Role::Editor)).await;
    let neighbour = two.join(0, joining(Role::Viewer)).await;
    let reader = two.join(1, joining(Role::Viewer)).await;
    two.journal.hold();
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    until(&neighbour, &protocol::update(&update)).await;
    assert!(!frames_for(&reader, 5000).await.contains(&protocol::update(&update)));
    two.journal.release();
    until(&reader, &protocol::update(&update)).await;
}

#[tokio::test(start_paused = true)]
async fn edits_of_another_node_are_not_journaled_again_and_hold_no_acknowledgement_up() {
    let two = two();
    let (one, other) =
        (two.join(0, joining(Role::Editor)).await, two.join(1, joining(Role::Editor)).await);
    for count in 1..=3 {
        let update = edit(&format!("key {count}"));
        say(&one, Message::Update(update.clone())).await;
        until(&other, &protocol::update(&update)).await;
        say(&other, Message::Update(edit(&format!("other key {count}")))).await;
        until(&other, &protocol::stored(count)).await;
    }
    let loaded = two.journal.load_now(two.doc, store::Generation::Newest).unwrap().unwrap();
    assert_eq!(loaded.entries.len(), 6);
}

#[tokio::test(start_paused = true)]
async fn a_document_that_begins_anew_on_one_node_does_so_on_the_other() {
    let two = two();
    let writer = two.join(0, joining(Role::Editor)).await;
    let reader = two.join(1, joining(Role::Viewer)).await;
    pass(1000).await;
    let renewed = two.nodes[0].rooms.open(two.doc).await.unwrap().renew(UserId::new()).await;
    let epoch = renewed.unwrap().epoch;
    let both = tokio::time::timeout(Duration::from_secs(1), async {
        (closed(&writer).await, closed(&reader).await)
    });
    assert_eq!(both.await.unwrap(), (CloseCode::Epoch, CloseCode::Epoch));
    let epochs = [0, 1].map(async |node: usize| {
        two.nodes[node].rooms.open(two.doc).await.unwrap().epoch().await.unwrap()
    });
    assert_eq!(futures_util::future::join_all(epochs).await, [epoch, epoch]);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_cut_off_finds_out_that_the_document_has_begun_anew() {
    let two = two();
    let reader = two.join(1, joining(Role::Viewer)).await;
    pass(1000).await;
    two.nodes[1].bus.cut_off();
    two.nodes[0].rooms.open(two.doc).await.unwrap().renew(UserId::new()).await.unwrap();
    pass(1000).await;
    two.nodes[1].bus.reconnect();
    assert_eq!(closed(&reader).await, CloseCode::Epoch);
}

/// The word of it is lost, and with it every sign that something was.
#[tokio::test(start_paused = true)]
async fn rooms_of_two_epochs_never_mix_and_the_older_one_ends() {
    let two = two();
    let reader = two.join(1, joining(Role::Viewer)).await;
    pass(20_000).await;
    two.journal.seal_now(two.doc, 1, 2).unwrap();
    let writer = Joining { epoch: Some(2), ..joining(Role::Editor) };
    let writer = two.join(0, writer).await;
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    until(&writer, &protocol::stored(1)).await;
    let mut heard = Vec::new();
    let hearing = async { while let Waiting::Frames = reader.outbox().next(&mut heard).await {} };
    let over = tokio::time::timeout(Duration::from_secs(60), hearing).await;
    assert!(over.is_ok(), "the older room goes on");
    assert!(!heard.contains(&protocol::update(&update)), "an edit of the next epoch came in");
    assert_eq!(closed(&reader).await, CloseCode::Epoch);
}

#[tokio::test(start_paused = true)]
async fn a_node_that_was_cut_off_gets_what_it_missed_even_from_who_has_gone() {
    let two = two();
    let writer = two.join(0, joining(Role::Editor)).await;
    let reader = two.join(1, joining(Role::Viewer)).await;
    pass(1000).await;
    two.nodes[1].bus.cut_off();
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    until(&writer, &protocol::stored(1)).await;
    drop(writer);
    two.nodes[0].stop().await;
    two.nodes[1].bus.reconnect();
    until(&reader, &protocol::update(&update)).await;
}

#[tokio::test(start_paused = true)]
async fn people_are_counted_on_all_nodes_until_their_node_is_silent() {
    let two = two();
    let mina = joining(Role::Editor);
    let _here = two.join(0, mina.clone()).await;
    let there = two.join(1, mina.clone()).await;
    let _other = two.join(1, joining(Role::Viewer)).await;
    pass(1000).await;
    assert_eq!(two.present(), [2, 2]);
    drop(there);
    pass(1000).await;
    assert_eq!(two.present(), [2, 2], "she is still on the other node");
    two.nodes[1].bus.cut_off();
    pass(11_000).await;
    assert_eq!(two.present(), [1, 1]);
    two.nodes[1].bus.reconnect();
    pass(5000).await;
    assert_eq!(two.present(), [2, 2]);
    two.nodes[1].stop().await;
    pass(100).await;
    assert_eq!(two.nodes[0].rooms.present(two.doc), 1, "at once");
}

#[tokio::test(start_paused = true)]
async fn who_was_removed_while_a_node_was_cut_off_is_out_when_it_is_back() {
    let two = two();
    let [jun, hana] = [joining(Role::Editor), joining(Role::Editor)];
    let seats = [two.join(1, jun.clone()).await, two.join(1, hana.clone()).await];
    pass(1000).await;
    two.roles.set(jun.person.id, None);
    two.nodes[0].rooms.access_changed(two.doc, jun.person.id, None).await;
    assert_eq!(closed(&seats[0]).await, CloseCode::Forbidden);
    two.nodes[1].bus.cut_off();
    two.roles.set(hana.person.id, Some(Role::Viewer));
    two.nodes[0].rooms.access_changed(two.doc, hana.person.id, Some(Role::Viewer)).await;
    pass(1000).await;
    two.nodes[1].bus.reconnect();
    until(&seats[1], &protocol::access("viewer")).await;
}

#[tokio::test(start_paused = true)]
async fn idle_rooms_say_next_to_nothing() {
    let two = two();
    let _seats =
        [two.join(0, joining(Role::Viewer)).await, two.join(1, joining(Role::Viewer)).await];
    pass(60_000).await;
    let before = two.nodes[0].bus.published();
    pass(600_000).await;
    let said = two.nodes[0].bus.published() - before;
    // Both nodes say that they are alive every 3 s; the rooms at most every 4 min.
    assert!(said < 2 * 200 + 2 * 8, "{said}");
}

#[tokio::test(start_paused = true)]
async fn edits_that_can_not_be_stored_go_nowhere() {
    let two = two();
    let writer = two.join(0, joining(Role::Editor)).await;
    let reader = two.join(1, joining(Role::Viewer)).await;
    two.journal.fail_appends(3, Fault::Refused);
    let update = edit("a");
    say(&writer, Message::Update(update.clone())).await;
    assert!(!frames_for(&reader, 100).await.contains(&protocol::update(&update)));
    until(&reader, &protocol::update(&update)).await;
}

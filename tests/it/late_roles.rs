//! A role that changes just while somebody comes in: what was true before does not come in with them.

use std::{net::SocketAddr, num::NonZeroU32, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use moim::{
    access::{Access, StoredAccess},
    auth::{Keys, Ticket},
    connection::{self, Admission, ConnectionState, Holds, Limits, Line, Origins},
    crdt::trip::TripDraft,
    documents::{DocumentStores, FlightLog},
    ids::{DocId, DocKind, InviteId, Role, UserId},
    protocol::{self, RefusedStatus},
    rooms::{self, Rooms},
    store::{
        Account, Authority, EntryId, Generation, Invite, InviteEffect, InviteRule, Journal,
        Language, Loaded, PasswordHash, Plan, PlanStatus, Result, RoleChange, Stores, Summary,
        TokenHash, sqlite::SqliteStore,
    },
};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    common::program::PATIENCE,
    peers::{Peer, add_card},
    serving::Person,
    socket::Socket,
};

const KEY: &str = "a-key-that-signs-the-tickets-of-this-test";

/// A journal that reads nothing until it is let.
struct Held {
    journal: Arc<dyn Journal>,
    reading: Semaphore,
    let_read: Semaphore,
}

#[async_trait]
impl Journal for Held {
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()> {
        self.journal.create(doc, state).await
    }

    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        self.journal.append(doc, epoch, updates).await
    }

    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>> {
        self.reading.add_permits(1);
        let _permit = self.let_read.acquire().await.unwrap();
        self.journal.load(doc, generation).await
    }

    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        self.journal.fold(doc, base, state, entries).await
    }

    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()> {
        self.journal.replace(doc, unloadable, base, state, entries).await
    }

    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()> {
        self.journal.seal(doc, epoch, next).await
    }

    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()> {
        self.journal.renew(doc, epoch, state).await
    }
}

/// Sockets of one document, whose room opens when it is let.
struct House {
    person: Person,
    stores: Stores,
    rooms: Rooms,
    journal: Arc<Held>,
    keys: Keys,
    doc: DocId,
    owner: UserId,
    _serving: JoinSet<std::io::Result<()>>,
    _folder: tempfile::TempDir,
}

impl House {
    async fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let stores = SqliteStore::open(&folder.path().join("moim.db")).await.unwrap().stores();
        let (reading, let_read) = (Semaphore::new(0), Semaphore::new(0));
        let journal = Arc::new(Held { journal: Arc::clone(&stores.journal), reading, let_read });
        let mut kept = DocumentStores::from(&stores);
        kept.journal = Arc::clone(&journal) as Arc<dyn Journal>;
        let (tasks, closing) = (TaskTracker::new(), CancellationToken::new());
        let (flights, _) = FlightLog::open(&folder.path().join("flight")).unwrap();
        let limits = rooms::Limits::default();
        let access: Arc<dyn Access> = Arc::new(StoredAccess(Arc::clone(&stores.plans)));
        let rooms =
            Rooms::new(kept, Arc::clone(&access), flights, limits, tasks.clone(), closing.clone());
        let keys = Keys::new(&[KEY]).unwrap();
        let router = connection::router(ConnectionState {
            rooms: rooms.clone(),
            access,
            keys: Arc::new(keys.clone()),
            origins: Arc::new(Origins::default()),
            admission: Admission::default(),
            line: Arc::new(Line::new(NonZeroU32::MAX)),
            holds: Holds::default(),
            limits: Arc::new(Limits::default()),
            tasks,
            draining: CancellationToken::new(),
            closing,
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let person = Person::at(&format!("http://{}", listener.local_addr().unwrap()));
        let mut serving = JoinSet::new();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        serving.spawn(async move { axum::serve(listener, service).await });
        let doc = DocId::new(DocKind::Trip);
        stores
            .journal
            .create(doc, TripDraft::with_days("제주", 3, None).encode().into())
            .await
            .unwrap();
        let owner = UserId::new();
        let (_serving, _folder) = (serving, folder);
        let mut house =
            Self { person, stores, rooms, journal, keys, doc, owner, _serving, _folder };
        house.owner = house.somebody("owner").await;
        let (owner, now) = (house.owner, Timestamp::now());
        let summary = Summary::default();
        let plan =
            Plan { id: doc, status: PlanStatus::Active, summary, created: now, touched: now };
        house.stores.plans.create(&plan, owner, 10).await.unwrap();
        house
    }

    async fn somebody(&self, name: &str) -> UserId {
        let account = Account {
            id: UserId::new(),
            mail: format!("{name}@example.org"),
            name: name.to_owned(),
            language: Language::Ko,
            color: "#336699".to_owned(),
            created: Timestamp::now(),
        };
        let password = PasswordHash("$argon2id$".to_owned());
        self.stores.accounts.create(&account, &password).await.unwrap();
        account.id
    }

    fn as_owner(&self) -> Authority {
        Authority { user: self.owner, least: Role::Owner }
    }

    /// An editor who has come in by an invitation.
    async fn editor(&self, name: &str) -> UserId {
        let user = self.somebody(name).await;
        let (role, token, now) = (Role::Editor, TokenHash([1; 32]), Timestamp::now());
        let expires = now + SignedDuration::from_hours(1);
        let (plan, by, created, revoked, since) = (self.doc, self.owner, now, false, 0);
        let id = InviteId::new();
        let invite = Invite { id, plan, token, role, by, created, expires, revoked, since };
        self.stores.plans.create_invite(&invite, 10).await.unwrap();
        let let_in: InviteRule = |facts, _| InviteEffect::Granted(facts.invite.role);
        self.stores.plans.admit(token, user, now, let_in, 10).await.unwrap();
        user
    }

    /// What happens when a member's role is set.
    async fn set_role(&self, user: UserId, to: Role) {
        let change = RoleChange { user, from: None, to };
        self.stores.plans.set_role(self.doc, self.as_owner(), change).await.unwrap().unwrap();
        self.rooms.access_changed(self.doc, user, Some(to)).await;
    }

    async fn knock(&self, user: UserId) -> Socket {
        let ticket = Ticket {
            user,
            name: "jun".to_owned(),
            color: "#336699".to_owned(),
            doc: self.doc,
            epoch: 1,
            role: Role::Editor,
            expires: Timestamp::now() + SignedDuration::from_mins(1),
        };
        let token = self.keys.issue_ticket(&ticket, Timestamp::now()).unwrap().token;
        let path = format!("{}?ack=1&token={token}", self.doc);
        let socket = Socket::open(&self.person, &path).await;
        // Now the role has been read, and the room is.
        let reading = self.journal.reading.acquire();
        tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().forget();
        socket
    }
}

#[tokio::test]
async fn an_editor_who_is_lowered_while_coming_in_comes_in_as_a_reader() {
    let house = House::open().await;
    let jun = house.editor("jun").await;
    let mut socket = house.knock(jun).await;
    house.set_role(jun, Role::Viewer).await;
    house.journal.let_read.add_permits(10);
    socket.until(|_| true).await.unwrap();
    // The room has heard everything by the time it has answered.
    socket.read().await.unwrap();
    let card = Peer::new(9).edit(|txn| add_card(txn, "late", Some("d1"), "a1"));
    socket.say(protocol::update(&card)).await;
    let refused = protocol::refused(1, RefusedStatus::ReadOnly, "read-only");
    let stored = protocol::stored(1);
    let heard = socket.until(|frame| [&refused, &stored].contains(&frame)).await.unwrap();
    assert_eq!(heard.last(), Some(&refused));
}

#[tokio::test]
async fn a_member_who_is_removed_while_coming_in_is_out() {
    let house = House::open().await;
    let jun = house.editor("jun").await;
    let mut socket = house.knock(jun).await;
    assert!(house.stores.plans.remove_member(house.doc, house.as_owner(), jun).await.unwrap());
    house.rooms.access_changed(house.doc, jun, None).await;
    house.journal.let_read.add_permits(10);
    assert_eq!(socket.close_code().await, Some(4403));
}

//! The wiring: which stores there are, what starts in which order, and in which order it stops.

use std::{
    future::Future,
    io,
    net::TcpListener as StdListener,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::Router;
use tokio::{net::TcpListener, sync::Notify};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access::{Access, StoredAccess},
    accounts::Accounts,
    auth::{KeyringError, Keys, PasswordError, Passwords, Secret},
    bus::Bus,
    config::Config,
    connection::{self, Admission, ConnectionState, Holds, Line, Origins},
    crdt::{self, trip::TripLimits},
    documents::{Court, DocumentStores, FlightLog},
    events::{self, EventsState, Hub},
    http::{self, App},
    notify::{Ears, Notifier},
    plans::{PlanLimits, Plans},
    redis::{Redis, RedisError, bus::RedisBus, state::RedisState},
    rooms::{self, Rooms},
    store::{StoreError, Stores, VersionRoom, mongo::MongoStore, sqlite::SqliteStore},
    telemetry,
    upkeep::{AccessError, DataFolder, Lock, LockError, Phase, complete_restore},
};

/// How often what is only remembered for a while is let go of.
const TIDY_EVERY: Duration = Duration::from_secs(5);

/// Why the server did not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder is not to be had.
    #[error("there is no way to the data folder {0}")]
    Access(AccessError),
    /// The data folder can't be written.
    #[error("the data folder can't be written: {0}")]
    Folder(io::Error),
    /// Somebody else works on the data folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// A database that was restored can't be put in its place.
    #[error("the restore can't be completed: {0}")]
    Restore(io::Error),
    /// There are no signing keys.
    #[error(transparent)]
    Keys(#[from] KeyringError),
    /// Passwords can't be worked on.
    #[error(transparent)]
    Passwords(#[from] PasswordError),
    /// The database file is damaged where all of it begins.
    #[error(
        "{0} is damaged ({1}): `moim doctor` with the same --data says what can be read, with --repair it puts \
         that together anew; or restore a back-up"
    )]
    Damaged(PathBuf, String),
    /// The store can't be opened. Without one nothing is served.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The bus between nodes can't be set up.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// The interface can't describe itself.
    #[error("the interface can't be described: {0}")]
    Description(#[from] serde_json::Error),
    /// The listener is of no use.
    #[error("can't listen: {0}")]
    Listen(io::Error),
    /// A stop in order was not done in time: edits that were not acknowledged may be gone. What was to start
    /// again does not, for no two may run at once.
    #[error("the stop took too long and was cut short after {0:?}")]
    CutShort(Duration),
}

/// How whoever runs the server ends it or makes it start again, and hears that it serves.
#[derive(Debug, Clone, Default)]
pub struct Stop {
    /// In order, with everything written.
    pub in_order: CancellationToken,
    /// Now. What was acknowledged is on the disk in any case.
    pub at_once: CancellationToken,
    /// Stops in order and starts again on the same address, without leaving the process: takes up new keys and
    /// a database that was restored.
    pub again: Arc<Notify>,
    /// Notified at each start, once everything is open.
    pub serving: Arc<Notify>,
}

/// What comes after the server's stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    End,
    StartAgain,
}

impl Stop {
    /// Waits for the end, or for a new start that has what it needs: who wrote a key wrong keeps a server.
    async fn then(&self, config: &Config, data: &DataFolder, store: &Store) -> Then {
        loop {
            tokio::select! {
                biased;
                () = self.in_order.cancelled() => return Then::End,
                () = self.again.notified() => match store.keys(config, data).await {
                    Ok(_) => return Then::StartAgain,
                    Err(error) => tracing::error!(%error, "not started again"),
                },
            }
        }
    }
}

/// Serves until it is stopped. The data folder is its own for so long.
pub async fn run(listener: TcpListener, config: &Config, stop: Stop) -> Result<(), ServeError> {
    let data = DataFolder::prepare(&config.data).map_err(ServeError::Access)?;
    let mut lock = data.lock()?;
    let listener = listener.into_std().map_err(ServeError::Listen)?;
    let serving = async {
        while run_once(&listener, config, &data, &mut lock, &stop).await? == Then::StartAgain {
            tracing::info!("starting again");
        }
        Ok(())
    };
    tokio::select! {
        ended = serving => ended,
        () = stop.at_once.cancelled() => {
            tracing::warn!("stopped at once");
            Ok(())
        }
    }
}

/// From a start to a stop. Who connects in between waits in the listener's queue.
async fn run_once(
    listener: &StdListener,
    config: &Config,
    data: &DataFolder,
    lock: &mut Lock,
    stop: &Stop,
) -> Result<Then, ServeError> {
    let listener = listener.try_clone().and_then(TcpListener::from_std);
    let listener = listener.map_err(ServeError::Listen)?;
    complete_restore(data, lock).map_err(ServeError::Restore)?;
    let server = Server::start(config, data).await?;
    lock.say(Phase::Serving).map_err(ServeError::Folder)?;
    stop.serving.notify_one();
    let store = server.store.clone();
    let then = stop.then(config, data, &store);
    let then = server.serve(listener, then, config.limits.stop()).await?;
    lock.say(Phase::Busy).map_err(ServeError::Folder)?;
    Ok(then)
}

/// Everything that runs.
struct Server {
    store: Store,
    app: Arc<App>,
    router: Router,
    rooms: Rooms,
    door: http::DoorLimits,
    accept: CancellationToken,
    connection_tasks: Part,
    /// Rooms end after connections, so that the last edits of those still find them.
    room_tasks: Part,
    nodes: Option<Nodes>,
}

/// The way to the other nodes.
struct Nodes {
    bus: Arc<RedisBus>,
    /// What keeps it going.
    redis_tasks: TaskTracker,
    hub: Part,
}

impl Nodes {
    /// The others have heard of the last edits; now they hear that this node leaves.
    async fn stop(&self) {
        self.hub.stop().await;
        self.bus.close().await;
        self.redis_tasks.close();
        self.redis_tasks.wait().await;
    }
}

/// Tasks that end together when they are told to.
#[derive(Clone, Default)]
struct Part {
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl Part {
    /// Tells the tasks to end, waits until they have, and says how many there were.
    async fn stop(&self) -> usize {
        let running = self.tasks.len();
        self.closing.cancel();
        self.tasks.close();
        self.tasks.wait().await;
        running
    }
}

impl Server {
    /// Opens what is there, or makes it on the first start.
    async fn start(config: &Config, data: &DataFolder) -> Result<Self, ServeError> {
        let store = Store::open(config, data).await?;
        let keys = store.keys(config, data).await?.with_ticket_life(config.limits.ticket_life());
        let mut stores = store.stores();
        let accept = CancellationToken::new();
        let (connection_tasks, room_tasks) = (Part::default(), Part::default());
        let flights = flights(data, &(&stores).into()).await?;
        let access: Arc<dyn Access> = Arc::new(StoredAccess(Arc::clone(&stores.plans)));
        let rooms = Rooms::new(
            (&stores).into(),
            Arc::clone(&access),
            flights,
            room_limits(config),
            room_tasks.tasks.clone(),
            room_tasks.closing.clone(),
        );
        let ears = Ears::default();
        let nodes = join_nodes(config, &mut stores, &rooms, &ears).await?;
        let connections = ConnectionState {
            rooms: rooms.clone(),
            access,
            keys: Arc::new(keys.clone()),
            origins: Arc::new(origins(config)),
            admission: Admission::default(),
            line: Arc::new(Line::new(config.limits.joins_per_second)),
            holds: Holds::default(),
            limits: Arc::new(connection_limits(config)),
            tasks: connection_tasks.tasks.clone(),
            draining: accept.clone(),
            closing: connection_tasks.closing.clone(),
        };
        let notify = Notifier::new(
            &stores,
            ears,
            connection_tasks.tasks.clone(),
            connection_tasks.closing.clone(),
        );
        let limits = plan_limits(config);
        let plans = Plans::new(&stores, rooms.clone(), notify.clone(), keys.clone(), limits);
        let hub = Hub::default();
        hub.listen(&rooms, &connection_tasks.tasks, connection_tasks.closing.clone());
        let sync = connection::router(connections.clone());
        let events = EventsState { connections, notify: notify.clone(), hub };
        let sockets = sync.merge(events::router(events));
        let instance = store.instance().await?;
        let app = app(config, &stores, plans, notify, keys, instance, nodes.as_ref())?;
        let app = Arc::new(app);
        let router = http::router(Arc::clone(&app), sockets)?;
        let door = door_limits(config);
        Ok(Self { store, app, router, rooms, door, accept, connection_tasks, room_tasks, nodes })
    }

    /// Serves until `stop`, then takes everything down within `time`.
    async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = Then>,
        time: Duration,
    ) -> Result<Then, ServeError> {
        let tidy = tidy(Arc::clone(&self.app), self.connection_tasks.closing.clone());
        self.connection_tasks.tasks.spawn(tidy);
        let (router, accept) = (self.router.clone(), self.accept.clone());
        let accepting = http::serve(&listener, router, self.door, accept);
        let mut accepting = std::pin::pin!(accepting);
        tracing::info!(version = env!("CARGO_PKG_VERSION"), "serving");
        // Accepting goes on until it is told to end.
        let then = tokio::select! {
            () = &mut accepting => Then::End,
            then = stop => then,
        };
        let began = Instant::now();
        match tokio::time::timeout(time, self.stop(accepting)).await {
            Ok(()) => tracing::info!(took = ?began.elapsed(), "stopped"),
            Err(_) => {
                let (rooms, troubled) = (self.rooms.count(), self.rooms.troubled());
                tracing::error!(?time, rooms, troubled, "the stop took too long and was cut short");
                return Err(ServeError::CutShort(time));
            }
        }
        Ok(then)
    }

    /// The order of the stop: nothing closes before what writes to it has ended.
    async fn stop(&self, accepting: impl Future<Output = ()>) {
        tracing::info!("stopping");
        self.app.drain();
        self.accept.cancel();
        let began = Instant::now();
        accepting.await;
        self.app.requests.end(self.door.answer_within.saturating_sub(began.elapsed())).await;
        let connections = self.connection_tasks.stop().await;
        let rooms = self.rooms.count();
        self.room_tasks.stop().await;
        if let Some(nodes) = &self.nodes {
            nodes.stop().await;
        }
        self.store.close().await;
        tracing::info!(connections, rooms, "everything is written");
    }
}

/// The store that was chosen: embedded, or one that several nodes share.
#[derive(Clone)]
enum Store {
    Sqlite(SqliteStore),
    Mongo(MongoStore),
}

impl Store {
    async fn open(config: &Config, data: &DataFolder) -> Result<Self, ServeError> {
        Ok(match &config.mongo_url {
            Some(url) => {
                let name = config.mongo_database.as_str();
                Self::Mongo(MongoStore::open(url.reveal(), name).await?)
            }
            None => match SqliteStore::open(&data.database()).await {
                Err(StoreError::Corrupt(text)) => {
                    return Err(ServeError::Damaged(data.database(), text));
                }
                store => Self::Sqlite(store?),
            },
        })
    }

    /// The signing keys. They are kept where the data is, so that nodes which share the one share the other:
    /// a session and a ticket hold on each of them, and one setting is enough. Who can read the database sees
    /// them: to keep them apart, give them to every node.
    async fn keys(&self, config: &Config, data: &DataFolder) -> Result<Keys, ServeError> {
        match (&config.token_key, self) {
            (Some(keys), _) => Ok(Keys::from_setting(keys.reveal())?),
            (None, Self::Sqlite(_)) => Ok(Keys::open(&data.keys())?),
            (None, Self::Mongo(store)) => {
                let kept = store.token_keys(&Keys::fresh_setting()?).await?;
                Ok(Keys::from_setting(&kept)?)
            }
        }
    }

    /// What tells the data from any other: nodes that share it have the same cookies.
    async fn instance(&self) -> Result<String, ServeError> {
        let fresh = Secret::new().map_err(|_| ServeError::Passwords(PasswordError::Failed))?;
        let fresh: String = fresh.digest()[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(match self {
            Self::Sqlite(store) => store.instance(&fresh).await?,
            Self::Mongo(store) => store.instance(&fresh).await?,
        })
    }

    fn stores(&self) -> Stores {
        match self {
            Self::Sqlite(store) => store.stores(),
            Self::Mongo(store) => store.stores(),
        }
    }

    async fn close(&self) {
        match self {
            Self::Sqlite(store) => store.close().await,
            Self::Mongo(store) => store.close().await,
        }
    }
}

/// Joins the other nodes, if there is a Redis that connects them; then what they know together is kept there.
/// Without one there is no bus at all.
async fn join_nodes(
    config: &Config,
    stores: &mut Stores,
    rooms: &Rooms,
    ears: &Ears,
) -> Result<Option<Nodes>, ServeError> {
    let Some(url) = &config.redis_url else { return Ok(None) };
    let (redis_tasks, hub) = (TaskTracker::new(), Part::default());
    let bus = Arc::new(RedisBus::connect(&Redis::at(url.reveal())?, &redis_tasks)?);
    let state = Arc::new(RedisState::over(&bus).await);
    (stores.sessions, stores.rates) = (state.clone(), state.clone());
    rooms.join_nodes(bus.clone(), &hub.tasks, hub.closing.clone());
    ears.join_nodes(bus.clone(), hub.tasks.clone());
    Ok(Some(Nodes { bus, redis_tasks, hub }))
}

fn app(
    config: &Config,
    stores: &Stores,
    plans: Plans,
    notify: Notifier,
    keys: Keys,
    instance: String,
    nodes: Option<&Nodes>,
) -> Result<App, ServeError> {
    let accounts = Accounts::new(
        Arc::clone(&stores.accounts),
        Arc::clone(&stores.sessions),
        Passwords::new()?,
        keys,
    );
    let parts = http::Parts {
        accounts,
        plans,
        notify,
        rates: Arc::clone(&stores.rates),
        idempotency: Arc::clone(&stores.idempotency),
        health: Arc::clone(&stores.health),
        bus: nodes.map(|nodes| Arc::clone(&nodes.bus) as Arc<dyn Bus>),
        instance,
        metrics: telemetry::metrics(),
    };
    Ok(App::new(parts, config))
}

/// Connections may take this part of what rooms may take, beside it …
const CONNECTIONS: usize = 4;
/// … and each takes so many bytes, with the head of a request.
const CONNECTION: usize = 12 << 10;

/// The pages that may open sockets besides those that come from the very host that they connect to.
fn origins(config: &Config) -> Origins {
    Origins::new(config.public_url.iter().chain(&config.origins).cloned())
}

fn door_limits(config: &Config) -> http::DoorLimits {
    let fitting = config.limits.memory_bytes() / CONNECTIONS / CONNECTION;
    http::DoorLimits {
        connections: config.limits.connections.min(fitting),
        head_within: config.limits.header(),
        // What is left of the stop belongs to the sockets and the rooms.
        answer_within: config.limits.stop() / 3,
    }
}

fn plan_limits(config: &Config) -> PlanLimits {
    PlanLimits {
        plans_per_person: config.limits.trips_per_person,
        open_invites: config.limits.open_invites,
    }
}

fn room_limits(config: &Config) -> rooms::Limits {
    let limits = &config.limits;
    rooms::Limits {
        rooms: limits.rooms,
        memory_bytes: limits.memory_bytes(),
        fold_after: limits.fold_after.get(),
        document: crdt::Limits {
            update_bytes: limits.update_bytes,
            document_bytes: limits.document_bytes,
            // One document may not take what all have.
            memory_bytes: limits.memory_bytes() / 2,
            trip: TripLimits { cards: limits.cards, ..TripLimits::default() },
            awareness_bytes: limits.awareness_bytes,
            awareness_per_second: limits.awareness_per_second.get(),
            ..crdt::Limits::default()
        },
        versions: VersionRoom { count: limits.versions, bytes: limits.versions_bytes() },
        ..rooms::Limits::default()
    }
}

/// Around a step 2: its kind and its length.
const MESSAGE_HEAD: usize = 16;

fn connection_limits(config: &Config) -> connection::Limits {
    let whole = room_limits(config).document.step2_bytes().saturating_add(MESSAGE_HEAD);
    let defaults = connection::Limits::default();
    connection::Limits {
        per_address: config.limits.sockets_per_address,
        per_user: config.limits.sockets_per_user,
        frame_bytes: config.limits.frame_bytes.unwrap_or_else(|| whole.max(defaults.frame_bytes)),
        hello_within: config.limits.hello(),
        messages_per_second: config.limits.messages_per_second.get(),
        bytes_per_second: config.limits.bytes_per_second.get(),
        ..defaults
    }
}

/// Opens the notes, and tries what an earlier process died over before any room opens.
async fn flights(data: &DataFolder, stores: &DocumentStores) -> Result<FlightLog, ServeError> {
    let (flights, found) = FlightLog::open(&data.flight()).map_err(ServeError::Folder)?;
    if !found.is_empty() {
        Court::own().map_err(ServeError::Folder)?.try_all(found, stores).await;
    }
    Ok(flights)
}

async fn tidy(app: Arc<App>, closing: CancellationToken) {
    let mut ticks = tokio::time::interval(TIDY_EVERY);
    while closing.run_until_cancelled(ticks.tick()).await.is_some() {
        app.tidy();
    }
}

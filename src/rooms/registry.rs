//! Opens each room once: the first visitor loads, the others wait for that load.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use futures_util::FutureExt;
use tokio::{
    sync::{Notify, OnceCell, broadcast, mpsc},
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{
    changes::{Change, Changes},
    context::{Context, DoorCounts},
    core::Event,
    error::RoomError,
    fleet::Fleet,
    limits::Limits,
    room::{Actor, Command, Listener, MAILBOX},
};
use crate::{
    access::Access,
    bus::Bus,
    documents::{
        DocumentStores, Flight, FlightLog, Memory, Turn, Turns,
        states::{self, Desk, Lacking, Opened},
        trial,
    },
    ids::{DocId, Role, UserId},
};

/// Who opens a room where none fits waits so long for others to end …
const LEAVING: Duration = Duration::from_secs(3);
/// … and asks them this often.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Work may take this part of what rooms may take, beside it.
const WORK: usize = 3;

/// All rooms of this node.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    slots: Mutex<HashMap<DocId, Arc<Slot>>>,
    access_changes: AtomicU64,
    /// A room has ended.
    freed: Notify,
    context: Context,
    /// Unset on a node that is alone.
    fleet: OnceLock<Arc<Fleet>>,
}

/// Empty while the first visitor loads, and after a load that failed.
type Slot = OnceCell<Door>;

/// The way into a room that is open.
#[derive(Clone)]
struct Door {
    mailbox: mpsc::Sender<Command>,
    counts: DoorCounts,
}

impl Rooms {
    /// No rooms yet. They end, and with them the tasks on `tasks`, when `closing` is cancelled.
    pub fn new(
        stores: DocumentStores,
        access: Arc<dyn Access>,
        flights: FlightLog,
        limits: Limits,
        tasks: TaskTracker,
        closing: CancellationToken,
    ) -> Self {
        let troubled = Arc::default();
        let turns = Turns::new(limits.memory_bytes / WORK);
        let (memory, limits) = (Memory::new(limits.memory_bytes), Arc::new(limits));
        let desk = Desk { stores, flights, turns };
        let changes = Changes::default();
        let context = Context { desk, access, limits, tasks, closing, troubled, memory, changes };
        let (slots, access_changes) = (Mutex::default(), AtomicU64::default());
        let (freed, fleet) = (Notify::new(), OnceLock::new());
        let rooms = Self(Arc::new(Inner { slots, access_changes, freed, context, fleet }));
        rooms.0.context.tasks.spawn(rooms.clone().relieve());
        rooms
    }

    /// Where a room, or what waits for a connection, could not grow, those that nobody is in end before their time.
    async fn relieve(self) {
        let Context { memory, closing, .. } = self.context();
        while closing.run_until_cancelled(memory.is_short()).await.is_some() {
            self.ask_to_leave();
            closing.run_until_cancelled(sleep(ASK_AGAIN)).await;
        }
    }

    /// From now on other nodes may have the same documents open.
    pub(crate) fn enter_fleet(&self, bus: Arc<dyn Bus>) -> Arc<Fleet> {
        let changes = self.0.context.changes.clone();
        Arc::clone(self.0.fleet.get_or_init(|| Arc::new(Fleet::new(bus, changes))))
    }

    /// What any document takes at most.
    pub fn document_limits(&self) -> &crate::crdt::Limits {
        &self.0.context.limits.document
    }

    /// How many people are in the document now, on all nodes.
    pub fn present(&self, doc: DocId) -> usize {
        if let Some(fleet) = self.0.fleet.get() {
            return fleet.present(doc);
        }
        let slots = self.slots();
        let door = slots.get(&doc).and_then(|slot| slot.get());
        door.map_or(0, |door| door.counts.present.load(Ordering::Relaxed))
    }

    /// Hears what changes from now on. Who is too slow is told so, and has to look at everything.
    pub fn changes(&self) -> broadcast::Receiver<Change> {
        self.0.context.changes.listen()
    }

    /// The memory of this node.
    pub fn memory(&self) -> &Memory {
        &self.0.context.memory
    }

    /// Waits until there is memory for work on this document that takes so many times what it takes itself, and so
    /// many bytes beside.
    pub async fn turn(&self, doc: DocId, times: usize, beside: usize) -> Result<Turn, RoomError> {
        let takes = self
            .slots()
            .get(&doc)
            .and_then(|slot| slot.get())
            .map(|door| door.counts.takes.load(Ordering::Relaxed));
        let takes = takes.unwrap_or_default().saturating_mul(times).saturating_add(beside);
        Ok(self.0.context.desk.turns.take(takes).await?)
    }

    /// Waits until there is memory for work that takes so many times the bytes of the largest document.
    pub async fn turn_for_largest(&self, times: usize) -> Result<Turn, RoomError> {
        let Context { desk, limits, .. } = self.context();
        Ok(desk.turns.take(limits.document.document_bytes.saturating_mul(times)).await?)
    }

    /// How many rooms are open.
    pub fn count(&self) -> usize {
        self.slots().len()
    }

    /// How many rooms can't store their edits just now: they keep them, and try again.
    pub fn troubled(&self) -> usize {
        self.0.context.troubled.load(Ordering::Relaxed)
    }

    /// How often access to anything here was changed. Whoever reads a role, brings it to a room, and finds
    /// another number than before may have come in after the change with what was true before it.
    pub fn access_changes(&self) -> u64 {
        self.0.access_changes.load(Ordering::SeqCst)
    }

    /// Makes a member's new role (`None`: is no member any more) take effect where they are connected. To be
    /// called once it is in the store.
    pub async fn access_changed(&self, doc: DocId, user: UserId, role: Option<Role>) {
        if let Some(mailbox) = self.mailbox_of(doc) {
            // A room that has just ended has nobody to tell.
            let _ = mailbox.send(Command::Event(Event::RoleChanged(user, role))).await;
        }
        // It asks as well: of two changes in the same moment the older may come to it last.
        self.access_doubted(doc, user).await;
    }

    /// Has the store asked what somebody may do, wherever they are connected: it may have changed.
    pub async fn access_doubted(&self, doc: DocId, user: UserId) {
        self.access_heard();
        if let Some(mailbox) = self.mailbox_of(doc) {
            let _ = mailbox.send(Command::Recheck(Some(user))).await;
        }
        self.0.context.changes.tell(Change::Access(doc, user));
        if let Some(fleet) = self.0.fleet.get() {
            fleet.access_changed(doc, user);
        }
    }

    /// Has everybody leave the room of a document that begins anew, on all nodes. To be called once the store
    /// takes nothing of the epoch before `epoch` any more.
    pub(crate) async fn began_anew(&self, doc: DocId, epoch: u64) {
        if let Some(mailbox) = self.mailbox_of(doc) {
            let _ = mailbox.send(Command::BeganAnew(epoch)).await;
        }
        if let Some(fleet) = self.0.fleet.get() {
            fleet.began_anew(doc);
        }
    }

    /// Access to something here was changed, on this node or another one.
    pub(crate) fn access_heard(&self) {
        self.0.access_changes.fetch_add(1, Ordering::SeqCst);
    }

    /// The mailboxes of all rooms that are open.
    pub(crate) fn mailboxes(&self) -> Vec<mpsc::Sender<Command>> {
        let slots = self.slots();
        slots.values().filter_map(|slot| Some(slot.get()?.mailbox.clone())).collect()
    }

    /// The mailbox of a room, if it is open.
    pub(crate) fn mailbox_of(&self, doc: DocId) -> Option<mpsc::Sender<Command>> {
        Some(self.slots().get(&doc)?.get()?.mailbox.clone())
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    /// The mailbox of the open room.
    pub(crate) async fn mailbox(
        &self,
        doc: DocId,
        by: Option<UserId>,
    ) -> Result<mpsc::Sender<Command>, RoomError> {
        if self.0.context.closing.is_cancelled() {
            return Err(RoomError::Draining);
        }
        let visit = Visit { rooms: self, doc, slot: self.slot(doc).await? };
        let door = visit.slot.get_or_try_init(|| self.load(doc, by, &visit.slot)).await?;
        Ok(door.mailbox.clone())
    }

    async fn slot(&self, doc: DocId) -> Result<Arc<Slot>, RoomError> {
        let until = Instant::now() + LEAVING;
        loop {
            if let Some(slot) = self.slot_if_fits(doc) {
                return Ok(slot);
            }
            self.make_room("rooms", until, || self.count() < self.0.context.limits.rooms).await?;
        }
    }

    fn slot_if_fits(&self, doc: DocId) -> Option<Arc<Slot>> {
        let mut slots = self.slots();
        let has_ended = |slot: &Slot| slot.get().is_some_and(|door| door.mailbox.is_closed());
        if let Some(slot) = slots.get(&doc).filter(|slot| !has_ended(slot)) {
            return Some(Arc::clone(slot));
        }
        if slots.len() >= self.0.context.limits.rooms {
            return None;
        }
        let slot = Arc::new(Slot::new());
        slots.insert(doc, Arc::clone(&slot));
        Some(slot)
    }

    /// Lets rooms that nobody is in end until this fits.
    async fn make_room(
        &self,
        limit: &'static str,
        until: Instant,
        fits: impl Fn() -> bool,
    ) -> Result<(), RoomError> {
        loop {
            let mut freed = pin!(self.0.freed.notified());
            freed.as_mut().enable();
            if fits() {
                return Ok(());
            }
            if self.ask_to_leave() == 0 || Instant::now() >= until {
                return Err(RoomError::full(limit));
            }
            // A room that has just become empty leaves when it is asked again.
            let _ = timeout(ASK_AGAIN, freed).await;
        }
    }

    /// Asks the rooms that nobody is in to end, and says how many there are.
    fn ask_to_leave(&self) -> usize {
        let slots = self.slots();
        let doors = slots.values().filter_map(|slot| slot.get());
        let empty = doors.filter(|door| door.counts.present.load(Ordering::Relaxed) == 0);
        // A full mailbox is a room that is not idle.
        empty.filter(|door| door.mailbox.try_send(Command::Leave).is_ok()).count()
    }

    async fn load(
        &self,
        doc: DocId,
        by: Option<UserId>,
        slot: &Arc<Slot>,
    ) -> Result<Door, RoomError> {
        let context = self.0.context.clone();
        // Of its own: a room outlives the request that opened it.
        let span = tracing::info_span!(parent: None, "room", room.id = %doc);
        let listener = match self.0.fleet.get() {
            Some(fleet) => Some(Listener::new(doc, fleet).await),
            None => None,
        };
        let opened = self.read(doc, by).instrument(span.clone()).await?;
        let link = listener.map(|listener| listener.link(opened.epoch));
        let (mailbox, commands) = mpsc::channel(MAILBOX);
        let counts = DoorCounts::default();
        let stores = context.desk.stores.clone();
        let mut actor = Actor::new(doc, opened, link, commands, counts.clone(), context);
        let (rooms, slot) = (self.clone(), Arc::clone(slot));
        metrics::gauge!("moim_rooms").increment(1);
        let life = async move {
            let end = AssertUnwindSafe(actor.run()).catch_unwind().await;
            if let Some(flight) = actor.wreck() {
                set_aside(&stores, flight).await;
            }
            // Its mailbox is closed before its name is free again.
            drop(actor);
            rooms.forget(doc, &slot);
            metrics::gauge!("moim_rooms").decrement(1);
            match end {
                Ok(()) => tracing::info!("room closed"),
                Err(_) => {
                    metrics::counter!("moim_room_panics_total").increment(1);
                    tracing::error!("room panicked; its document is read again for who comes back");
                }
            }
        };
        self.0.context.tasks.spawn(life.instrument(span));
        Ok(Door { mailbox, counts })
    }

    /// Reads the document as soon as there is memory for it.
    async fn read(&self, doc: DocId, by: Option<UserId>) -> Result<Opened, RoomError> {
        let Context { desk, limits, memory, .. } = self.context();
        let until = Instant::now() + LEAVING;
        loop {
            match states::open(desk, doc, by, limits.document, memory).await? {
                Ok(opened) => return Ok(opened),
                Err(Lacking::Memory(bytes)) => {
                    self.make_room("memory_mb", until, || memory.has(bytes)).await?;
                }
                Err(Lacking::Part(user, bytes)) => {
                    let fits = || memory.allows(user, bytes);
                    self.make_room("memory_of_one_person", until, fits).await?;
                }
            }
        }
    }

    /// Frees the name, unless another room has it by now.
    fn forget(&self, doc: DocId, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        if slots.get(&doc).is_some_and(|current| Arc::ptr_eq(current, slot)) {
            slots.remove(&doc);
        }
        drop(slots);
        self.0.freed.notify_waiters();
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<DocId, Arc<Slot>>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Somebody who wants a room to be open. The last one to fail, or to give up, frees its name; while others still
/// try, the name stays theirs, or the document would have two rooms.
struct Visit<'a> {
    rooms: &'a Rooms,
    doc: DocId,
    slot: Arc<Slot>,
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        let mut slots = self.rooms.slots();
        let is_ours = slots.get(&self.doc).is_some_and(|slot| Arc::ptr_eq(slot, &self.slot));
        // One is ours and one the table's; others are made under its lock alone.
        if is_ours && self.slot.get().is_none() && Arc::strong_count(&self.slot) == 2 {
            slots.remove(&self.doc);
            self.rooms.0.freed.notify_waiters();
        }
    }
}

/// Before anybody can open the room again: who sent it sends it again.
async fn set_aside(stores: &DocumentStores, flight: Flight) {
    if let Err(error) = trial::set_aside(stores, flight.wreck()).await {
        tracing::error!(%error, "a fatal edit could not be set aside; the next start will try it");
        flight.leave();
    }
}

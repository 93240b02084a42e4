//! Opens each room once: the first visitor loads, the others wait for that load.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};

use futures_util::FutureExt;
use tokio::sync::{OnceCell, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tracing::Instrument;

use super::{
    Limits, RoomError,
    actor::{Actor, Command, MAILBOX},
    core::Event,
    flight::{Flight, FlightLog},
    handle::Handle,
    states, trial,
};
use crate::{
    ids::{DocId, Role, UserId},
    store::{Journal, Quarantine, Stores, Summaries, Versions},
};

/// What rooms keep things in.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its trait")]
pub struct RoomStores {
    pub journal: Arc<dyn Journal>,
    pub quarantine: Arc<dyn Quarantine>,
    pub versions: Arc<dyn Versions>,
    pub summaries: Arc<dyn Summaries>,
}

impl From<&Stores> for RoomStores {
    fn from(stores: &Stores) -> Self {
        Self {
            journal: Arc::clone(&stores.journal),
            quarantine: Arc::clone(&stores.quarantine),
            versions: Arc::clone(&stores.versions),
            summaries: Arc::clone(&stores.summaries),
        }
    }
}

/// What every room of this node shares.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) stores: RoomStores,
    pub(crate) flights: FlightLog,
    pub(crate) limits: Arc<Limits>,
    pub(crate) tasks: TaskTracker,
    pub(crate) closing: CancellationToken,
    /// Rooms that can't store their edits just now.
    pub(crate) troubled: Arc<AtomicUsize>,
}

/// All rooms of this node.
#[derive(Clone)]
pub struct Rooms(Arc<Inner>);

struct Inner {
    slots: Mutex<HashMap<DocId, Arc<Slot>>>,
    access_changes: AtomicU64,
    context: Context,
}

/// Empty while the first visitor loads, and after a load that failed.
type Slot = OnceCell<Door>;

/// The way into a room that is open.
#[derive(Clone)]
struct Door {
    mailbox: mpsc::Sender<Command>,
    present: Arc<AtomicUsize>,
}

impl Rooms {
    /// No rooms yet. They end, and with them the tasks on `tasks`, when `closing` is cancelled.
    pub fn new(
        stores: RoomStores,
        flights: FlightLog,
        limits: Limits,
        tasks: TaskTracker,
        closing: CancellationToken,
    ) -> Self {
        let troubled = Arc::default();
        let limits = Arc::new(limits);
        let context = Context { stores, flights, limits, tasks, closing, troubled };
        let (slots, access_changes) = (Mutex::default(), AtomicU64::default());
        Self(Arc::new(Inner { slots, access_changes, context }))
    }

    /// The door to a document, which is read if it is not in memory.
    pub async fn open(&self, doc: DocId) -> Result<Handle, RoomError> {
        self.mailbox(doc).await?;
        Ok(Handle::new(self.clone(), doc))
    }

    /// How many people are in the document now.
    pub fn present(&self, doc: DocId) -> usize {
        let slots = self.slots();
        let door = slots.get(&doc).and_then(|slot| slot.get());
        door.map_or(0, |door| door.present.load(Ordering::Relaxed))
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
        self.0.access_changes.fetch_add(1, Ordering::SeqCst);
        let door = self.slots().get(&doc).and_then(|slot| slot.get().cloned());
        if let Some(door) = door {
            // A room that has just ended has nobody to tell.
            let _ = door.mailbox.send(Command::Event(Event::RoleChanged(user, role))).await;
        }
    }

    pub(crate) fn context(&self) -> &Context {
        &self.0.context
    }

    /// The mailbox of the open room.
    pub(crate) async fn mailbox(&self, doc: DocId) -> Result<mpsc::Sender<Command>, RoomError> {
        if self.0.context.closing.is_cancelled() {
            return Err(RoomError::Draining);
        }
        let slot = self.slot(doc)?;
        let opened = slot.get_or_try_init(|| self.load(doc, &slot)).await;
        if opened.is_err() {
            self.forget(doc, &slot);
        }
        Ok(opened?.mailbox.clone())
    }

    fn slot(&self, doc: DocId) -> Result<Arc<Slot>, RoomError> {
        let mut slots = self.slots();
        let has_ended = |slot: &Slot| slot.get().is_some_and(|door| door.mailbox.is_closed());
        if let Some(slot) = slots.get(&doc).filter(|slot| !has_ended(slot)) {
            return Ok(Arc::clone(slot));
        }
        if slots.len() >= self.0.context.limits.rooms {
            return Err(RoomError::Full("open rooms"));
        }
        let slot = Arc::new(Slot::new());
        slots.insert(doc, Arc::clone(&slot));
        Ok(slot)
    }

    async fn load(&self, doc: DocId, slot: &Arc<Slot>) -> Result<Door, RoomError> {
        let context = self.0.context.clone();
        let span = tracing::info_span!("room", room.id = %doc);
        let opened = states::open(&context.stores, &context.flights, doc, &context.limits)
            .instrument(span.clone())
            .await?;
        let (mailbox, commands) = mpsc::channel(MAILBOX);
        let present = Arc::new(AtomicUsize::new(0));
        let stores = context.stores.clone();
        let mut actor = Actor::new(doc, opened, commands, Arc::clone(&present), context);
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
        Ok(Door { mailbox, present })
    }

    /// Frees the name, unless another room has it by now.
    fn forget(&self, doc: DocId, slot: &Arc<Slot>) {
        let mut slots = self.slots();
        if slots.get(&doc).is_some_and(|current| Arc::ptr_eq(current, slot)) {
            slots.remove(&doc);
        }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<DocId, Arc<Slot>>> {
        self.0.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Before anybody can open the room again: who sent it sends it again.
async fn set_aside(stores: &RoomStores, flight: Flight) {
    if let Err(error) = trial::set_aside(stores, flight.wreck()).await {
        tracing::error!(%error, "a fatal edit could not be set aside; the next start will try it");
        flight.leave();
    }
}

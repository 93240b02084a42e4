//! A room's end of the bus: hears and says, and reads the journal again.

use std::sync::Arc;

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::beside::ended;
use crate::{
    bus::{
        Heard, Subscription, Topic,
        frame::{Frame, RoomSaid},
    },
    documents::states,
    ids::DocId,
    rooms::{
        context::Context,
        core::{Effect, Life, Room},
        error::RoomError,
        fleet::{self, Fleet},
    },
};

/// What comes to a room from beyond its own node.
pub(crate) enum News {
    /// Frames; `Link::frames` has them.
    Frames,
    /// Frames may have been lost.
    Missed,
    /// What the journal has beyond what the room had; `None` if it could not be read.
    Reread(Option<Bytes>),
    /// The document is in another epoch than the room.
    BeganAnew,
}

/// What the journal says when it is read again.
enum Read {
    Beyond(Bytes),
    OtherEpoch,
}

/// Listens to what others say of a document, before it is read: then that has been read, or is heard.
pub(crate) struct Listener {
    doc: DocId,
    fleet: Arc<Fleet>,
    subscription: Subscription,
}

impl Listener {
    pub(crate) async fn new(doc: DocId, fleet: &Arc<Fleet>) -> Self {
        let subscription = fleet.bus.subscribe(Topic::Document(doc)).await;
        Self { doc, fleet: Arc::clone(fleet), subscription }
    }

    /// For the room around the document that was read, in this epoch.
    pub(crate) fn link(self, epoch: u64) -> Link {
        let Self { doc, fleet, subscription } = self;
        let life = fleet.begin_life(epoch);
        Link { doc, life, fleet, subscription, heard: Vec::new(), rereading: None, told: 0 }
    }
}

/// One room at the bus.
pub(crate) struct Link {
    doc: DocId,
    life: Life,
    fleet: Arc<Fleet>,
    subscription: Subscription,
    heard: Vec<Bytes>,
    rereading: Option<JoinHandle<Option<Read>>>,
    /// `Room::changes` when the other nodes were told who is here.
    told: u64,
}

impl Link {
    pub(crate) fn life(&self) -> Life {
        self.life
    }

    /// Waits for news. Cancel-safe.
    pub(crate) async fn next(&mut self) -> News {
        tokio::select! {
            heard = self.subscription.next(&mut self.heard) => match heard {
                Heard::Frames => News::Frames,
                Heard::Missed => News::Missed,
            },
            read = ended(&mut self.rereading) => match read {
                Some(Read::Beyond(update)) => News::Reread(Some(update)),
                Some(Read::OtherEpoch) => News::BeganAnew,
                None => News::Reread(None),
            },
        }
    }

    /// What was heard.
    pub(crate) fn frames(&mut self) -> impl Iterator<Item = Frame<RoomSaid>> + use<> {
        let fleet = Arc::clone(&self.fleet);
        fleet::read(std::mem::take(&mut self.heard))
            .inspect(move |frame: &Frame<RoomSaid>| fleet.heard_of(frame.from))
    }

    /// Tells the same room on other nodes.
    pub(crate) fn publish(&self, frame: Bytes) {
        metrics::counter!("moim_bus_frames_total").increment(1);
        metrics::counter!("moim_bus_bytes_total").increment(frame.len() as u64);
        self.fleet.bus.publish(Topic::Document(self.doc), frame);
    }

    /// Begins to read the journal, unless it is being read.
    pub(crate) fn reread(&mut self, state_vector: Bytes, context: &Context) {
        if self.rereading.is_some() {
            return;
        }
        metrics::counter!("moim_bus_rereads_total").increment(1);
        let (context, doc, epoch) = (context.clone(), self.doc, self.life.epoch);
        let tasks = context.tasks.clone();
        self.rereading = Some(tasks.spawn(async move {
            let read = reread(&context, doc, epoch, state_vector);
            match context.closing.run_until_cancelled(read).await? {
                Ok(read) => Some(read),
                Err(error) => {
                    tracing::error!(%doc, %error, "the journal could not be read again");
                    None
                }
            }
        }));
    }

    /// Lets the other nodes know who is here, if that has changed.
    pub(crate) fn tell_people(&mut self, room: &Room) {
        if room.changes() != self.told {
            self.told = room.changes();
            self.fleet.set_people(self.doc, self.life, room.users());
        }
    }

    /// Tells the other nodes that the room ends.
    pub(crate) fn leave(&self, room: &mut Room) {
        let mut effects = Vec::new();
        room.leave(tokio::time::Instant::now().into_std(), &mut effects);
        for effect in effects {
            if let Effect::Publish(frame) = effect {
                self.publish(frame);
            }
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = &self.rereading {
            task.abort();
        }
        self.fleet.set_people(self.doc, self.life, Vec::new());
    }
}

async fn reread(context: &Context, doc: DocId, epoch: u64, has: Bytes) -> Result<Read, RoomError> {
    let Context { desk, limits, memory, .. } = context;
    let opened = states::open(desk, doc, None, limits.document, memory).await?;
    let opened = opened.map_err(|_| RoomError::full("memory_mb"))?;
    if opened.epoch != epoch {
        return Ok(Read::OtherEpoch);
    }
    let difference = tokio::task::spawn_blocking(move || opened.document.encode_diff(&has));
    match difference.await {
        Ok(Ok(update)) => Ok(Read::Beyond(update.into())),
        Ok(Err(refusal)) => Err(RoomError::Refused(refusal)),
        Err(panic) => Err(RoomError::Unreadable(panic.to_string())),
    }
}

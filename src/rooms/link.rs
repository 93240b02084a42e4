//! A room's end of the bus: hears and says, reads the journal again, and asks what people may do now.

use std::{collections::BTreeSet, future::pending, sync::Arc, time::Duration};

use bytes::Bytes;
use tokio::task::JoinHandle;

use super::{
    RoomError,
    core::{Effect, Room},
    fleet::{self, Fleet},
    mesh::Life,
    registry::Context,
    states,
};
use crate::{
    bus::{
        Heard, Subscription, Topic,
        frame::{Frame, RoomSaid},
    },
    ids::{DocId, Role, UserId},
};

/// After a store that doesn't say what people may do, it is asked again after this time.
const ASK_AGAIN: Duration = Duration::from_secs(2);

/// What comes to a room from beyond its own node.
pub(crate) enum News {
    /// Frames; `Link::frames` has them.
    Frames,
    /// Frames may have been lost.
    Missed,
    /// What the journal has beyond what the room had; `None` if it could not be read.
    Reread(Option<Bytes>),
    /// What people may do now; `None` for who is no member any more.
    Roles(Vec<(UserId, Option<Role>)>),
}

type Roles = Vec<(UserId, Option<Role>)>;

/// One room at the bus.
pub(crate) struct Link {
    doc: DocId,
    life: Life,
    fleet: Arc<Fleet>,
    subscription: Subscription,
    heard: Vec<Bytes>,
    rereading: Option<JoinHandle<Option<Bytes>>>,
    asking: Option<JoinHandle<Option<Roles>>>,
    /// To be asked about next. Who is in here when an answer comes is not believed in it: it may be too old.
    to_ask: BTreeSet<UserId>,
    /// `Room::changes` when the other nodes were told who is here.
    told: u64,
}

impl Link {
    /// Listens before the document is read: then whatever others say has been read, or is heard.
    pub(crate) async fn new(doc: DocId, fleet: &Arc<Fleet>) -> Self {
        let subscription = fleet.bus.subscribe(Topic::Document(doc)).await;
        Self {
            doc,
            life: fleet.begin_life(),
            fleet: Arc::clone(fleet),
            subscription,
            heard: Vec::new(),
            rereading: None,
            asking: None,
            to_ask: BTreeSet::new(),
            told: 0,
        }
    }

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
            update = ended(&mut self.rereading) => News::Reread(update),
            roles = ended(&mut self.asking) => News::Roles(self.believed(roles)),
        }
    }

    /// What was heard.
    pub(crate) fn frames(&mut self) -> impl Iterator<Item = Frame<RoomSaid>> + use<> {
        fleet::read(std::mem::take(&mut self.heard))
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
        let (context, doc) = (context.clone(), self.doc);
        let tasks = context.tasks.clone();
        self.rereading = Some(tasks.spawn(async move {
            let read = reread(&context, doc, state_vector);
            match context.closing.run_until_cancelled(read).await? {
                Ok(update) => Some(update),
                Err(error) => {
                    tracing::error!(%doc, %error, "the journal could not be read again");
                    None
                }
            }
        }));
    }

    /// Begins to ask the store what these people may do now.
    pub(crate) fn recheck(&mut self, users: impl IntoIterator<Item = UserId>, context: &Context) {
        self.to_ask.extend(users);
        if self.asking.is_some() || self.to_ask.is_empty() {
            return;
        }
        let users = std::mem::take(&mut self.to_ask);
        let (doc, fleet) = (self.doc, Arc::clone(&self.fleet));
        let closing = context.closing.clone();
        let ask = async move { closing.run_until_cancelled(roles(&fleet, doc, users)).await };
        self.asking = Some(context.tasks.spawn(ask));
    }

    /// Somebody's role was set on this node: what the store is being asked about them may be too old.
    pub(crate) fn role_changed(&mut self, user: UserId) {
        if self.asking.is_some() {
            self.to_ask.insert(user);
        }
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

    fn believed(&self, roles: Option<Roles>) -> Roles {
        let mut roles = roles.unwrap_or_default();
        roles.retain(|(user, _)| !self.to_ask.contains(user));
        roles
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = &self.rereading {
            task.abort();
        }
        if let Some(task) = &self.asking {
            task.abort();
        }
        self.fleet.set_people(self.doc, self.life, Vec::new());
    }
}

async fn reread(context: &Context, doc: DocId, has: Bytes) -> Result<Bytes, RoomError> {
    let Context { stores, flights, limits, memory, .. } = context;
    let opened = states::open(stores, flights, doc, limits, memory).await?;
    let opened = opened.map_err(|_| RoomError::full("memory_mb"))?;
    let difference = tokio::task::spawn_blocking(move || opened.document.encode_diff(&has));
    match difference.await {
        Ok(update) => update.map(Bytes::from).map_err(RoomError::Refused),
        Err(panic) => Err(RoomError::Unreadable(panic.to_string())),
    }
}

/// Asks until the store answers: a member who was removed must not stay in because of a bad moment.
async fn roles(fleet: &Fleet, doc: DocId, users: BTreeSet<UserId>) -> Roles {
    let mut roles = Vec::with_capacity(users.len());
    for user in users {
        loop {
            match fleet.membership.role_now(doc, user).await {
                Ok(role) => break roles.push((user, role)),
                Err(error) => {
                    tracing::warn!(%doc, %error, "a role could not be read; trying again");
                    tokio::time::sleep(ASK_AGAIN).await;
                }
            }
        }
    }
    roles
}

async fn ended<T>(task: &mut Option<JoinHandle<Option<T>>>) -> Option<T> {
    let Some(running) = task else { return pending().await };
    let result = running.await;
    *task = None;
    // A panic in there is like a failure.
    result.unwrap_or(None)
}

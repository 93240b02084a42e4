//! A bus over Redis: plain pub/sub, or sharded pub/sub on a Redis Cluster, where topics spread over its nodes.
//!
//! Redis delivers at most once and forgets who was away. So whenever a connection is back, all topics are
//! subscribed to again and everybody hears `Missed`. What can't be sent is dropped, never kept: it would be
//! old by then, and whoever needs it asks.
//!
//! Each node of a cluster has a line of its own: fred's client for clusters stands still altogether as long as
//! one node is away, and does not tell when a slot that moves takes subscriptions along.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fred::types::config::Server;
use futures_util::future::join_all;
use tokio::{
    sync::Notify,
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    LOOK_EVERY, Redis, RedisError,
    ears::Ears,
    layout::{SLOTS, Slots, agree, slot_of},
    line::{Line, dropped},
};
use crate::bus::{Bus, BusState, Subscription, Topic, subscription};

/// Who subscribes waits at most so long; then `Missed` tells when it has come about.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(1);
/// Between two looks at who has which slots, however often one is sent elsewhere.
const CALM: Duration = Duration::from_millis(100);

/// A line to Redis, or one to each node of a cluster.
pub struct RedisBus {
    shared: Arc<Shared>,
}

/// The lines, and what they have in common.
pub(super) struct Shared {
    redis: Redis,
    ears: Arc<Ears>,
    lines: Mutex<Vec<Arc<Line>>>,
    /// A node has said that a slot is not its own.
    moved: Arc<Notify>,
    tasks: TaskTracker,
    closing: CancellationToken,
}

impl RedisBus {
    /// Begins to connect, and goes on for ever. Redis need not be there yet.
    pub fn connect(redis: &Redis, tasks: &TaskTracker) -> Result<Self, RedisError> {
        let shared = Arc::new(Shared {
            redis: redis.clone(),
            ears: Arc::default(),
            lines: Mutex::default(),
            moved: Arc::default(),
            tasks: tasks.clone(),
            closing: CancellationToken::new(),
        });
        if redis.is_cluster() {
            shared.begin_at_seeds()?;
            tasks.spawn(follow(Arc::clone(&shared)));
        } else {
            let line = shared.open(None)?;
            shared.lock().push(line);
        }
        tasks.spawn(tell(Arc::clone(&shared)));
        Ok(Self { shared })
    }

    pub(super) fn lines(&self) -> Arc<Shared> {
        Arc::clone(&self.shared)
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn subscribe(&self, topic: Topic) -> Subscription {
        let (shared, channel) = (Arc::clone(&self.shared), topic.to_string());
        let left = channel.clone();
        let (ear, subscription) = subscription(move || shared.leave(left));
        self.shared.ears.add(&channel, ear);
        // Otherwise `Missed` tells when it has come about.
        if let Some(line) = self.shared.line(&channel).filter(|line| line.is_up())
            && timeout(SUBSCRIBE_WITHIN, line.listen(channel)).await.is_err()
        {
            tracing::warn!(%topic, "not subscribed in time; going on without");
        }
        subscription
    }

    fn publish(&self, topic: Topic, frame: Bytes) {
        let channel = topic.to_string();
        match self.shared.line(&channel) {
            Some(line) => line.publish(channel, frame),
            // Everybody hears of it when somebody carries the topic again.
            None => dropped(1),
        }
    }

    fn state(&self) -> BusState {
        self.shared.state()
    }

    async fn close(&self) {
        self.shared.closing.cancel();
        let lines = self.shared.lock().clone();
        join_all(lines.iter().map(|line| line.close())).await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Line>>> {
        // Nothing in here panics halfway through a change.
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self, server: Option<Server>) -> Result<Arc<Line>, RedisError> {
        let redis = server.as_ref().map_or_else(|| self.redis.clone(), |one| self.redis.only(one));
        Line::open(&redis, server, (&self.ears, &self.moved), &self.tasks)
    }

    /// The line that carries this channel, or key.
    pub(super) fn line(&self, channel: &str) -> Option<Arc<Line>> {
        let slot = slot_of(channel);
        self.lock().iter().find(|line| line.slots().has(slot)).cloned()
    }

    /// Frames get through if all that carry something are up, and everything is carried.
    fn state(&self) -> BusState {
        let lines = self.lock();
        let carrying = lines.iter().map(|line| (line.slots().count(), line.is_up()));
        let carried: u16 = carrying.filter(|(_, is_up)| *is_up).map(|(count, _)| count).sum();
        if carried == SLOTS { BusState::Up } else { BusState::Down }
    }

    /// How many lines are up.
    fn up(&self) -> usize {
        self.lock().iter().filter(|line| line.is_up()).count()
    }

    fn leave(&self, channel: String) {
        let Some(by) = self.ears.leave(&channel) else { return };
        if let Some(line) = self.lock().iter().find(|line| line.id() == by) {
            line.leave(channel);
        }
    }

    /// Opens lines to the nodes that the address names, as far as there are none.
    fn begin_at_seeds(&self) -> Result<(), RedisError> {
        let mut lines = self.lock();
        for server in self.redis.seeds() {
            if !lines.iter().any(|line| line.server.as_ref() == Some(&server)) {
                lines.push(self.open(Some(server))?);
            }
        }
        Ok(())
    }

    /// Asks all nodes who has which slots.
    async fn look(&self) -> Result<(), RedisError> {
        let lines: Vec<_> = self.lock().iter().filter(|line| line.is_up()).cloned().collect();
        let mut views = Vec::new();
        for view in join_all(lines.iter().map(|line| line.view())).await {
            match view {
                Ok(view) => views.extend(view),
                Err(error) => tracing::warn!(%error, "a node does not say who has which slots"),
            }
        }
        let layout = agree(&views);
        // Nobody is left of those that are known, or they know nothing.
        if layout.is_empty() { self.begin_at_seeds() } else { self.rearrange(&layout) }
    }

    /// Brings the lines to what the nodes say: new ones, fewer ones, and what each carries.
    fn rearrange(&self, layout: &BTreeMap<Server, Slots>) -> Result<(), RedisError> {
        let mut lines = self.lock();
        for server in layout.keys() {
            if !lines.iter().any(|line| line.server.as_ref() == Some(server)) {
                tracing::info!(server = %server, "a node of the cluster");
                lines.push(self.open(Some(server.clone()))?);
            }
        }
        let carries = |line: &Line| line.server.as_ref().and_then(|server| layout.get(server));
        for line in lines.extract_if(.., |line| carries(line).is_none()) {
            self.tasks.spawn(async move { line.end().await });
        }
        for line in lines.iter() {
            line.carry(carries(line).cloned().unwrap_or_default());
        }
        Ok(())
    }
}

/// Follows what a cluster says of itself, and looks at once when a node sends us elsewhere.
async fn follow(shared: Arc<Shared>) {
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let following = async {
        loop {
            let up = shared.up();
            tokio::select! {
                _ = looks.tick() => {}
                () = shared.moved.notified() => {}
                // Who has just come may know more, and is to carry what is its own at once.
                () = until(|| shared.up() != up) => {}
            }
            if let Err(error) = shared.look().await {
                tracing::error!(%error, "no line to a node of the cluster");
            }
            sleep(CALM).await;
        }
    };
    let _: Option<()> = shared.closing.run_until_cancelled(following).await;
}

async fn until(happens: impl Fn() -> bool) {
    while !happens() {
        sleep(CALM).await;
    }
}

/// Keeps the number that says whether frames get through.
async fn tell(shared: Arc<Shared>) {
    let mut looks = interval(LOOK_EVERY);
    let telling = async {
        loop {
            looks.tick().await;
            let is_up = shared.state() == BusState::Up;
            metrics::gauge!("moim_bus_up").set(if is_up { 1.0 } else { 0.0 });
        }
    };
    let _: Option<()> = shared.closing.run_until_cancelled(telling).await;
}

//! A bus over Redis: plain pub/sub, or sharded pub/sub on a Redis Cluster, where topics spread over its nodes.
//!
//! Redis delivers at most once and forgets who was away. So whenever a connection is back, all topics are
//! subscribed to again and everybody hears `Missed`. What can't be sent is dropped, never kept: it would be
//! old by then, and whoever needs it asks.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use fred::{
    clients::{Client, SubscriberClient},
    prelude::{ClientLike, Error, EventInterface, PubsubInterface, Value},
};
use tokio::{
    sync::{broadcast::error::RecvError, mpsc, oneshot},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{ANSWER_WITHIN, LOOK_EVERY, Redis, RedisError};
use crate::bus::{Bus, BusState, Ear, Subscription, Topic, subscription};

/// Frames that wait to be sent; further ones are dropped …
const MAX_OUTGOING: usize = 16_384;
/// … as are those beyond so many bytes.
const MAX_OUTGOING_BYTES: usize = 64 * 1024 * 1024;
/// At most so many frames are sent before the first of them is answered.
const BATCH: usize = 256;
/// Subscriptions that wait to be made or given up.
const MAX_WISHES: usize = 1024;
/// So many topics are subscribed to in one command.
const SUBSCRIBE_AT_ONCE: usize = 256;
/// Who subscribes waits at most so long; then `Missed` tells when it has come about.
const SUBSCRIBE_WITHIN: Duration = Duration::from_secs(1);
/// How long saying goodbye to Redis may take.
const QUIT_WITHIN: Duration = Duration::from_secs(1);

/// A connection to publish and one to subscribe, and the tasks that drive them.
pub struct RedisBus {
    shared: Arc<Shared>,
    outgoing: mpsc::Sender<Outgoing>,
    wishes: mpsc::Sender<Wish>,
}

struct Shared {
    publisher: Client,
    subscriber: SubscriberClient,
    is_cluster: bool,
    ears: Mutex<HashMap<String, Listeners>>,
    outgoing_bytes: AtomicUsize,
    closing: CancellationToken,
}

/// Who listens to one topic on this node.
#[derive(Default)]
struct Listeners {
    ears: Vec<Ear>,
    /// Redis knows that we listen.
    is_subscribed: bool,
}

enum Outgoing {
    Frame(Topic, Bytes),
    /// Answered when everything before it is sent.
    Drained(oneshot::Sender<()>),
}

enum Wish {
    /// Somebody listens; told when Redis knows.
    Listen(Topic, Ear, oneshot::Sender<()>),
    /// Somebody has left.
    Leave(Topic),
}

impl RedisBus {
    /// Begins to connect, and goes on for ever. Redis need not be there yet.
    pub fn connect(redis: &Redis, tasks: &TaskTracker) -> Result<Self, RedisError> {
        let shared = Arc::new(Shared {
            publisher: redis.client()?,
            subscriber: redis.subscriber()?,
            is_cluster: redis.is_cluster(),
            ears: Mutex::default(),
            outgoing_bytes: AtomicUsize::new(0),
            closing: CancellationToken::new(),
        });
        let (outgoing, frames) = mpsc::channel(MAX_OUTGOING);
        let (wishes, wished) = mpsc::channel(MAX_WISHES);
        tasks.spawn(send(Arc::clone(&shared), frames));
        tasks.spawn(receive(Arc::clone(&shared)));
        tasks.spawn(keep_subscribed(Arc::clone(&shared), wished));
        tasks.spawn(stay_connected(Arc::clone(&shared), shared.publisher.clone()));
        tasks.spawn(stay_connected(Arc::clone(&shared), shared.subscriber.clone()));
        Ok(Self { shared, outgoing, wishes })
    }
}

#[async_trait]
impl Bus for RedisBus {
    async fn subscribe(&self, topic: Topic) -> Subscription {
        let wishes = self.wishes.clone();
        // Should there be no place, the topic is given up when a frame comes that nobody wants.
        let (ear, subscription) = subscription(move || drop(wishes.try_send(Wish::Leave(topic))));
        let (done, subscribed) = oneshot::channel();
        // After the end there is nobody to take the wish, and nothing to hear.
        let _ = self.wishes.send(Wish::Listen(topic, ear, done)).await;
        let is_up = self.state() == BusState::Up;
        if is_up && !matches!(timeout(SUBSCRIBE_WITHIN, subscribed).await, Ok(Ok(()))) {
            tracing::warn!(%topic, "not subscribed in time; going on without");
        }
        subscription
    }

    fn publish(&self, topic: Topic, frame: Bytes) {
        let (shared, bytes) = (&self.shared, frame.len());
        let waiting = shared.outgoing_bytes.fetch_add(bytes, Ordering::Relaxed);
        let is_full = waiting + bytes > MAX_OUTGOING_BYTES;
        if is_full || self.outgoing.try_send(Outgoing::Frame(topic, frame)).is_err() {
            shared.outgoing_bytes.fetch_sub(bytes, Ordering::Relaxed);
            dropped(1);
            shared.miss(topic);
        }
    }

    fn state(&self) -> BusState {
        self.shared.state()
    }

    async fn close(&self) {
        let (done, drained) = oneshot::channel();
        if self.outgoing.send(Outgoing::Drained(done)).await.is_ok() {
            let _ = drained.await;
        }
        self.shared.closing.cancel();
        // A Redis that is away can't be told.
        let _ = timeout(QUIT_WITHIN, self.shared.publisher.quit()).await;
        let _ = timeout(QUIT_WITHIN, self.shared.subscriber.quit()).await;
    }
}

impl Shared {
    fn state(&self) -> BusState {
        let is_up = self.publisher.is_connected() && self.subscriber.is_connected();
        if is_up { BusState::Up } else { BusState::Down }
    }

    fn ears(&self) -> MutexGuard<'_, HashMap<String, Listeners>> {
        self.ears.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn miss(&self, topic: Topic) {
        if let Some(listeners) = self.ears().get(&topic.to_string()) {
            listeners.ears.iter().for_each(Ear::miss);
        }
    }

    fn miss_all(&self) {
        self.ears().values().flat_map(|listeners| &listeners.ears).for_each(Ear::miss);
    }

    /// Topics of which Redis does not know yet that we listen.
    fn unsubscribed(&self) -> Vec<String> {
        let ears = self.ears();
        let open = ears.iter().filter(|(_, listeners)| !listeners.is_subscribed);
        open.map(|(channel, _)| channel.clone()).collect()
    }

    async fn subscribe(&self, channels: Vec<String>) -> Result<(), Error> {
        let channels_set = channels.clone();
        if self.is_cluster {
            // Topics lie in different slots, and a command goes to one.
            for channel in channels {
                self.subscriber.ssubscribe(channel).await?;
            }
        } else {
            for some in channels.chunks(SUBSCRIBE_AT_ONCE) {
                self.subscriber.subscribe(some.to_vec()).await?;
            }
        }
        let mut ears = self.ears();
        for channel in channels_set {
            if let Some(listeners) = ears.get_mut(&channel) {
                listeners.is_subscribed = true;
            }
        }
        Ok(())
    }

    async fn listen(&self, topic: Topic, ear: Ear, done: oneshot::Sender<()>) {
        let channel = topic.to_string();
        let is_subscribed = {
            let mut ears = self.ears();
            let listeners = ears.entry(channel.clone()).or_default();
            listeners.ears.push(ear.clone());
            listeners.is_subscribed
        };
        if !is_subscribed {
            // Otherwise it is tried again, and then something was missed.
            if self.state() == BusState::Down || self.subscribe(vec![channel]).await.is_err() {
                return;
            }
        }
        if done.send(()).is_err() {
            ear.miss();
        }
    }

    async fn leave(&self, topic: Topic) {
        let channel = topic.to_string();
        {
            let mut ears = self.ears();
            let Some(listeners) = ears.get_mut(&channel) else { return };
            listeners.ears.retain(|ear| !ear.is_deaf());
            if !listeners.ears.is_empty() {
                return;
            }
            ears.remove(&channel);
        }
        if self.state() == BusState::Down {
            return;
        }
        let left = if self.is_cluster {
            self.subscriber.sunsubscribe(channel).await
        } else {
            self.subscriber.unsubscribe(channel).await
        };
        if let Err(error) = left {
            tracing::debug!(%error, "a topic could not be given up");
        }
    }

    /// What is not subscribed to is, and whoever waits for it hears that it missed something.
    async fn make_up(&self) {
        let channels = self.unsubscribed();
        if channels.is_empty() {
            return;
        }
        if let Err(error) = self.subscribe(channels.clone()).await {
            tracing::warn!(%error, "can't subscribe; trying again");
            return;
        }
        let ears = self.ears();
        let made_up = channels.iter().filter_map(|channel| ears.get(channel));
        made_up.flat_map(|listeners| &listeners.ears).for_each(Ear::miss);
    }
}

/// Keeps a connection, even after an error that fred takes for the end, such as a wrong password.
async fn stay_connected(shared: Arc<Shared>, client: impl ClientLike) {
    while let Some(ended) = shared.closing.run_until_cancelled(client.connect()).await {
        if let Ok(Err(error)) = ended {
            tracing::error!(%error, "no connection to Redis; trying again");
        }
        shared.closing.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await;
    }
}

/// Sends what is published, in order and many at a time.
async fn send(shared: Arc<Shared>, mut frames: mpsc::Receiver<Outgoing>) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(1..) =
        shared.closing.run_until_cancelled(frames.recv_many(&mut batch, BATCH)).await
    {
        let mut topics = Vec::with_capacity(batch.len());
        let mut done = Vec::new();
        let pipeline = shared.publisher.pipeline();
        for outgoing in batch.drain(..) {
            match outgoing {
                Outgoing::Drained(reply) => done.push(reply),
                Outgoing::Frame(topic, frame) => {
                    shared.outgoing_bytes.fetch_sub(frame.len(), Ordering::Relaxed);
                    let (channel, frame) = (topic.to_string(), Value::Bytes(frame));
                    // Only queued; what comes of it is in the pipeline's results.
                    let queued: Result<Value, Error> = if shared.is_cluster {
                        pipeline.spublish(channel, frame).await
                    } else {
                        pipeline.publish(channel, frame).await
                    };
                    debug_assert!(queued.is_ok(), "{queued:?}");
                    topics.push(topic);
                }
            }
        }
        if shared.publisher.is_connected() {
            let sending = timeout(ANSWER_WITHIN, pipeline.try_all::<Value>());
            let results = sending.await.unwrap_or_default();
            let is_sent = |at: usize| results.get(at).is_some_and(Result::is_ok);
            let failed = (0..topics.len()).filter(|at| !is_sent(*at));
            for topic in failed.map(|at| topics[at]) {
                dropped(1);
                shared.miss(topic);
            }
        } else {
            // Everybody hears of it when the connection is back.
            dropped(topics.len() as u64);
        }
        for reply in done {
            let _ = reply.send(());
        }
    }
}

/// Hands on what comes to who listens to it.
async fn receive(shared: Arc<Shared>) {
    let mut messages = shared.subscriber.message_rx();
    while let Some(message) = shared.closing.run_until_cancelled(messages.recv()).await {
        match message {
            Ok(message) => {
                let Ok(frame) = message.value.convert::<Bytes>() else { continue };
                let ears = shared.ears();
                let listeners = ears.get(&*message.channel);
                listeners.iter().flat_map(|all| &all.ears).for_each(|ear| ear.hear(frame.clone()));
            }
            Err(RecvError::Lagged(count)) => {
                metrics::counter!("moim_bus_dropped_total", "where" => "receiver").increment(count);
                shared.miss_all();
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Subscribes to what is wished for, anew after every reconnection, and looks whether Redis still answers.
async fn keep_subscribed(shared: Arc<Shared>, mut wishes: mpsc::Receiver<Wish>) {
    let mut published = shared.publisher.reconnect_rx();
    let mut subscribed = shared.subscriber.reconnect_rx();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            wish = wishes.recv() => match wish {
                Some(Wish::Listen(topic, ear, done)) => shared.listen(topic, ear, done).await,
                Some(Wish::Leave(topic)) => shared.leave(topic).await,
                None => return,
            },
            Ok(_) = subscribed.recv() => {
                shared.ears().values_mut().for_each(|listeners| listeners.is_subscribed = false);
                shared.make_up().await;
            }
            Ok(_) = published.recv() => shared.miss_all(),
            _ = looks.tick() => look(&shared).await,
            () = shared.closing.cancelled() => return,
        }
    }
}

async fn look(shared: &Shared) {
    let is_up = shared.state() == BusState::Up;
    metrics::gauge!("moim_bus_up").set(if is_up { 1.0 } else { 0.0 });
    if !is_up {
        return;
    }
    shared.make_up().await;
    // A connection on which nothing is asked would never be found dead.
    if let Err(error) = shared.subscriber.ping::<Value>(None).await {
        tracing::warn!(%error, "Redis does not answer");
    }
}

fn dropped(count: u64) {
    metrics::counter!("moim_bus_dropped_total", "where" => "sender").increment(count);
}

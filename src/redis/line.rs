//! A line to one Redis: a connection to publish and one to subscribe, and the tasks that drive them.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use bytes::Bytes;
use fred::{
    clients::{Client, SubscriberClient},
    prelude::{
        ClientLike, ClusterInterface, Error, ErrorKind, EventInterface, PubsubInterface, Value,
    },
    types::{ClusterHash, CustomCommand, config::Server},
};
use futures_util::future::join_all;
use tokio::{
    sync::{Notify, broadcast::error::RecvError, mpsc, oneshot},
    time::{MissedTickBehavior, interval, timeout},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    ANSWER_WITHIN, LOOK_EVERY, Redis, RedisError,
    ears::{Ears, LineId},
    layout::{Slots, View},
    quit, stay_connected,
};

/// Frames that wait to be sent; further ones are dropped …
const MAX_OUTGOING: usize = 16_384;
/// … as are those beyond so many bytes.
const MAX_OUTGOING_BYTES: usize = 64 * 1024 * 1024;
/// At most so many frames are sent before the first of them is answered.
const BATCH: usize = 256;
/// Subscriptions that wait to be made or given up.
const MAX_WISHES: usize = 1024;
/// So many topics are subscribed to before the first is answered.
const SUBSCRIBE_AT_ONCE: usize = 256;

/// A line; `server` says to which node of a cluster.
pub(super) struct Line {
    id: LineId,
    pub(super) server: Option<Server>,
    publisher: Client,
    subscriber: SubscriberClient,
    ears: Arc<Ears>,
    /// What it carries.
    slots: Mutex<Slots>,
    /// Something is to be subscribed to by this line that was not before.
    is_due: Notify,
    /// Told when a node says that a slot is not its own.
    moved: Arc<Notify>,
    outgoing: mpsc::Sender<Outgoing>,
    outgoing_bytes: AtomicUsize,
    wishes: mpsc::Sender<Wish>,
    closing: CancellationToken,
}

enum Outgoing {
    Frame(String, Bytes),
    /// Answered when everything before it is sent.
    Drained(oneshot::Sender<()>),
}

enum Wish {
    /// Somebody listens; told when Redis knows.
    Listen(String, oneshot::Sender<()>),
    /// Nobody listens any more.
    Leave(String),
}

impl Line {
    /// Begins to connect, and goes on until it is ended. Redis need not be there yet.
    pub(super) fn open(
        redis: &Redis,
        server: Option<Server>,
        (ears, moved): (&Arc<Ears>, &Arc<Notify>),
        tasks: &TaskTracker,
    ) -> Result<Arc<Self>, RedisError> {
        static LINES: AtomicUsize = AtomicUsize::new(0);
        let (outgoing, frames) = mpsc::channel(MAX_OUTGOING);
        let (wishes, wished) = mpsc::channel(MAX_WISHES);
        let slots = if server.is_some() { Slots::default() } else { Slots::all() };
        let line = Arc::new(Self {
            id: LINES.fetch_add(1, Ordering::Relaxed),
            server,
            publisher: redis.client()?,
            subscriber: redis.subscriber()?,
            ears: Arc::clone(ears),
            slots: Mutex::new(slots),
            is_due: Notify::new(),
            moved: Arc::clone(moved),
            outgoing,
            outgoing_bytes: AtomicUsize::new(0),
            wishes,
            closing: CancellationToken::new(),
        });
        tasks.spawn(send(Arc::clone(&line), frames));
        tasks.spawn(receive(Arc::clone(&line)));
        tasks.spawn(keep_subscribed(Arc::clone(&line), wished));
        tasks.spawn(stay_connected(line.closing.clone(), line.publisher.clone()));
        tasks.spawn(stay_connected(line.closing.clone(), line.subscriber.clone()));
        Ok(line)
    }

    pub(super) fn id(&self) -> LineId {
        self.id
    }

    /// The connection to ask on.
    pub(super) fn publisher(&self) -> &Client {
        &self.publisher
    }

    /// Has it looked again who has which slots, if that is what the error says.
    pub(super) fn look_whether_moved(&self, error: &Error) -> bool {
        let is_moved = is_moved(error);
        if is_moved {
            self.moved.notify_one();
        }
        is_moved
    }

    pub(super) fn is_up(&self) -> bool {
        self.publisher.is_connected() && self.subscriber.is_connected()
    }

    pub(super) fn slots(&self) -> MutexGuard<'_, Slots> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes slots away that it does not carry any more, or gives it new ones.
    pub(super) fn carry(&self, slots: Slots) {
        if *self.slots() != slots {
            self.ears.keep_only(self.id, &slots);
            *self.slots() = slots;
            self.is_due.notify_one();
        }
    }

    /// Subscribes, and waits until Redis knows.
    pub(super) async fn listen(&self, channel: String) {
        let (done, subscribed) = oneshot::channel();
        if self.wishes.send(Wish::Listen(channel, done)).await.is_ok() {
            // It may not come about now; then it is tried again, and `Missed` tells.
            let _ = subscribed.await;
        }
    }

    /// Gives a channel up. If there is no place for the wish, what Redis knows is more than it should be, and
    /// that is noticed.
    pub(super) fn leave(&self, channel: String) {
        let _ = self.wishes.try_send(Wish::Leave(channel));
    }

    /// Sends a frame, and never waits.
    pub(super) fn publish(&self, channel: String, frame: Bytes) {
        let bytes = frame.len();
        let waiting = self.outgoing_bytes.fetch_add(bytes, Ordering::Relaxed);
        let place = self.outgoing.try_reserve();
        match place.ok().filter(|_| waiting + bytes <= MAX_OUTGOING_BYTES) {
            Some(place) => place.send(Outgoing::Frame(channel, frame)),
            None => {
                self.outgoing_bytes.fetch_sub(bytes, Ordering::Relaxed);
                dropped(1);
                self.ears.miss(&channel);
            }
        }
    }

    /// Who has which slots, as this node sees it.
    pub(super) async fn view(&self) -> Result<Option<View>, Error> {
        let Some(server) = &self.server else { return Ok(None) };
        let answer = self.publisher.cluster_slots::<Value>().await?;
        View::read(server, answer).map(Some)
    }

    /// Sends what was published, and ends.
    pub(super) async fn close(&self) {
        let (done, drained) = oneshot::channel();
        if self.outgoing.send(Outgoing::Drained(done)).await.is_ok() {
            let _ = drained.await;
        }
        self.end().await;
    }

    /// Ends at once.
    pub(super) async fn end(&self) {
        self.closing.cancel();
        self.ears.keep_only(self.id, &Slots::default());
        quit(&self.publisher).await;
        quit(&self.subscriber).await;
    }
}

/// Sends what is published, in order and many at a time.
async fn send(line: Arc<Line>, mut frames: mpsc::Receiver<Outgoing>) {
    let mut batch = Vec::with_capacity(BATCH);
    while let Some(1..) =
        line.closing.run_until_cancelled(frames.recv_many(&mut batch, BATCH)).await
    {
        let mut channels = Vec::with_capacity(batch.len());
        let mut done = Vec::new();
        let pipeline = line.publisher.pipeline();
        for outgoing in batch.drain(..) {
            match outgoing {
                Outgoing::Drained(reply) => done.push(reply),
                Outgoing::Frame(channel, frame) => {
                    line.outgoing_bytes.fetch_sub(frame.len(), Ordering::Relaxed);
                    let frame = Value::Bytes(frame);
                    // Only queued; what comes of it is in the pipeline's results.
                    let queued: Result<Value, Error> = if line.is_sharded() {
                        pipeline.spublish(channel.as_str(), frame).await
                    } else {
                        pipeline.publish(channel.as_str(), frame).await
                    };
                    debug_assert!(queued.is_ok(), "{queued:?}");
                    channels.push(channel);
                }
            }
        }
        if line.publisher.is_connected() {
            let sending = timeout(ANSWER_WITHIN, pipeline.try_all::<Value>());
            line.look_after(&channels, &sending.await.unwrap_or_default());
        } else {
            // Everybody hears of it when the connection is back.
            dropped(channels.len() as u64);
        }
        for reply in done {
            let _ = reply.send(());
        }
    }
}

/// Hands on what comes to who listens to it.
async fn receive(line: Arc<Line>) {
    let mut messages = line.subscriber.message_rx();
    while let Some(message) = line.closing.run_until_cancelled(messages.recv()).await {
        match message {
            Ok(message) => {
                if let Ok(frame) = message.value.convert::<Bytes>() {
                    line.ears.hear(&message.channel, &frame);
                }
            }
            Err(RecvError::Lagged(count)) => {
                metrics::counter!("moim_bus_dropped_total", "where" => "receiver").increment(count);
                line.miss_all();
            }
            Err(RecvError::Closed) => return,
        }
    }
}

/// Subscribes to what is wished for, anew after every reconnection, and looks whether Redis still answers.
async fn keep_subscribed(line: Arc<Line>, mut wishes: mpsc::Receiver<Wish>) {
    let mut published = line.publisher.reconnect_rx();
    let mut subscribed = line.subscriber.reconnect_rx();
    let mut looks = interval(LOOK_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut batch = Vec::with_capacity(SUBSCRIBE_AT_ONCE);
    loop {
        tokio::select! {
            wished = wishes.recv_many(&mut batch, SUBSCRIBE_AT_ONCE) => match wished {
                0 => return,
                _ => line.fulfil(batch.drain(..)).await,
            },
            // Said before fred says that it is connected: by then everything is to be subscribed to.
            Ok(_) = subscribed.recv() => {
                line.ears.keep_only(line.id, &Slots::default());
                line.make_up().await;
            }
            Ok(_) = published.recv() => line.miss_all(),
            () = line.is_due.notified() => if line.subscriber.is_connected() {
                line.make_up().await;
            },
            _ = looks.tick() => line.look().await,
            () = line.closing.cancelled() => return,
        }
    }
}

impl Line {
    /// Nodes of a cluster have sharded pub/sub: a topic's frames go to its node alone.
    fn is_sharded(&self) -> bool {
        self.server.is_some()
    }

    fn miss_all(&self) {
        let slots = self.slots().clone();
        self.ears.miss_in(&slots);
    }

    /// Frames that did not get through are known to be lost.
    fn look_after(&self, channels: &[String], results: &[Result<Value, Error>]) {
        for (at, channel) in channels.iter().enumerate() {
            let result = results.get(at);
            if !result.is_some_and(Result::is_ok) {
                dropped(1);
                self.ears.miss(channel);
            }
            if result.is_some_and(|result| result.as_ref().is_err_and(is_moved)) {
                self.moved.notify_one();
            }
        }
    }

    async fn fulfil(&self, wishes: impl Iterator<Item = Wish>) {
        let (mut channels, mut waiting) = (Vec::new(), Vec::new());
        for wish in wishes {
            match wish {
                Wish::Leave(channel) => self.unsubscribe(channel).await,
                Wish::Listen(channel, done) => {
                    if self.ears.is_unsubscribed(self.id, &channel) {
                        channels.push(channel.clone());
                    }
                    waiting.push((channel, done));
                }
            }
        }
        if self.is_up() {
            self.subscribe(&channels).await;
        }
        for (channel, done) in waiting {
            // What did not come about is tried again, and then something was missed.
            let is_made = !self.ears.is_unsubscribed(self.id, &channel);
            if is_made && done.send(()).is_err() {
                self.ears.miss(&channel);
            }
        }
    }

    /// What is not subscribed to is, and whoever waits for it hears that it missed something.
    async fn make_up(&self) {
        let slots = self.slots().clone();
        let channels = self.ears.unsubscribed(self.id, &slots);
        for made in self.subscribe(&channels).await {
            self.ears.miss(made);
        }
    }

    /// Subscribes to as many of the channels as Redis allows, and says to which.
    async fn subscribe<'a>(&self, channels: &'a [String]) -> Vec<&'a String> {
        let (mut all, mut failed) = (Vec::with_capacity(channels.len()), None);
        for some in channels.chunks(SUBSCRIBE_AT_ONCE) {
            let made: Vec<Result<(), Error>> = if self.is_sharded() {
                // Topics lie in different slots, and a command goes to one.
                join_all(some.iter().map(|channel| self.subscriber.ssubscribe(channel.as_str())))
                    .await
            } else {
                vec![self.subscribe_to_all(some).await; some.len()]
            };
            for (channel, made) in some.iter().zip(made) {
                match made {
                    Ok(()) if self.ears.subscribed(self.id, channel) => all.push(channel),
                    // All have left meanwhile.
                    Ok(()) => self.unsubscribe(channel.clone()).await,
                    Err(error) if is_moved(&error) => self.moved.notify_one(),
                    Err(error) => failed = Some(error),
                }
            }
        }
        if let Some(error) = failed {
            tracing::warn!(%error, "can't subscribe to all topics; trying again");
        }
        all
    }

    async fn subscribe_to_all(&self, channels: &[String]) -> Result<(), Error> {
        self.subscriber.subscribe(channels.to_vec()).await?;
        self.is_through().await
    }

    async fn unsubscribe(&self, channel: String) {
        if !self.is_up() {
            return;
        }
        let left = if self.is_sharded() {
            self.subscriber.sunsubscribe(channel).await
        } else {
            self.subscriber.unsubscribe(channel).await
        };
        if left.is_err() || self.is_through().await.is_err() {
            self.begin_afresh("a topic could not be given up").await;
        }
    }

    /// fred does not wait for the answers to most commands about subscriptions. Redis answers in order, so it
    /// has heard of them when it has answered this; if it refused one, that is what comes as the answer.
    async fn is_through(&self) -> Result<(), Error> {
        self.subscriber.ping::<Value>(None).await.map(drop)
    }

    /// A new connection, on which everything is subscribed to again.
    async fn begin_afresh(&self, why: &str) {
        tracing::warn!("{why}: connecting to Redis anew");
        if let Err(error) = self.subscriber.force_reconnection().await {
            tracing::debug!(%error, "no new connection to Redis yet");
        }
    }

    async fn look(&self) {
        if !self.is_up() {
            return;
        }
        self.make_up().await;
        // A connection on which nothing is asked would never be found dead.
        let looked = if self.is_sharded() { self.verify().await } else { self.is_through().await };
        if let Err(error) = looked {
            tracing::warn!(%error, "Redis does not answer");
        }
    }

    /// A node that loses a slot ends the subscriptions in it, and says so where fred does not listen. So it is
    /// asked how many there are.
    async fn verify(&self) -> Result<(), Error> {
        let asks = CustomCommand::new_static("CLIENT", ClusterHash::Random, false);
        let info: String = self.subscriber.custom(asks, vec!["INFO"]).await?;
        let count = info.split(' ').find_map(|field| field.strip_prefix("ssub=")?.parse().ok());
        let old = || Error::new(ErrorKind::InvalidCommand, "a cluster needs Redis 7.0.3 or newer");
        let count: usize = count.ok_or_else(old)?;
        if count != self.ears.count(self.id) {
            self.moved.notify_one();
            self.begin_afresh("subscriptions were lost").await;
        }
        Ok(())
    }
}

/// The node says that another one has the slot, or that it does not know yet who has.
fn is_moved(error: &Error) -> bool {
    *error.kind() == ErrorKind::Cluster
}

/// Frames that were not sent.
pub(super) fn dropped(count: u64) {
    metrics::counter!("moim_bus_dropped_total", "where" => "sender").increment(count);
}

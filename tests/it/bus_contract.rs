//! What every bus must do, held against the one in memory, the one over a real Redis, and over a real cluster.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use moim::{
    bus::{Bus, BusState, Heard, Subscription, Topic, memory::MemoryBus},
    ids::{DocId, DocKind},
    redis::bus::RedisBus,
};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

use crate::redis::{Cluster, Redis, Server};

mod clusters;

const PATIENCE: Duration = Duration::from_secs(20);

/// Two nodes at one bus, and a way to break it.
trait Rig {
    fn nodes(&self) -> [Arc<dyn Bus>; 2];
    /// Nothing gets through to the second node any more.
    fn break_it(&mut self);
    fn mend_it(&mut self);
}

struct InMemory([MemoryBus; 2]);

impl Rig for InMemory {
    fn nodes(&self) -> [Arc<dyn Bus>; 2] {
        self.0.clone().map(|bus| Arc::new(bus) as Arc<dyn Bus>)
    }

    fn break_it(&mut self) {
        self.0[1].cut_off();
    }

    fn mend_it(&mut self) {
        self.0[1].reconnect();
    }
}

/// Over a real Redis, or over a real cluster.
struct Over<S> {
    server: S,
    buses: [Arc<RedisBus>; 2],
}

impl<S: Server> Over<S> {
    fn new() -> Self {
        let server = S::start();
        let redis = moim::redis::Redis::at(&server.url()).unwrap();
        let bus = |()| Arc::new(RedisBus::connect(&redis, &TaskTracker::new()).unwrap());
        Self { server, buses: [(); 2].map(bus) }
    }
}

impl<S: Server> Rig for Over<S> {
    fn nodes(&self) -> [Arc<dyn Bus>; 2] {
        self.buses.clone().map(|bus| bus as Arc<dyn Bus>)
    }

    fn break_it(&mut self) {
        self.server.kill();
    }

    fn mend_it(&mut self) {
        self.server.go_on();
    }
}

fn topic() -> Topic {
    Topic::Document(DocId::new(DocKind::Trip))
}

fn frame(number: u32) -> Bytes {
    Bytes::copy_from_slice(&number.to_be_bytes())
}

async fn until(bus: &dyn Bus, wanted: BusState) {
    let reaching = async {
        while bus.state() != wanted {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, reaching).await.unwrap_or_else(|_| panic!("the bus is never {wanted:?}"));
}

/// So many frames, which must be the next ones.
async fn hears(subscription: &Subscription, count: usize) -> Vec<Bytes> {
    let mut frames = Vec::new();
    let hearing = async {
        while frames.len() < count {
            assert_eq!(subscription.next(&mut frames).await, Heard::Frames);
        }
    };
    timeout(PATIENCE, hearing).await.expect("frames");
    assert_eq!(frames.len(), count);
    frames
}

/// Frames or not, until something was missed.
async fn misses(subscription: &Subscription) {
    let mut frames = Vec::new();
    let missing = async { while subscription.next(&mut frames).await != Heard::Missed {} };
    timeout(PATIENCE, missing).await.expect("to hear that something was missed");
}

/// Both nodes listen, and have heard of everything that went before.
async fn both_listen(rig: &dyn Rig, topic: Topic) -> [Subscription; 2] {
    let [one, other] = rig.nodes();
    until(&*one, BusState::Up).await;
    until(&*other, BusState::Up).await;
    let both = [one.subscribe(topic).await, other.subscribe(topic).await];
    // A connection that has only just come about may say so later.
    let mut settled = Vec::new();
    for subscription in &both {
        let calm = Duration::from_millis(300);
        while timeout(calm, subscription.next(&mut settled)).await == Ok(Heard::Missed) {}
        assert!(settled.is_empty());
    }
    both
}

async fn frames_reach_every_node_in_order_the_publisher_too(rig: &mut dyn Rig) {
    let topic = topic();
    let both = both_listen(rig, topic).await;
    let [one, other] = rig.nodes();
    let elsewhere = other.subscribe(self::topic()).await;
    for number in 0..1000 {
        one.publish(topic, frame(number));
    }
    let expected: Vec<_> = (0..1000).map(frame).collect();
    for subscription in &both {
        assert_eq!(hears(subscription, 1000).await, expected);
    }
    let mut frames = Vec::new();
    let heard = timeout(Duration::from_millis(100), elsewhere.next(&mut frames)).await;
    assert!(heard != Ok(Heard::Frames), "of another topic");
}

async fn a_frame_of_five_megabytes_and_of_any_bytes_passes(rig: &mut dyn Rig) {
    let topic = topic();
    let both = both_listen(rig, topic).await;
    let large: Bytes = (0..5_000_000_u32).map(|at| (at % 251) as u8).collect::<Vec<_>>().into();
    rig.nodes()[1].publish(topic, large.clone());
    assert!(hears(&both[0], 1).await == [large]);
}

async fn who_has_left_and_comes_back_hears_again(rig: &mut dyn Rig) {
    let topic = topic();
    let [mine, others] = both_listen(rig, topic).await;
    drop(others);
    let [one, other] = rig.nodes();
    let again = other.subscribe(topic).await;
    one.publish(topic, frame(7));
    assert_eq!(hears(&again, 1).await, [frame(7)]);
    assert_eq!(hears(&mine, 1).await, [frame(7)]);
}

async fn after_a_break_one_hears_that_one_missed_something_and_hears_on(rig: &mut dyn Rig) {
    let topic = topic();
    let both = both_listen(rig, topic).await;
    let [one, other] = rig.nodes();
    rig.break_it();
    until(&*other, BusState::Down).await;
    one.publish(topic, frame(1));
    other.publish(topic, frame(2));
    let meanwhile = self::topic();
    let late = timeout(Duration::from_secs(2), other.subscribe(meanwhile)).await;
    let late = late.expect("nobody waits for a bus that is down");
    rig.mend_it();
    misses(&both[1]).await;
    misses(&late).await;
    until(&*one, BusState::Up).await;
    until(&*other, BusState::Up).await;
    // Each connection comes back by itself, and each time says so.
    let publishing = async {
        let mut frames = Vec::new();
        while !frames.contains(&frame(9)) {
            one.publish(topic, frame(9));
            let wait = Duration::from_millis(100);
            let _ = timeout(wait, both[1].next(&mut frames)).await;
        }
        while !frames.contains(&frame(8)) {
            one.publish(meanwhile, frame(8));
            let wait = Duration::from_millis(100);
            let _ = timeout(wait, late.next(&mut frames)).await;
        }
    };
    timeout(PATIENCE, publishing).await.expect("frames after the break");
}

async fn what_was_published_before_the_end_arrives(rig: &mut dyn Rig) {
    let topic = topic();
    let both = both_listen(rig, topic).await;
    let [one, _] = rig.nodes();
    for number in 0..100 {
        one.publish(topic, frame(number));
    }
    one.close().await;
    assert_eq!(hears(&both[1], 100).await.last(), Some(&frame(99)));
}

macro_rules! contract {
    ($($name:ident),* $(,)?) => {
        mod memory {
            use super::*;

            fn rig() -> InMemory {
                let bus = MemoryBus::new();
                InMemory([bus.another(), bus])
            }

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&mut rig()).await;
            })*
        }

        mod redis {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&mut Over::<Redis>::new()).await;
            })*
        }

        mod cluster {
            use super::*;

            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(&mut Over::<Cluster>::new()).await;
            })*
        }
    };
}

contract![
    frames_reach_every_node_in_order_the_publisher_too,
    a_frame_of_five_megabytes_and_of_any_bytes_passes,
    who_has_left_and_comes_back_hears_again,
    after_a_break_one_hears_that_one_missed_something_and_hears_on,
    what_was_published_before_the_end_arrives,
];

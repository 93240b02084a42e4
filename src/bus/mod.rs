//! What carries frames between nodes: the guarantee that every bus gives, whichever it is.
//!
//! A bus is never trusted to deliver. It may lose, double and reorder frames; who uses it numbers them. What it
//! must not do is lose frames that it knows to be lost in silence: then it says `Heard::Missed`.

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;

use crate::ids::{DocId, UserId};

pub mod frame;
pub mod memory;
mod subscription;

pub use subscription::{Ear, Heard, Subscription, subscription};

/// What frames are about: who subscribes to it gets them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// The life of the nodes themselves.
    Nodes,
    /// One document.
    Document(DocId),
    /// What one person is told.
    Person(UserId),
}

impl fmt::Display for Topic {
    /// In a Redis Cluster the part in braces decides which node carries the topic.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nodes => out.write_str("moim:{nodes}"),
            Self::Document(doc) => write!(out, "moim:{{{doc}}}"),
            Self::Person(user) => write!(out, "moim:{{{user}}}"),
        }
    }
}

/// Whether frames get through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusState {
    /// They do, as far as one knows.
    Up,
    /// They don't, or not all: what is published there is dropped.
    Down,
}

/// Carries frames between nodes, at most once each. A publisher hears its own frames, too.
///
/// Frames of one node on one topic arrive in the order of publishing, unless some are lost.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Listens to a topic. Once this returns, every frame that is published arrives or is `Missed`. While what
    /// carries the topic is down it returns at once, and `Missed` is heard when the subscription has come about.
    async fn subscribe(&self, topic: Topic) -> Subscription;

    /// Sends a frame, and never waits. When one is known to be lost, the subscriptions that this node has to the
    /// topic hear `Missed`; while what carries the topic is down, only once it is up again, and then all of them.
    fn publish(&self, topic: Topic, frame: Bytes);

    /// Whether frames get through now.
    fn state(&self) -> BusState;

    /// Sends what was published, and ends.
    async fn close(&self);
}

//! Carries to the rooms of this node, and to who listens to them, what is said by the other nodes.

use std::sync::Arc;

use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    changes::Change,
    core::{Event, Haste},
    fleet::{Fleet, NodeEffect},
    registry::Rooms,
    room::Command,
};
use crate::{bus::Bus, ids::DocId};

impl Rooms {
    /// From now on other nodes may have the same documents open. To be called before the first is; `closing` is
    /// to be cancelled after the rooms have ended, and then the others are told that this node leaves.
    pub fn join_nodes(&self, bus: Arc<dyn Bus>, tasks: &TaskTracker, closing: CancellationToken) {
        let (fleet, rooms) = (self.enter_fleet(bus), self.clone());
        tasks.spawn(async move { follow(&fleet, &rooms, closing).await });
    }
}

/// Lives until `closing`; then the others are told that this node leaves.
async fn follow(fleet: &Fleet, rooms: &Rooms, closing: CancellationToken) {
    let subscription = fleet.subscribe().await;
    loop {
        let effects = tokio::select! {
            () = closing.cancelled() => break,
            effects = fleet.listen(&subscription) => effects,
        };
        for effect in effects {
            tell(rooms, effect).await;
        }
    }
    fleet.leave();
}

/// Tells the rooms of this node, and who listens to them. A room that has just ended has nobody to tell.
async fn tell(rooms: &Rooms, effect: NodeEffect) {
    match effect {
        NodeEffect::Gone(node) => {
            tracing::warn!(%node, "a node is silent");
            to_all(rooms, || [Command::Event(Event::NodeGone(node))]).await;
            rooms.context().changes.tell(Change::Anything);
        }
        NodeEffect::Left(node) => {
            tracing::info!(%node, "a node has left");
            to_all(rooms, || [Command::Event(Event::NodeLeft(node))]).await;
            rooms.context().changes.tell(Change::Anything);
        }
        NodeEffect::Recheck(doc, user) => {
            rooms.access_heard();
            to(rooms, doc, Command::Recheck(Some(user))).await;
            rooms.context().changes.tell(Change::Access(doc, user));
        }
        NodeEffect::RecheckAll => {
            rooms.access_heard();
            let doubt = || Command::Event(Event::Doubted(Haste::None));
            to_all(rooms, || [Command::Recheck(None), doubt()]).await;
            rooms.context().changes.tell(Change::Anything);
        }
        NodeEffect::ReadAgain(doc) => {
            to(rooms, doc, Command::Event(Event::Doubted(Haste::AtOnce))).await;
        }
        NodeEffect::Counted(doc) => rooms.context().changes.tell(Change::People(doc)),
        NodeEffect::Recounted => rooms.context().changes.tell(Change::Anything),
        NodeEffect::Publish(_) => {}
    }
}

async fn to(rooms: &Rooms, doc: DocId, command: Command) {
    if let Some(mailbox) = rooms.mailbox_of(doc) {
        let _ = mailbox.send(command).await;
    }
}

async fn to_all<const N: usize>(rooms: &Rooms, commands: impl Fn() -> [Command; N]) {
    for mailbox in rooms.mailboxes() {
        for command in commands() {
            let _ = mailbox.send(command).await;
        }
    }
}

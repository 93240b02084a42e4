//! The only door into a room: joins it, and asks it for what does not come over a socket.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{
    mpsc::{self, error::TrySendError},
    oneshot,
};
use tokio_util::task::TaskTracker;

use super::{
    context::Context,
    core::{Event, ParticipantId, Revision},
    error::RoomError,
    registry::Rooms,
    room::{Command, Joining, Receiver, Restoring},
};
use crate::{
    crdt::{self, Projection},
    documents::{
        Saved,
        states::{self, NewVersion},
    },
    ids::{DocId, Role, UserId, VersionId, epoch_after},
    protocol::Message,
    store::{StoreError, Version, VersionCause, conflict},
};

/// A room may end in the instant in which it is asked; it is then opened again, at most so often.
const REOPENINGS: usize = 3;

/// What a connection says in its room.
#[derive(Debug)]
pub enum Said {
    /// What its client said.
    Message(Message),
    /// It has written everything, after edits from this revision on were dropped (W10).
    FellBehind(Revision),
    /// The role of its member is now this; `None`: is no member any more.
    Role(Option<Role>),
}

/// A place in a room, which is left when it is dropped.
pub struct Seat {
    id: ParticipantId,
    user: UserId,
    outbox: Receiver,
    mailbox: mpsc::Sender<Command>,
    tasks: TaskTracker,
}

impl Seat {
    /// Its number in the room, for logs.
    pub fn id(&self) -> ParticipantId {
        self.id
    }

    /// What the room says.
    pub fn outbox(&self) -> &Receiver {
        &self.outbox
    }

    /// Waits for a place in the room's mailbox. Cancel-safe.
    pub async fn ready(&self) -> Result<Permit<'_>, RoomError> {
        let place = self.mailbox.reserve().await.map_err(|_| RoomError::Closed)?;
        Ok(Permit { seat: self, place })
    }

    /// Tells the room, waiting for a place in its mailbox.
    pub async fn tell(&self, said: Said) -> Result<(), RoomError> {
        self.ready().await?.tell(said);
        Ok(())
    }

    fn event(&self, said: Said) -> Event {
        match said {
            Said::Message(message) => Event::Received(self.id, message),
            Said::FellBehind(from) => Event::FellBehind(self.id, from),
            Said::Role(role) => Event::RoleChanged(self.user, role),
        }
    }
}

/// A place in a room's mailbox.
pub struct Permit<'a> {
    seat: &'a Seat,
    place: mpsc::Permit<'a, Command>,
}

impl Permit<'_> {
    /// Tells the room.
    pub fn tell(self, said: Said) {
        self.place.send(Command::Event(self.seat.event(said)));
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let left = Command::Event(Event::Left(self.id));
        if let Err(TrySendError::Full(left)) = self.mailbox.try_send(left) {
            let mailbox = self.mailbox.clone();
            // A room that ends meanwhile has forgotten us anyway.
            self.tasks.spawn(async move { mailbox.send(left).await });
        }
    }
}

/// What a restore leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The state before, to undo it with.
    pub before: Version,
    /// The state after.
    pub after: Version,
}

/// What the beginning of an epoch leaves behind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Renewed {
    /// The state before, with its trash.
    pub before: Version,
    /// The epoch that has begun.
    pub epoch: u64,
}

/// The door to one document.
#[derive(Clone)]
pub struct Handle {
    rooms: Rooms,
    doc: DocId,
    by: Option<UserId>,
}

impl Rooms {
    /// The door to a document, which is read if it is not in memory. For the server's own purposes.
    pub async fn open(&self, doc: DocId) -> Result<Handle, RoomError> {
        self.mailbox(doc, None).await?;
        Ok(Handle { rooms: self.clone(), doc, by: None })
    }

    /// The same for somebody, whose part of the memory it takes.
    pub async fn open_for(&self, doc: DocId, user: UserId) -> Result<Handle, RoomError> {
        self.mailbox(doc, Some(user)).await?;
        Ok(Handle { rooms: self.clone(), doc, by: Some(user) })
    }
}

impl Handle {
    /// Takes a seat.
    pub async fn join(&self, joining: Joining) -> Result<Seat, RoomError> {
        let user = joining.person.id;
        let command = |reply| Command::Join(joining.clone(), reply);
        let (mailbox, joined) = self.ask(command).await?;
        let (id, outbox) = joined?;
        Ok(Seat { id, user, outbox, mailbox, tasks: self.rooms.context().tasks.clone() })
    }

    /// Saves a version of everything that was accepted until now.
    pub async fn save(&self, name: Option<String>, by: UserId) -> Result<Saved, RoomError> {
        let this = self.clone();
        let keep = async move {
            this.settled().await?;
            this.keep(name, VersionCause::Saved, by).await
        };
        self.to_the_end(keep).await
    }

    /// Makes the document what it was in that version, as a forward edit between two new versions.
    pub async fn restore(&self, version: VersionId, by: UserId) -> Result<Restored, RoomError> {
        let this = self.clone();
        self.to_the_end(async move { this.restore_to(version, by).await }).await
    }

    /// Sets the title; answered when that is durable.
    pub async fn rename(&self, title: String) -> Result<(), RoomError> {
        self.rooms.mailbox(self.doc, self.by).await?;
        // The edit is made in a copy.
        let _turn = self.rooms.turn(self.doc, 1, 0).await?;
        self.ask(|reply| Command::Rename(title.clone(), reply)).await?.1.map(drop)
    }

    /// Has the document begin anew, without its history and its trash, after a version of it was saved. Everybody
    /// has to leave, and what they hold of it is of no use any more.
    pub async fn renew(&self, by: UserId) -> Result<Renewed, RoomError> {
        let this = self.clone();
        self.to_the_end(async move { this.begin_anew(by).await }).await
    }

    /// The document as everybody may see it.
    pub async fn project(&self) -> Result<Arc<Projection>, RoomError> {
        Ok(self.ask(Command::Project).await?.1)
    }

    /// The number of the document's history: a client's copy of another epoch is of no use.
    pub async fn epoch(&self) -> Result<u64, RoomError> {
        Ok(self.ask(Command::Epoch).await?.1)
    }

    /// Waits until everything that was accepted before is durable.
    pub async fn settle(&self) -> Result<(), RoomError> {
        self.settled().await.map(drop)
    }

    /// Waits likewise, and says up to where everything is durable.
    async fn settled(&self) -> Result<Revision, RoomError> {
        self.ask(Command::Settle).await?.1
    }

    /// Keeps what is durable by now.
    async fn keep(
        &self,
        name: Option<String>,
        cause: VersionCause,
        by: UserId,
    ) -> Result<Saved, RoomError> {
        let Context { desk, limits, .. } = self.rooms.context();
        let new = NewVersion { name, cause, by, room: limits.versions };
        Ok(states::keep_version(desk, self.doc, new).await?)
    }

    async fn restore_to(&self, from: VersionId, by: UserId) -> Result<Restored, RoomError> {
        let found = self.rooms.context().desk.stores.versions.get(from).await?;
        let (version, content) = found.ok_or(RoomError::NotFound)?;
        if version.doc != self.doc {
            return Err(RoomError::NotFound);
        }
        let kept = self.settled().await?;
        let mut before = self.keep(None, VersionCause::BeforeRestore, by).await?.version;
        let state: Bytes = content.state;
        // The version is loaded, and the edit is made in a copy, beside what is replaced.
        let turn = self.rooms.turn(self.doc, 3, crdt::weight(&state)).await?;
        let restoring = Restoring { state, by, kept, replaced: Arc::default() };
        self.ask(|reply| Command::Restore(restoring.clone(), reply)).await?.1?;
        drop(turn);
        if let Some(state) = restoring.replaced.get() {
            before = self.keep_replaced(state.clone(), before.epoch, by).await?;
        }
        self.settled().await?;
        let after = self.keep(version.name, VersionCause::Restored { from }, by).await?.version;
        Ok(Restored { before, after })
    }

    /// Keeps what people wrote between the version before a restore and the restore: it is in no other one.
    async fn keep_replaced(
        &self,
        state: Bytes,
        epoch: u64,
        by: UserId,
    ) -> Result<Version, RoomError> {
        let Context { desk, limits, .. } = self.rooms.context();
        let cause = VersionCause::BeforeRestore;
        let new = NewVersion { name: None, cause, by, room: limits.versions };
        // It has been replaced already: however busy the node is, this is waited for.
        let desk = desk.in_background();
        Ok(states::keep_state(&desk, self.doc, (state, epoch), new).await?)
    }

    async fn begin_anew(&self, by: UserId) -> Result<Renewed, RoomError> {
        self.settled().await?;
        let before = self.keep(None, VersionCause::BeforeRenewal, by).await?.version;
        let Context { desk, .. } = self.rooms.context();
        // Once sealed there is no way back: it must be sure that there is one ahead.
        states::afresh(desk, self.doc).await?;
        let epoch = epoch_after(before.epoch);
        let sealed = desk.stores.journal.seal(self.doc, before.epoch, epoch).await;
        if let Err(StoreError::Conflict(conflict::OTHER_EPOCH)) = sealed {
            return Err(RoomError::OtherEpoch);
        }
        sealed?;
        tracing::info!(doc = %self.doc, epoch, "sealed, to begin anew");
        self.rooms.began_anew(self.doc, epoch).await;
        states::renew(desk, self.doc).await?;
        Ok(Renewed { before, epoch })
    }

    /// Asks the room, which is opened again if it has just ended; also says whom it asked.
    async fn ask<T>(
        &self,
        command: impl Fn(oneshot::Sender<T>) -> Command,
    ) -> Result<(mpsc::Sender<Command>, T), RoomError> {
        for _ in 0..REOPENINGS {
            let mailbox = self.rooms.mailbox(self.doc, self.by).await?;
            let (reply, answer) = oneshot::channel();
            if mailbox.send(command(reply)).await.is_ok()
                && let Ok(answer) = answer.await
            {
                return Ok((mailbox, answer));
            }
        }
        Err(RoomError::Closed)
    }

    /// Runs to the end even if whoever asked has gone away meanwhile.
    async fn to_the_end<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, RoomError>> + Send + 'static,
    ) -> Result<T, RoomError> {
        self.rooms.context().tasks.spawn(work).await.unwrap_or(Err(RoomError::Closed))
    }
}

//! The task of one room: waits for what happens, lets the core decide, carries out what it wants.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use jiff::Timestamp;
use tokio::{sync::mpsc, task::JoinHandle, time::sleep_until};

use super::{
    command::{Command, Durable, Joined, Joining, Restoring},
    doubts::{Doubts, Roles},
    link::{Link, News},
    mirror::Mirror,
    outbox::{Bounds, Sender, outbox_within},
    persist::{Barred, Persist, Stored},
};
use crate::{
    crdt::{Projection, Stamp},
    documents::{
        Backlog, Cargo, Flight,
        states::{self, Opened},
    },
    ids::{DocId, UserId},
    protocol::{CloseCode, Message},
    rooms::{
        changes::Change,
        context::{Context, DoorCounts},
        core::{Effect, Event, ParticipantId, Revision, Room},
        error::RoomError,
    },
};

/// At most so many commands are stepped before their effects are carried out.
const BURST: usize = 64;

/// A room that others need the memory of has been empty for so long before it ends.
const EMPTY_AT_LEAST: Duration = Duration::from_secs(1);

/// What the task was woken by.
enum Happening {
    /// Commands are in the buffer …
    Commands,
    /// … of which this is one.
    Command(Command),
    Stored(Stored),
    Barred(Barred),
    SummaryWritten,
    Folded(Folded),
    News(News),
    Roles(Roles),
    Due,
    Stopping,
}

/// The bytes of the state that a fold has made.
type Folded = Result<usize, RoomError>;

/// Where a room is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Life {
    /// Somebody is here.
    Busy,
    /// Nobody; it ends then.
    Empty(Instant),
    /// The node stops: what is accepted is still taken to the journal.
    Stopping,
    /// The document is beyond use.
    Abandoned,
    /// Everything is done; who is still connected hears this.
    Over(CloseCode),
}

/// The owner of a room.
pub(crate) struct Actor {
    doc: DocId,
    epoch: u64,
    room: Room,
    life: Life,
    mailbox: mpsc::Receiver<Command>,
    commands: Vec<Command>,
    effects: Vec<Effect>,
    outboxes: BTreeMap<ParticipantId, Sender>,
    next_participant: u64,
    persist: Persist,
    mirror: Mirror,
    settling: VecDeque<(Revision, Durable)>,
    /// In the journal since the last fold.
    backlog: Backlog,
    folding: Option<JoinHandle<Folded>>,
    /// The update that is being merged, or the one that made the document useless.
    flight: Option<Flight>,
    /// As of a revision: many may ask for it, and a large trip takes its time.
    projection: Option<(Revision, Arc<Projection>)>,
    counts: DoorCounts,
    /// To the same room on other nodes.
    link: Option<Link>,
    doubts: Doubts,
    context: Context,
}

impl Actor {
    pub(crate) fn new(
        doc: DocId,
        opened: Opened,
        link: Option<Link>,
        mailbox: mpsc::Receiver<Command>,
        counts: DoorCounts,
        context: Context,
    ) -> Self {
        let now = now();
        let mut room = match &link {
            Some(link) => Room::among_nodes(opened.document, link.life(), now),
            None => Room::new(opened.document, now),
        };
        room.reckon(opened.share);
        Self {
            doc,
            epoch: opened.epoch,
            room,
            life: Life::Empty(now + context.limits.idle_after),
            mailbox,
            commands: Vec::new(),
            effects: Vec::new(),
            outboxes: BTreeMap::new(),
            next_participant: 0,
            persist: Persist::new(
                doc,
                opened.epoch,
                Arc::clone(&context.desk.stores.journal),
                Arc::clone(&context.troubled),
            ),
            mirror: Mirror::new(doc, Arc::clone(&context.desk.stores.summaries)),
            settling: VecDeque::new(),
            backlog: opened.backlog,
            folding: None,
            flight: None,
            projection: None,
            counts,
            link,
            doubts: Doubts::new(doc),
            context,
        }
    }

    /// Lives until the room is empty for long, the node stops, or the document is beyond use.
    pub(crate) async fn run(&mut self) {
        while !matches!(self.life, Life::Over(_)) {
            let happening = self.next().await;
            let now = now();
            self.each_noted(happening, now);
            self.room.flush(now, &mut self.effects);
            self.carry_out(now);
            self.age(now);
        }
        if let Some(link) = &self.link {
            link.leave(&mut self.room);
        }
    }

    /// The client's update that ended the room, if one did. What is stored already ends no more than that.
    pub(crate) fn wreck(&mut self) -> Option<Flight> {
        self.flight.take().filter(|flight| matches!(flight.wreck().cargo, Cargo::Update(_)))
    }

    /// Waits for something to happen and changes nothing.
    async fn next(&mut self) -> Happening {
        let deadline = self.deadline();
        let stopping = matches!(self.life, Life::Busy | Life::Empty(_));
        tokio::select! {
            biased;
            stored = self.persist.stored() => stored.map_or_else(Happening::Barred, Happening::Stored),
            () = self.mirror.written() => Happening::SummaryWritten,
            count = self.mailbox.recv_many(&mut self.commands, BURST) => {
                // The registry holds a sender until the room is over.
                if count == 0 { Happening::Stopping } else { Happening::Commands }
            }
            folded = finished(&mut self.folding) => Happening::Folded(folded),
            news = news(&mut self.link) => Happening::News(news),
            roles = self.doubts.answer() => Happening::Roles(roles),
            () = self.context.closing.cancelled(), if stopping => Happening::Stopping,
            () = at(deadline) => Happening::Due,
        }
    }

    /// Takes commands one after another, so that each is noted for itself.
    fn each_noted(&mut self, happening: Happening, now: Instant) {
        let Happening::Commands = happening else { return self.noted(happening, now) };
        let mut commands = std::mem::take(&mut self.commands);
        for command in commands.drain(..) {
            self.noted(Happening::Command(command), now);
        }
        self.commands = commands;
    }

    /// Decides, with a note outside the process of what may end it.
    fn noted(&mut self, happening: Happening, now: Instant) {
        let takes_off = self.flight.is_none();
        if takes_off && let Some(cargo) = self.cargo(&happening) {
            self.flight = Some(self.context.desk.flights.take_off(self.doc, cargo));
        }
        self.step(happening, now);
        if takes_off && self.effects.last() != Some(&Effect::Abandon) {
            self.flight = None;
        }
    }

    /// Decides, and does nothing else: no file, no store, no socket is touched.
    fn step(&mut self, happening: Happening, now: Instant) {
        match happening {
            Happening::Command(command) => self.command(command, now),
            Happening::Stored(stored) => self.stored(&stored, now),
            // Commands come one by one.
            Happening::Commands | Happening::SummaryWritten | Happening::Due => {}
            Happening::Folded(result) => self.folded(result),
            Happening::News(news) => self.news(news, now),
            Happening::Roles(roles) => self.roles(roles, now),
            Happening::Barred(Barred::Deleted) => self.life = Life::Abandoned,
            Happening::Barred(Barred::OtherEpoch) => self.begin_anew(),
            Happening::Stopping => self.life = Life::Stopping,
        }
    }

    fn command(&mut self, command: Command, now: Instant) {
        match command {
            Command::Join(joining, reply) => {
                let joined = self.join(joining, now);
                if let Err(Ok((id, _))) = reply.send(joined) {
                    // Whoever it was has gone away in the meantime.
                    self.outboxes.remove(&id);
                    self.room.handle(Event::Left(id), now, &mut self.effects);
                }
            }
            Command::Event(event) => {
                if let Event::Left(id) = event {
                    self.outboxes.remove(&id);
                }
                if let Event::RoleChanged(user, _) = event {
                    self.doubts.role_changed(user);
                }
                self.room.handle(event, now, &mut self.effects);
            }
            Command::Settle(reply) => self.settle(reply),
            Command::Rename(title, reply) => {
                let renamed = self.room.rename(&title, now, &mut self.effects);
                self.edited(renamed.map_err(RoomError::Refused), reply);
            }
            Command::Restore(Restoring { state, by, kept, replaced }, reply) => {
                if self.room.accepted() != kept {
                    let _ = replaced.set(self.room.document().encode_state().into());
                }
                let stamp = Stamp { by: by.to_string(), ts: Timestamp::now().as_millisecond() };
                let restored = self.room.restore(&state, &stamp, now, &mut self.effects);
                self.edited(restored.map_err(RoomError::unreadable), reply);
            }
            Command::Project(reply) => {
                let _ = reply.send(self.project());
            }
            Command::Epoch(reply) => {
                let _ = reply.send(self.epoch);
            }
            Command::BeganAnew(epoch) if epoch > self.epoch => self.begin_anew(),
            Command::BeganAnew(_) => {}
            Command::Leave => self.leave(now),
            Command::Recheck(user) => self.recheck(user),
        }
    }

    /// The document is in another epoch: who is here has nothing that is of use in it.
    fn begin_anew(&mut self) {
        self.persist.give_up();
        self.life = Life::Over(CloseCode::Epoch);
    }

    /// Ends before its time, but not while whoever opened it may be on the way in.
    fn leave(&mut self, now: Instant) {
        if let Life::Empty(due) = self.life
            && due + EMPTY_AT_LEAST <= now + self.context.limits.idle_after
        {
            self.life = Life::Empty(due.min(now));
        }
    }

    /// The store is to be asked what the people who are here may do now.
    fn recheck(&mut self, user: Option<UserId>) {
        let users =
            self.room.users().into_iter().filter(|one| user.is_none_or(|user| user == *one));
        self.doubts.doubt(users);
    }

    /// Takes what the store says of people.
    fn roles(&mut self, roles: Roles, now: Instant) {
        for (user, role) in roles {
            self.room.handle(Event::RoleChanged(user, role), now, &mut self.effects);
        }
    }

    /// Takes what comes from beyond this node.
    fn news(&mut self, news: News, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let mut events = Vec::new();
        match news {
            News::Frames => events.extend(link.frames().map(Event::Heard)),
            News::Missed => events.push(Event::Missed),
            News::Reread(update) => events.push(Event::Reread(update)),
            News::BeganAnew => self.begin_anew(),
        }
        for event in events {
            self.room.handle(event, now, &mut self.effects);
        }
        self.answer_settled();
    }

    /// What of it may be fatal. What is larger than a client may send is refused by its length alone; what other nodes
    /// say is stored, so that a trial finds it in the document.
    fn cargo(&self, happening: &Happening) -> Option<Cargo> {
        if let Happening::News(News::Frames | News::Reread(Some(_))) = happening {
            return Some(Cargo::Document);
        }
        let Happening::Command(Command::Event(Event::Received(_, said))) = happening else {
            return None;
        };
        let document = &self.context.limits.document;
        let (update, most) = match said {
            Message::Update(update) => (update, document.update_bytes),
            Message::Step2(update) => (update, document.step2_bytes()),
            Message::Step1(_)
            | Message::Awareness(_)
            | Message::AskAwareness
            | Message::Token(_)
            | Message::Probe => return None,
        };
        (update.len() <= most).then(|| Cargo::Update(update.clone()))
    }

    fn join(&mut self, joining: Joining, now: Instant) -> Joined {
        let Joining { person, role, acks, epoch } = joining;
        if epoch.is_some_and(|epoch| epoch != self.epoch) {
            return Err(RoomError::OtherEpoch);
        }
        if self.outboxes.len() >= self.context.limits.participants {
            return Err(RoomError::full("participants"));
        }
        if matches!(self.life, Life::Stopping | Life::Abandoned | Life::Over(_)) {
            return Err(RoomError::Draining);
        }
        let id = ParticipantId(self.next_participant);
        self.next_participant += 1;
        let (sender, receiver) = outbox_within(Bounds::default(), &self.context.memory);
        self.outboxes.insert(id, sender);
        self.room.handle(Event::Joined(id, person, role, acks), now, &mut self.effects);
        Ok((id, receiver))
    }

    /// An edit of the server's own: its answer waits for the journal, which a room that ends does not outlive.
    fn edited(&mut self, result: Result<(), RoomError>, reply: Durable) {
        match result {
            Ok(()) => self.settle(reply),
            Err(error) => {
                let _ = reply.send(Err(error));
            }
        }
    }

    fn settle(&mut self, reply: Durable) {
        self.settling.push_back((self.room.accepted(), reply));
        self.answer_settled();
    }

    fn project(&mut self) -> Arc<Projection> {
        let accepted = self.room.accepted();
        if let Some((_, projection)) = self.projection.as_ref().filter(|(at, _)| *at == accepted) {
            return Arc::clone(projection);
        }
        let projection = Arc::new(self.room.document().project());
        self.projection = Some((accepted, Arc::clone(&projection)));
        projection
    }

    fn answer_settled(&mut self) {
        let stored = self.room.stored();
        while self.settling.front().is_some_and(|(until, _)| *until <= stored) {
            if let Some((until, reply)) = self.settling.pop_front() {
                let _ = reply.send(Ok(until));
            }
        }
    }

    fn stored(&mut self, stored: &Stored, now: Instant) {
        self.backlog.grow(stored.entries, stored.bytes);
        self.room.handle(Event::Stored(stored.until), now, &mut self.effects);
        self.answer_settled();
        self.mirror.changed(now);
    }

    fn fold(&mut self) {
        if self.folding.is_none() {
            self.backlog.taken();
            tracing::debug!("folding the journal");
            let (desk, doc) = (self.context.desk.in_background(), self.doc);
            let fold = async move { Ok(states::fold(&desk, doc).await?.folded.state.len()) };
            self.folding = Some(self.context.tasks.spawn(fold));
        }
    }

    fn folded(&mut self, result: Folded) {
        match result {
            Ok(bytes) => {
                tracing::debug!(bytes, "the journal is folded");
                self.backlog.folded(bytes);
            }
            Err(error) => {
                metrics::counter!("moim_fold_failures_total").increment(1);
                tracing::error!(doc = %self.doc, %error, "the journal could not be folded");
            }
        }
    }

    /// Acts, and never waits for a participant.
    fn carry_out(&mut self, now: Instant) {
        for effect in self.effects.drain(..) {
            match effect {
                Effect::Send(to, frame) => {
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.push(frame);
                    }
                }
                Effect::Broadcast(frame, except) => {
                    metrics::counter!("moim_broadcasts_total").increment(1);
                    for (id, outbox) in &self.outboxes {
                        // It is in order.
                        if except.binary_search(id).is_err() {
                            outbox.push(frame.clone());
                        }
                    }
                }
                Effect::CatchUp(to, frames) => {
                    metrics::counter!("moim_catch_ups_total").increment(1);
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.catch_up(frames);
                    }
                }
                Effect::Stored(to, count) => {
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.stored(count);
                    }
                }
                Effect::Append(revision, update) => {
                    metrics::counter!("moim_updates_total").increment(1);
                    self.persist.append(revision, update);
                }
                Effect::Publish(frame) => {
                    if let Some(link) = &self.link {
                        link.publish(frame);
                    }
                }
                Effect::Reread(state_vector) => {
                    if let Some(link) = &mut self.link {
                        link.reread(state_vector, &self.context);
                    }
                }
                Effect::Close(to, code) => {
                    metrics::counter!("moim_closes_total", "reason" => code.reason()).increment(1);
                    if let Some(outbox) = self.outboxes.get(&to) {
                        outbox.close(code);
                    }
                }
                Effect::Limited(limit) => {
                    metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
                }
                Effect::Abandon => self.life = Life::Abandoned,
            }
        }
        if self.mirror.deadline().is_some_and(|due| due <= now || self.life == Life::Stopping) {
            self.mirror.write(self.room.document(), Timestamp::now());
        }
        if self.backlog.is_long(self.context.limits.fold_after) {
            self.fold();
        }
        self.doubts.ask(&self.context);
        self.count(self.room.people());
        self.counts.takes.store(self.room.settle_memory(), Ordering::Relaxed);
        if let Some(link) = &mut self.link {
            link.tell_people(&self.room);
        }
    }

    /// Notes how many people are here.
    fn count(&self, people: usize) {
        if self.counts.present.swap(people, Ordering::Relaxed) != people {
            self.context.changes.tell(Change::People(self.doc));
        }
    }

    /// Moves on in life.
    fn age(&mut self, now: Instant) {
        self.life = match self.life {
            Life::Busy | Life::Empty(_) if !self.room.is_empty() => Life::Busy,
            Life::Busy => Life::Empty(now + self.context.limits.idle_after),
            Life::Empty(due) if now < due => self.life,
            Life::Empty(_) if !self.backlog.is_empty() && self.folding.is_none() => {
                self.fold();
                self.life
            }
            Life::Empty(_) if self.is_settled() && self.folding.is_none() => {
                Life::Over(CloseCode::Internal)
            }
            Life::Empty(_) => self.life,
            Life::Stopping if self.is_settled() => Life::Over(CloseCode::GoingAway),
            Life::Stopping => self.life,
            Life::Abandoned => Life::Over(CloseCode::Internal),
            Life::Over(_) => self.life,
        };
    }

    fn is_settled(&self) -> bool {
        self.persist.is_settled() && self.mirror.is_settled()
    }

    fn deadline(&self) -> Option<Instant> {
        let now = now();
        let idle = match self.life {
            Life::Empty(due) => Some(due),
            Life::Busy | Life::Stopping | Life::Abandoned | Life::Over(_) => None,
        };
        // Once the time has come, what is left to do ends the wait by itself.
        let idle = idle.filter(|due| *due > now || (self.is_settled() && self.folding.is_none()));
        [idle, self.room.deadline(now), self.mirror.deadline()].into_iter().flatten().min()
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // Not over: it panicked.
        let code = if let Life::Over(code) = self.life { code } else { CloseCode::Internal };
        for outbox in self.outboxes.values() {
            outbox.close(code);
        }
        self.count(0);
    }
}

/// The runtime's clock, which tests can stop.
fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

async fn news(link: &mut Option<Link>) -> News {
    match link {
        Some(link) => link.next().await,
        None => std::future::pending().await,
    }
}

async fn finished(folding: &mut Option<JoinHandle<Folded>>) -> Folded {
    let Some(task) = folding else { return std::future::pending().await };
    let result = task.await;
    *folding = None;
    result.unwrap_or_else(|panic| Err(RoomError::Unreadable(panic.to_string())))
}

//! Everything that a client can say on a document's socket, said by everybody.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use moim::{
    auth::Act,
    protocol::{self, RefusedStatus},
};
use serde_json::json;

use super::{
    Outcome, Standing, Who,
    scene::{Cast, Scene},
    verdict,
};
use crate::{
    peers::{Peer, add_card},
    serving::Person,
    socket::{Socket, state, ticket},
};

/// The awareness id of the founder, who is inside all the while.
const FOUNDERS_ID: u8 = 7;

/// How many places were visited from.
static PLACES: AtomicUsize = AtomicUsize::new(0);

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Saying {
    Step1,
    AskAwareness,
    OwnAwareness,
    OwnTicket,
    KnownStep2,
    NewStep2,
    Update,
    OthersAwareness,
    OthersTicket,
    OtherTripsTicket,
    ExpiredTicket,
}

impl Saying {
    pub(super) const ALL: [Self; 11] = [
        Self::Step1,
        Self::AskAwareness,
        Self::OwnAwareness,
        Self::OwnTicket,
        Self::KnownStep2,
        Self::NewStep2,
        Self::Update,
        Self::OthersAwareness,
        Self::OthersTicket,
        Self::OtherTripsTicket,
        Self::ExpiredTicket,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Step1 => "step 1",
            Self::AskAwareness => "ask for awareness",
            Self::OwnAwareness => "awareness of an id of one's own",
            Self::OwnTicket => "a new ticket of one's own",
            Self::KnownStep2 => "step 2 that adds nothing",
            Self::NewStep2 => "step 2 that adds something",
            Self::Update => "update",
            Self::OthersAwareness => "awareness of another's id",
            Self::OthersTicket => "another's ticket",
            Self::OtherTripsTicket => "a ticket for another trip",
            Self::ExpiredTicket => "a ticket that has run out",
        }
    }

    /// What it takes; `None`: nobody may.
    pub(super) fn needs(self) -> Option<Act> {
        match self {
            Self::Step1
            | Self::AskAwareness
            | Self::OwnAwareness
            | Self::OwnTicket
            | Self::KnownStep2 => Some(Act::Read),
            Self::NewStep2 | Self::Update => Some(Act::Edit),
            Self::OthersAwareness
            | Self::OthersTicket
            | Self::OtherTripsTicket
            | Self::ExpiredTicket => None,
        }
    }

    pub(super) fn expected(self, who: Who) -> Outcome {
        let role = match who.standing() {
            Standing::Unknown => return Outcome::Closed(4401),
            Standing::Outside => return Outcome::Closed(4403),
            Standing::Inside(role) => role,
        };
        match (self.needs(), self) {
            (Some(act), _) if verdict(role, who, act).is_ok() => Outcome::Done,
            (Some(_), _) => Outcome::Refused,
            (None, Self::OthersTicket | Self::OtherTripsTicket) => Outcome::Closed(4403),
            (None, Self::ExpiredTicket) => Outcome::Closed(4401),
            (None, _) => Outcome::Ignored,
        }
    }

    fn changes_document(self) -> bool {
        self.needs() == Some(Act::Edit)
    }
}

/// Somebody's attempt on an open socket.
struct Attempt<'a> {
    scene: &'a Scene<'a>,
    who: Who,
    person: Person,
    socket: Socket,
}

impl<'a> Attempt<'a> {
    async fn begin(scene: &'a Scene<'a>, who: Who) -> Self {
        let trip = &scene.plan(who).trip;
        let token = scene.ticket(who).await.map(|token| format!("&token={token}"));
        let path = format!("{trip}?ack=1{}", token.unwrap_or_default());
        let person = scene.cast.person(who);
        // Each from elsewhere: who is refused again and again at one place is kept waiting.
        let place = PLACES.fetch_add(1, Ordering::Relaxed);
        let address = format!("10.0.{}.{}", place / 250, place % 250 + 1);
        let socket = Socket::open_from(&person, &path, &address).await;
        Self { scene, who, person, socket }
    }

    fn trip(&self) -> &str {
        &self.scene.plan(self.who).trip
    }

    /// Says it, and finds out what came of it.
    async fn make(&mut self, saying: Saying) -> Result<Outcome, Option<u16>> {
        // The server speaks first (W2) to who is let in.
        self.socket.until(|_| true).await?;
        match saying {
            Saying::Step1 => {
                let updates = self.socket.read().await?;
                let replica = Peer::new(3);
                updates.iter().for_each(|update| replica.receive(update));
                Ok(done_if(replica.text("title") == "제주"))
            }
            Saying::AskAwareness => Ok(done_if(self.founder_is_seen_as(r#""cur":1"#).await?)),
            Saying::OwnAwareness => {
                self.socket.say(protocol::awareness(&state(own_id(self.who), 1, "{}"))).await;
                let states = self.awareness().await?;
                Ok(done_if(contains(&states, &self.person.id)))
            }
            Saying::OthersAwareness => self.take_over_founder().await,
            Saying::KnownStep2 => {
                let updates = self.socket.read().await?;
                let replica = Peer::new(3);
                updates.iter().for_each(|update| replica.receive(update));
                self.edit(protocol::step2(&replica.diff(&[0]))).await
            }
            Saying::NewStep2 => self.edit(protocol::step2(&self.new_card(200))).await,
            Saying::Update => self.edit(protocol::update(&self.new_card(100))).await,
            Saying::OwnTicket => {
                let token = ticket(&self.person, self.trip()).await;
                self.renew(&token).await
            }
            Saying::OthersTicket => {
                let token = ticket(&self.scene.cast.founder, self.trip()).await;
                self.renew(&token).await
            }
            Saying::OtherTripsTicket => {
                let other = crate::http::new_trip(&self.person, "대구").await;
                let token = ticket(&self.person, &other).await;
                self.renew(&token).await
            }
            Saying::ExpiredTicket => {
                let token = self.scene.cast.expired_ticket(&self.person, self.trip());
                self.renew(&token).await
            }
        }
    }

    async fn edit(&mut self, frame: Bytes) -> Result<Outcome, Option<u16>> {
        let stored = protocol::stored(1);
        let refused = protocol::refused(1, RefusedStatus::ReadOnly, "read-only");
        self.socket.say(frame).await;
        let heard = self.socket.until(|frame| [&stored, &refused].contains(&frame)).await?;
        Ok(if heard.last() == Some(&stored) { Outcome::Done } else { Outcome::Refused })
    }

    /// By a replica of its own: the same edit of the same replica would be no news.
    fn new_card(&self, replicas: u64) -> Vec<u8> {
        let replica = Peer::new(replicas + u64::from(own_id(self.who)));
        replica.edit(|txn| add_card(txn, &format!("by {}", self.who), Some("d1"), "a1"))
    }

    async fn renew(&mut self, token: &str) -> Result<Outcome, Option<u16>> {
        self.socket.say(protocol::token(token)).await;
        // `2 3`: accepted.
        self.socket.until(|frame| frame.starts_with(&[2, 3])).await?;
        Ok(Outcome::Done)
    }

    /// W8: with a clock far ahead, an end, and ids of one's own beside it.
    async fn take_over_founder(&mut self) -> Result<Outcome, Option<u16>> {
        for json in [r#"{"cur":66}"#, "null"] {
            self.socket.say(protocol::awareness(&state(FOUNDERS_ID, 99, json))).await;
        }
        let is_as_before = self.founder_is_seen_as(r#""cur":1"#).await?;
        Ok(if is_as_before { Outcome::Ignored } else { Outcome::Done })
    }

    async fn founder_is_seen_as(&mut self, what: &str) -> Result<bool, Option<u16>> {
        let states = self.awareness().await?;
        Ok(contains(&states, what) && contains(&states, &self.scene.cast.founder.id))
    }

    /// Everybody's awareness, after what was said so far.
    async fn awareness(&mut self) -> Result<Bytes, Option<u16>> {
        // The answer to a step 1 stands behind what the room had sent before, the answer to the question after it.
        self.socket.read().await?;
        self.socket.say(protocol::ask_awareness()).await;
        let mut heard = self.socket.until(|frame| frame.starts_with(&[1])).await?;
        Ok(heard.pop().unwrap_or_default())
    }
}

/// One for each: an id stays its first bearer's for a while.
fn own_id(who: Who) -> u8 {
    let place = Who::ALL.iter().position(|other| *other == who).unwrap();
    FOUNDERS_ID + 1 + u8::try_from(place).unwrap()
}

fn done_if(holds: bool) -> Outcome {
    if holds { Outcome::Done } else { Outcome::Ignored }
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
}

async fn check(scene: &Scene<'_>, saying: Saying, who: Who) {
    let trip = &scene.plan(who).trip;
    let mut founder = Socket::of(&scene.cast.founder, trip).await;
    founder.say(protocol::awareness(&state(FOUNDERS_ID, 1, r#"{"cur":1}"#))).await;
    founder.until(|frame| frame.starts_with(&[1])).await.unwrap();
    let before = scene.look(trip).await;
    let mut attempt = Attempt::begin(scene, who).await;
    let outcome = match attempt.make(saying).await {
        Ok(outcome) => outcome,
        Err(Some(code)) => Outcome::Closed(code),
        Err(None) => panic!("{} by {who}: the socket ended without a word", saying.name()),
    };
    let after = scene.look(trip).await;
    let what = format!("{} by {who}", saying.name());
    assert_eq!(outcome, saying.expected(who), "{what}");
    let is_to_change = saying.changes_document() && outcome == Outcome::Done;
    assert_eq!(before != after, is_to_change, "{what}: {before:?} {after:?}");
}

/// W7, W8, W11
#[tokio::test]
async fn no_message_lets_anybody_do_what_their_role_does_not_permit() {
    let cast = Cast::gather().await;
    let scene = cast.scene().await;
    for saying in Saying::ALL {
        for who in Who::ALL.into_iter().rev() {
            check(&scene, saying, who).await;
        }
    }
}

#[tokio::test]
async fn a_ticket_opens_the_document_that_it_names_and_no_other() {
    let cast = Cast::gather().await;
    let scene = cast.scene().await;
    let token = ticket(&cast.founder, &scene.live.trip).await;
    let code = async |path: String| Socket::open(&cast.founder, &path).await.close_code().await;
    let other = &scene.trashed.trip;
    assert_eq!(code(format!("{other}?token={token}")).await, Some(4403), "also a member's own");
    assert_eq!(code(format!("{}?token={token}", scene.other_trip)).await, Some(4403));
    assert_eq!(code(format!("trip:nothing?token={token}")).await, Some(4404));
    let access = &cast.founder.access;
    assert_eq!(code(format!("{other}?token={access}")).await, Some(4401), "no ticket at all");
    let session = cast.founder.post("/sessions/refresh", json!({})).await;
    session.refused(401, "no_session");
}

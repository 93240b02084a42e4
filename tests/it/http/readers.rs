//! Slow readers on real sockets (W10): nobody waits for them, they cost little, and nothing is lost to them.

use std::time::{Duration, Instant};

use bytes::Bytes;
use moim::protocol;
use yrs::{Map, TextPrelim};

use super::new_trip;
use crate::{
    common::{person::Person, program::Program},
    peers::{Peer, add_card, card},
    socket::{Heard, Socket, update_of},
};

/// What one card's note holds, in bytes: large edits fill the pipes soonest.
const NOTE: usize = 16 * 1024;
/// How many such cards are there before anybody stops reading: the answer to who asks for all of them is more than
/// the kernel takes for a reader that does not read (4 MiB at most).
const BEFORE: usize = 270;
/// And how many are written meanwhile. Together they are still a document (5 MiB).
const MEANWHILE: usize = 32;
/// So often a reader asks for everything without reading the answer: one is on its way for good, the others are more
/// than an outbox holds.
const ANSWERS: usize = 4;
/// Readers that stop at once.
const STOPPED: usize = 10;
/// W10: a reader that is behind has ten seconds; a busy machine may use them up before the test does.
const IN_TIME: Duration = Duration::from_secs(8);
const ATTEMPTS: usize = 3;
/// Longer than others are waited for to hear why they are closed.
const LATE: Duration = Duration::from_secs(4);

/// A trip on a server of its own, and one who writes into it.
struct Scene {
    program: Program,
    _folder: tempfile::TempDir,
    minji: Person,
    trip: String,
    writer: Socket,
    replica: Peer,
    cards: usize,
}

impl Scene {
    async fn set() -> Self {
        let flags = ["--messages-per-second", "100000", "--bytes-per-second", "100000000"];
        let folder = tempfile::tempdir().unwrap();
        let program = Program::start(&folder.path().join("data"), &flags).await;
        let minji = Person::at(&program.base).sign_up("minji").await;
        let trip = new_trip(&minji, "제주").await;
        let writer = Socket::of(&minji, &trip).await;
        let replica = Peer::new(1);
        let mut scene = Self { program, _folder: folder, minji, trip, writer, replica, cards: 0 };
        scene.write(BEFORE).await;
        scene
    }

    /// Writes so many cards, and waits until they are durable.
    async fn write(&mut self, cards: usize) {
        let note = "n".repeat(NOTE);
        for _ in 0..cards {
            let id = format!("card {}", self.cards);
            self.cards += 1;
            let update = self.replica.edit(|txn| {
                add_card(txn, &id, Some("d1"), "a1");
                card(txn, &id).insert(txn, "note", TextPrelim::new(note.as_str()));
            });
            self.writer.say(protocol::update(&update)).await;
        }
        let stored = protocol::stored(self.cards as u64);
        self.writer.until(|frame| *frame == stored).await.unwrap();
    }

    /// Somebody who asks for more than is on the way to anybody, and reads none of it.
    async fn stopped_reader(&self) -> Socket {
        let mut reader = Socket::narrow(&self.minji, &self.trip).await;
        reader.until(|_| true).await.unwrap();
        reader.say(protocol::step1(&[0])).await;
        // From now on the first answer is with the kernel, and stuck there.
        reader.begins_to_hear().await;
        for _ in 1..ANSWERS {
            reader.say(protocol::step1(&[0])).await;
        }
        reader
    }

    /// Somebody who reads along while so many cards are written, and in the end has them all.
    async fn write_before_an_audience(&mut self, cards: usize) {
        let mut audience = Socket::of(&self.minji, &self.trip).await;
        let heard = audience.read().await.unwrap();
        let replica = Peer::new(2);
        heard.iter().for_each(|update| replica.receive(update));
        let all = self.cards + cards;
        tokio::join!(self.write(cards), catch_up(&mut audience, &replica, all));
    }
}

fn is_step2(frame: &Bytes) -> bool {
    frame.starts_with(&[0, 1])
}

/// Reads until all cards are there; gives back the frames.
async fn catch_up(socket: &mut Socket, replica: &Peer, cards: usize) -> Vec<Bytes> {
    let mut heard = Vec::new();
    while replica.count("cards") < cards {
        let Heard::Frame(frame) = socket.next().await else { panic!("closed") };
        if let Some(update) = update_of(&frame) {
            replica.receive(&update);
        }
        heard.push(frame);
    }
    heard
}

/// W10
#[tokio::test]
async fn who_stops_reading_holds_nobody_up_and_gets_what_it_lacks_in_one_piece() {
    for _ in 0..ATTEMPTS {
        let mut scene = Scene::set().await;
        let began = Instant::now();
        let mut slow = scene.stopped_reader().await;
        scene.write_before_an_audience(MEANWHILE).await;
        if began.elapsed() > IN_TIME {
            continue;
        }
        let replica = Peer::new(3);
        let heard = catch_up(&mut slow, &replica, scene.cards).await;
        let edits = heard.iter().filter(|frame| frame.starts_with(&[0, 2])).count();
        assert!(edits < MEANWHILE, "{edits} edits came one by one");
        // What it lacks may go before a step 2 that was encoded earlier: then that one still comes (W2).
        if !heard.last().is_some_and(is_step2) {
            slow.until(is_step2).await.unwrap();
        }
        return;
    }
    panic!("this machine is too busy to tell");
}

/// W10
#[tokio::test]
async fn stopped_readers_cost_no_more_than_their_outboxes() {
    const MIB: usize = 1024 * 1024;
    let mut scene = Scene::set().await;
    let at_first = scene.program.resident();
    scene.write_before_an_audience(MEANWHILE / 2).await;
    let without = scene.program.resident();
    let mut stopped = Vec::new();
    for _ in 0..STOPPED {
        stopped.push(scene.stopped_reader().await);
    }
    scene.write_before_an_audience(MEANWHILE / 2).await;
    let with = scene.program.resident();
    // An outbox, and the answer that the WebSocket library copied before it could not write on.
    let answer = scene.cards * (NOTE + 256);
    let most = STOPPED * (MIB + answer) + without.saturating_sub(at_first) + 16 * MIB;
    let grew = with.saturating_sub(without);
    assert!(grew <= most, "{} KiB, more than {} KiB", grew / 1024, most / 1024);
}

/// W9, W10
#[tokio::test]
async fn who_does_not_read_for_long_is_told_so_and_has_everything_when_it_is_back() {
    let mut scene = Scene::set().await;
    let mut slow = scene.stopped_reader().await;
    scene.write_before_an_audience(MEANWHILE).await;
    let deadline = Instant::now() + Duration::from_secs(60);
    while scene.program.metric("moim_slow_readers_total").await == 0.0 {
        assert!(Instant::now() < deadline, "it is not found to be too slow");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    tokio::time::sleep(LATE).await;
    assert_eq!(slow.close_code().await, Some(4508));
    let (mut again, replica) = (Socket::of(&scene.minji, &scene.trip).await, Peer::new(4));
    again.read().await.unwrap().iter().for_each(|update| replica.receive(update));
    assert_eq!(replica.count("cards"), scene.cards);
}

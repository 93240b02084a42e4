//! What a node takes of the machine's memory while people try to have it take more than was set.
//!
//! `MOIM_MEMORY_MB` sets another budget, `MOIM_MEMORY_BIN` another program: `make soak-memory` tries a release build.

mod attacks;

use std::{
    path::Path,
    time::{Duration, Instant},
};

use moim::protocol;
use serde_json::json;
use tokio::{process::Command, time::sleep};

use crate::{
    common::{
        person::Person,
        program::{Program, Starting},
    },
    peers::{Peer, add_card},
    scene::HURRY,
};

/// MiB, where nothing else is said.
const BUDGET: usize = 128;
/// Everything that is tried at the same time ends within this.
const PATIENCE: Duration = Duration::from_secs(240);

fn budget() -> usize {
    std::env::var("MOIM_MEMORY_MB").map_or(BUDGET, |budget| budget.parse().unwrap())
}

async fn start(data: &Path, flags: &[&str]) -> Program {
    let program = std::env::var("MOIM_MEMORY_BIN");
    let program = program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_moim").to_owned());
    Starting::by(Command::new(program), data, flags).started().await
}

/// The most that was seen of the process's resident memory, in MiB, while this was done.
async fn peak_of<T>(program: &Program, work: impl Future<Output = T>) -> (usize, T) {
    let mut most = 0;
    let mut work = std::pin::pin!(work);
    loop {
        most = most.max(program.resident() >> 20);
        tokio::select! {
            biased;
            done = &mut work => return (most.max(program.resident() >> 20), done),
            () = sleep(Duration::from_millis(5)) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stderr, reason = "the figures are what it is for")]
async fn a_node_takes_no_more_than_twice_what_was_set_whatever_people_do() {
    let folder = tempfile::tempdir().unwrap();
    let (data, budget) = (folder.path().join("data"), budget());
    let memory = format!("--memory-mb={budget}");
    let flags = [&HURRY[..3], &[&memory, "--fold-after=20", "--log=warn"]].concat();
    let program = start(&data, &flags).await;
    let at_rest = program.resident() >> 20;
    let people = attacks::people(&program.base, 4).await;
    let mut worst = at_rest;
    let mut tell = |what: &str, peak: usize| {
        eprintln!("{what}: {peak} MiB of {budget} that were set");
        worst = worst.max(peak);
        assert!(peak <= 2 * budget, "{what}: {peak} MiB, with {budget} set");
    };
    tell("at rest", at_rest);
    let (peak, trips) = peak_of(&program, attacks::small_types(&people)).await;
    tell("lists of nothing", peak);
    let (peak, ()) = peak_of(&program, attacks::saves_and_restores(&people, &trips)).await;
    tell("saves and restores at once", peak);
    let (peak, ()) = peak_of(&program, attacks::many_rooms(&people)).await;
    tell("many rooms", peak);
    let (peak, ()) = peak_of(&program, attacks::log_ins(&program.base, 60)).await;
    tell("log-ins at once", peak);
    let (peak, unread) = peak_of(&program, attacks::unread(&people, &trips)).await;
    tell("sockets that are not read", peak);
    let (peak, halves) = peak_of(&program, attacks::half_frames(&people, &trips)).await;
    tell("frames that are not finished", peak);
    let (peak, answers) = peak_of(&program, attacks::unread_answers(&people, &trips)).await;
    tell("answers that are not read", peak);
    let again = async {
        attacks::saves_and_restores(&people, &trips).await;
        attacks::log_ins(&program.base, 30).await;
    };
    let (peak, ()) = peak_of(&program, again).await;
    tell("all of it at once", peak);
    drop((unread, halves, answers));
    is_of_use_again(&program).await;
    let left = comes_back(&program, 2 * budget / 3 + at_rest).await;
    eprintln!("afterwards {left} MiB are left, {at_rest} were there at rest; {worst} at the most");
}

/// Somebody new makes a trip, edits it and saves it, as soon as the others are gone.
async fn is_of_use_again(program: &Program) {
    let (began, person) = (Instant::now(), Person::at(&program.base).sign_up("later").await);
    while !can_plan(&person).await {
        assert!(began.elapsed() < PATIENCE, "the node is of no use any more");
        sleep(Duration::from_millis(200)).await;
    }
}

/// Whether a new trip can be opened, edited and saved.
async fn can_plan(person: &Person) -> bool {
    let trip = person.trip("제주").await;
    let Some(mut socket) = attacks::visit(person, &trip).await else { return false };
    let edit = Peer::new(77).edit(|txn| {
        add_card(txn, "c", None, "a0");
    });
    socket.say(protocol::update(&edit)).await;
    let stored = socket.until(|frame| *frame == protocol::stored(1)).await;
    let saved = person.post(&format!("/documents/{trip}/versions"), json!({})).await;
    stored.is_ok() && saved.status == 201
}

/// Waits until no more than so many MiB are resident, and says how many are.
async fn comes_back(program: &Program, most: usize) -> usize {
    let began = Instant::now();
    loop {
        let left = program.resident() >> 20;
        if left <= most {
            return left;
        }
        assert!(began.elapsed() < PATIENCE, "{left} MiB stay, {most} at the most should");
        sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_person_does_not_take_the_memory_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let memory = "--memory-mb=64";
    let flags = [&HURRY[..3], &[memory, "--log=warn"]].concat();
    let program = start(&folder.path().join("data"), &flags).await;
    let people = attacks::people(&program.base, 2).await;
    let mut inside = Vec::new();
    for _ in 0..40 {
        inside.extend(attacks::large_trip(&people[0]).await);
    }
    assert!((1..39).contains(&inside.len()), "{} of 40 were opened", inside.len());
    let other = attacks::large_trip(&people[1]).await;
    assert!(other.is_some(), "the other's trip is not opened, with {} of one person", inside.len());
}

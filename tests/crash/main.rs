//! Rounds of kill -9: the real server, real sockets, and everything that was acknowledged is there afterwards.
//!
//! `MOIM_CRASH_ROUNDS=5000` says how many rounds; `MOIM_CRASH_SEED=17` replays one, as far as processes can be
//! replayed: the same people, edits, kind of round and moment of the kill.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

use std::{
    io::Write,
    panic::AssertUnwindSafe,
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use prepared::Prepared;
use round::Round;
use tally::{Report, Tally};

#[path = "../common/mod.rs"]
mod common;
mod kind;
mod old;
mod prepared;
mod round;
mod survey;
mod tally;

/// Rounds that a plain test run plays.
const ROUNDS: u64 = 200;
/// Rounds at a time: much of each is waiting.
const WORKERS: usize = 4;
/// So much of its server's log is told of a round that failed.
const LOG_LINES: usize = 60;
/// A soak tells how it stands after each so many.
const TOLD_EVERY: usize = 500;

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

/// Not by a macro, whose output a test run keeps to itself.
fn tell(words: &str) {
    std::io::stderr().write_all(words.as_bytes()).unwrap();
}

/// The end of what the server has logged last.
fn last_log(folder: &Path) -> String {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let logs = files.filter(|path| path.extension().is_some_and(|extension| extension == "log"));
    // Their names are in the order of the starts.
    let log = logs.max().map_or_else(String::new, |log| std::fs::read_to_string(log).unwrap());
    let lines: Vec<_> = log.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES)..].iter().map(|line| format!("{line}\n")).collect()
}

/// What the workers share.
struct Rounds {
    seeds: Mutex<std::vec::IntoIter<u64>>,
    tally: Mutex<Tally>,
    failed: AtomicBool,
}

#[test]
fn what_was_acknowledged_survives_a_kill_at_any_moment() {
    let seeds: Vec<u64> = match setting("MOIM_CRASH_SEED") {
        Some(seed) => vec![seed],
        None => (0..setting("MOIM_CRASH_ROUNDS").unwrap_or(ROUNDS)).collect(),
    };
    let began = Instant::now();
    let workers = WORKERS.min(seeds.len());
    let seeds = Mutex::new(seeds.into_iter());
    let rounds = Rounds { seeds, tally: Mutex::default(), failed: AtomicBool::new(false) };
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| rounds.play());
        }
    });
    let tally = rounds.tally.lock().unwrap_or_else(PoisonError::into_inner);
    tell(&format!("\n{tally}in {:.0?}\n", began.elapsed()));
    assert!(!rounds.failed.into_inner(), "a round has failed: its seed is above");
    assert_eq!(tally.missed(), None, "kills of this kind land elsewhere");
}

impl Rounds {
    fn play(&self) {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut prepared = runtime.block_on(Prepared::make());
        while let Some(seed) = self.next() {
            if prepared.is_old() {
                prepared = runtime.block_on(Prepared::make());
            }
            let folder = tempfile::tempdir().unwrap();
            let playing = Round::new(seed, folder.path(), &prepared).play();
            let playing = AssertUnwindSafe(|| runtime.block_on(playing));
            match std::panic::catch_unwind(playing) {
                Ok(report) => self.note(&report),
                Err(_) => {
                    self.failed.store(true, Ordering::Relaxed);
                    let folder = folder.keep();
                    tell(&format!(
                        "MOIM_CRASH_SEED={seed} replays this round; its data is in {}\n{}",
                        folder.display(),
                        last_log(&folder)
                    ));
                }
            }
        }
    }

    fn note(&self, report: &Report) {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.add(report);
        if tally.rounds().is_multiple_of(TOLD_EVERY) {
            tell(&format!("\n{tally}"));
        }
    }

    fn next(&self) -> Option<u64> {
        let seed = self.seeds.lock().unwrap_or_else(PoisonError::into_inner).next();
        seed.filter(|_| !self.failed.load(Ordering::Relaxed))
    }
}

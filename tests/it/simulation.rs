//! A seeded simulation: people with real Yjs replicas around one room, over connections that break, on a
//! server that is killed between any two steps. Everything acknowledged is there, and all end up the same.
//! Once with one server, once with several and a bus between them that loses, doubles and reorders frames, and
//! once with a document that begins anew meanwhile.
//!
//! `MOIM_SIMULATION_SEEDS=20000` says how many worlds (`make soak-simulation`); `MOIM_SIMULATION_SEED=17` replays one.

mod fleet;
mod server;
mod stage;
mod world;

use fleet::Fleet;
use world::World;

/// Worlds that a plain test run plays.
const SEEDS: u64 = 1500;
/// Worlds that once failed, with one server.
const PINNED: &[u64] = &[3820];
/// The same with several.
const PINNED_FLEETS: &[u64] = &[7827, 16467];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn what_was_acknowledged_survives_and_everybody_converges() {
    play_all(PINNED, |seed| World::new(seed).play());
}

#[test]
fn with_many_nodes_too_everybody_converges_and_sees_the_same_people() {
    play_all(PINNED_FLEETS, |seed| Fleet::new(seed).play());
}

#[test]
fn with_a_document_that_begins_anew_too_nothing_acknowledged_is_gone_or_there_twice() {
    play_all(&[], |seed| Fleet::with_renewals(seed).play());
}

fn play_all(pinned: &[u64], play: fn(u64)) {
    let seeds: Vec<u64> = match setting("MOIM_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => {
            let count = setting("MOIM_SIMULATION_SEEDS").unwrap_or(SEEDS);
            pinned.iter().copied().chain(0..count).collect()
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let chunk = seeds.len().div_ceil(workers);
    std::thread::scope(|scope| {
        for seeds in seeds.chunks(chunk) {
            scope.spawn(move || {
                for &seed in seeds {
                    play_one(seed, play);
                }
            });
        }
    });
}

fn play_one(seed: u64, play: fn(u64)) {
    let outcome = std::panic::catch_unwind(|| play(seed));
    if let Err(panic) = outcome {
        let told = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
        panic!("MOIM_SIMULATION_SEED={seed} replays this world: {told}");
    }
}

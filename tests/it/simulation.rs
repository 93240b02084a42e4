//! A seeded simulation: people with real Yjs replicas around one room, over connections that break, on a
//! server that is killed between any two steps. Everything acknowledged is there, and all end up the same.
//!
//! `MOIM_SIMULATION_SEEDS=5000` says how many worlds; `MOIM_SIMULATION_SEED=17` replays one.

mod world;

use world::World;

/// Worlds that a plain test run plays.
const SEEDS: u64 = 5000;
/// Worlds that once failed.
const PINNED: &[u64] = &[3820];

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

#[test]
fn what_was_acknowledged_survives_and_everybody_converges() {
    let seeds: Vec<u64> = match setting("MOIM_SIMULATION_SEED") {
        Some(seed) => vec![seed],
        None => {
            let count = setting("MOIM_SIMULATION_SEEDS").unwrap_or(SEEDS);
            PINNED.iter().copied().chain(0..count).collect()
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from);
    let chunk = seeds.len().div_ceil(workers);
    std::thread::scope(|scope| {
        for seeds in seeds.chunks(chunk) {
            scope.spawn(move || {
                for &seed in seeds {
                    play(seed);
                }
            });
        }
    });
}

fn play(seed: u64) {
    let outcome = std::panic::catch_unwind(|| World::new(seed).play());
    if let Err(panic) = outcome {
        let told = panic.downcast_ref::<String>().map_or("it panicked", String::as_str);
        panic!("MOIM_SIMULATION_SEED={seed} replays this world: {told}");
    }
}

//! Valid updates, damaged at random by a seeded generator: whatever comes of it, the document goes on.

use moim::crdt::{Document, Limits, Refusal, fold};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::peers::Peer;

/// How many seeds; more with `MOIM_SEEDS`.
fn seeds() -> u64 {
    std::env::var("MOIM_SEEDS").map_or(60, |seeds| seeds.parse().unwrap())
}

/// Updates of three clients that know of each other now and then.
fn updates(random: &mut StdRng) -> Vec<Vec<u8>> {
    let peers: Vec<_> = (1..4).map(Peer::new).collect();
    let mut updates = vec![];
    for _ in 0..random.random_range(5..40) {
        let peer = &peers[random.random_range(0..peers.len())];
        updates.push(peer.edit_somehow(random));
        if random.random_range(0..3) == 0 {
            let other = &peers[random.random_range(0..peers.len())];
            peer.receive(&other.diff(&peer.state_vector()));
        }
    }
    updates
}

/// Changes, drops, repeats or exchanges a few bytes.
fn damage(update: &[u8], donor: &[u8], random: &mut StdRng) -> Vec<u8> {
    let mut bytes = update.to_vec();
    for _ in 0..random.random_range(1..4) {
        if bytes.is_empty() {
            break;
        }
        let at = random.random_range(0..bytes.len());
        match random.random_range(0..6) {
            0 => bytes[at] = random.random(),
            1 => bytes[at] ^= 1 << random.random_range(0..8),
            // Small numbers make the best lies: they name elements that are there.
            2 => bytes[at] = random.random_range(0..12),
            3 => drop(bytes.remove(at)),
            4 => bytes.insert(at, random.random_range(0..12)),
            _ => {
                let from = random.random_range(0..donor.len());
                let to = (from + random.random_range(1..12)).min(donor.len());
                bytes.splice(at..at, donor[from..to].iter().copied());
            }
        }
    }
    bytes
}

/// It can be saved and opened, and reads the same then.
fn check_serves(document: &Document, seed: u64) {
    let state = document.encode_state();
    let folded = fold(&state, []).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
    let again = Document::load(&folded.state, [], Limits::default()).unwrap();
    assert_eq!(again.project(), folded.projection, "seed {seed}");
    assert_eq!(again.state_vector().len(), document.state_vector().len(), "seed {seed}");
}

#[test]
fn damaged_updates_never_reach_what_they_could_break() {
    let mut taken = 0;
    for seed in 0..seeds() {
        let random = &mut StdRng::seed_from_u64(seed);
        let updates = updates(random);
        let mut document = Document::new(Limits::default());
        for update in &updates {
            let donor = &updates[random.random_range(0..updates.len())];
            let damaged = damage(update, donor, random);
            let answer = document.apply(&damaged);
            assert_ne!(answer, Err(Refusal::Failed), "seed {seed}: {damaged:?}");
            taken += u32::from(answer.is_ok());
            let _ = document.apply(update);
        }
        check_serves(&document, seed);
    }
    assert!(taken > 0, "everything was refused: nothing was tried");
}

#[test]
fn undamaged_updates_are_never_refused_and_end_where_the_clients_do() {
    for seed in 0..seeds() {
        let random = &mut StdRng::seed_from_u64(seed);
        let mut document = Document::new(Limits::default());
        let witness = Peer::new(9);
        let peers: Vec<_> = (1..4).map(Peer::new).collect();
        for step in 0..random.random_range(10..60) {
            let peer = &peers[random.random_range(0..peers.len())];
            peer.edit_somehow(random);
            // A client may send what is known already with what is new.
            let known = if random.random() { document.state_vector() } else { vec![0] };
            let update = peer.diff(&known);
            let answer = document.apply(&update);
            assert!(answer.is_ok(), "seed {seed}, step {step}: {answer:?}");
            witness.receive(&update);
            peer.receive(&document.encode_diff(&peer.state_vector()).unwrap());
        }
        let last = Document::load(&witness.diff(&[0]), [], Limits::default()).unwrap();
        assert_eq!(last.project(), document.project(), "seed {seed}");
        assert_eq!(fold(&document.encode_state(), []).unwrap().projection, document.project());
        assert_eq!(document.adds_nothing(&witness.diff(&[0])), Ok(true), "seed {seed}");
        check_serves(&document, seed);
    }
}

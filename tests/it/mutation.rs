//! Valid updates of real trips, damaged at random by a seeded generator: whatever comes of it, the document goes on.

use moim::{
    crdt::{Document, Limits, fold},
    ids::DocKind,
};
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::{fuzzed::serves, peers::Peer};

pub(crate) mod corpus;
pub(crate) mod damage;
mod run;
mod trial;

/// How many damaged messages; more with `MOIM_MUTATIONS` (`make soak-mutations`).
fn messages() -> u64 {
    std::env::var("MOIM_MUTATIONS").map_or(100_000, |number| number.parse().unwrap())
}

/// From which seed on, to go on where another run ended or to see one seed again.
fn first_seed() -> u64 {
    std::env::var("MOIM_SEED").map_or(0, |seed| seed.parse().unwrap())
}

#[test]
fn damaged_messages_never_reach_what_they_could_break() {
    let (counts, breaks) = run::in_processes_of_their_own(messages(), first_seed());
    assert!(breaks.is_empty(), "{counts}\n{}", breaks.join("\n"));
    let refused = counts.malformed + counts.missing;
    assert!(counts.changed > counts.messages / 100, "hardly anything was tried: {counts}");
    assert!(refused > counts.messages / 100, "hardly anything was damaged: {counts}");
    assert!(counts.checks > 0, "nothing was looked at: {counts}");
}

#[test]
fn undamaged_updates_are_never_refused_and_end_where_the_clients_do() {
    for seed in 0..60 {
        let random = &mut StdRng::seed_from_u64(seed);
        let mut document = Document::new(DocKind::Trip, Limits::default());
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
        let last =
            Document::load(DocKind::Trip, &witness.diff(&[0]), [], Limits::default()).unwrap();
        assert_eq!(last.project(), document.project(), "seed {seed}");
        assert_eq!(
            fold(DocKind::Trip, &document.encode_state(), []).unwrap().projection,
            document.project()
        );
        assert_eq!(document.adds_nothing(&witness.diff(&[0])), Ok(true), "seed {seed}");
        serves::check(&document);
    }
}

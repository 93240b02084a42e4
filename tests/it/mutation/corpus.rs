//! What is damaged: recorded traffic of stock clients, golden documents, and sessions that a seed makes up.

use std::sync::LazyLock;

use rand::{Rng, rngs::StdRng};
use yrs::{StateVector, updates::decoder::Decode};

use crate::{bytes::write_number, golden, histories, peers::Peer, traffic};

/// The updates of one trip in an order in which a server may hear them.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    pub(crate) updates: Vec<Vec<u8>>,
    /// The ids of the clients that made them, as the updates spell them.
    pub(super) clients: Vec<Vec<u8>>,
}

impl History {
    fn new(updates: Vec<Vec<u8>>) -> Self {
        let known: StateVector = updates
            .iter()
            .map(|update| yrs::Update::decode_v1(update).unwrap().state_vector())
            .fold(StateVector::default(), |mut all, one| {
                all.merge(one);
                all
            });
        let clients = known.iter().map(|(client, _)| spelled(client.get())).collect();
        Self { updates, clients }
    }
}

fn spelled(number: u64) -> Vec<u8> {
    let mut bytes = vec![];
    write_number(number, &mut bytes);
    bytes
}

/// What stands in files, read once.
pub(crate) static RECORDED: LazyLock<Vec<History>> = LazyLock::new(|| {
    let sessions = traffic::sessions().into_iter().map(|session| session.updates());
    let histories = histories::recorded().into_iter().map(|history| history.updates());
    sessions.chain(golden::all_updates()).chain(histories).map(History::new).collect()
});

/// One history: most are recorded, some are made up.
pub(super) fn pick(random: &mut StdRng) -> History {
    match random.random_range(0..4) {
        0 => History::new(made_up(random)),
        _ => RECORDED[random.random_range(0..RECORDED.len())].clone(),
    }
}

/// Updates of three clients that know of each other now and then.
fn made_up(random: &mut StdRng) -> Vec<Vec<u8>> {
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

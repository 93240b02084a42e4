//! The lists hold the items that yrs holds, whatever is merged, and an update that is taken back leaves no trace.

use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use yrs::{
    Any, Array, ClientID, Doc, GetString, Map, MapPrelim, Options, ReadTxn, StateVector, Text,
    Transact, TransactionMut, WriteTxn, XmlElementPrelim, XmlFragment, XmlTextPrelim,
    updates::{decoder::Decode, encoder::Encode},
};

use super::*;
use crate::crdt::{
    Refusal, Work,
    guard::{Guard, Source},
    kinds::schema,
    live::{Garbage, Live},
};
use crate::ids::DocKind;

/// A document as the server holds it.
struct Server {
    guard: Guard,
    live: Live,
}

impl Server {
    fn new() -> Self {
        Self {
            guard: Guard::new(schema(DocKind::Trip)),
            live: Live::new(schema(DocKind::Trip), Garbage::Kept),
        }
    }

    /// Merges an update, after it was merged and taken back.
    fn merge(&mut self, bytes: &[u8]) -> Work {
        let update = Update::parse(bytes).unwrap();
        let change = self.guard.check(&update, Source::Client).unwrap();
        let before = dump(&self.guard.lists);
        self.guard.arrange(&update, &change, &mut Meter::new(Work::UNLIMITED)).unwrap();
        self.guard.lists.undo();
        assert_eq!(dump(&self.guard.lists), before, "taken back");
        let mut meter = Meter::new(Work::UNLIMITED);
        self.guard.arrange(&update, &change, &mut meter).unwrap();
        let unknown = self.guard.unknown(&update).unwrap();
        self.live.apply(&unknown).unwrap();
        self.guard.commit(&update, &change);
        self.check();
        meter.spent
    }

    /// The same of a document that was loaded from what is stored.
    fn reload(&self, garbage: Garbage) -> Self {
        let stored = Live::new(schema(DocKind::Trip), garbage);
        stored.apply(&self.live.encode()).unwrap();
        let mut again = Self::new();
        again.merge(&stored.encode());
        again
    }

    /// yrs encodes each item that it holds, and the lists hold just these.
    fn check(&self) {
        let state = self.live.encode();
        let update = Update::parse(&state).unwrap();
        let mut held = vec![];
        for section in &update.sections {
            for at in section.first..section.end {
                let one = update.read(*section, at).unwrap();
                if one.content != Content::Gone {
                    held.push((section.client, one.id.clock, one.length));
                }
            }
        }
        held.sort_unstable();
        let lists = &self.guard.lists;
        let mut known: Vec<_> = lists
            .clients
            .iter()
            .flat_map(|client| {
                client
                    .items
                    .iter()
                    .map(|(start, item)| (client.id, *start, lists.items[*item as usize].length))
            })
            .collect();
        known.sort_unstable();
        assert_eq!(known, held);
        assert_eq!(lists.len(), held.len());
    }
}

/// All that the lists say, in an order of its own.
fn dump(lists: &Lists) -> Vec<String> {
    let mut out: Vec<_> = lists
        .first
        .iter()
        .map(|(place, first)| {
            let mut line = format!("{place:?}:");
            let mut at = *first;
            while at != NONE {
                let Item { name, length, origin, right_origin, deleted, .. } =
                    lists.items[at as usize];
                line += &format!(" {name:?}+{length} {origin:?} {right_origin:?} {deleted}");
                at = lists.items[at as usize].next;
            }
            line
        })
        .collect();
    out.extend(lists.clients.iter().map(|client| format!("{}: {:?}", client.id, client.items)));
    out.sort_unstable();
    out
}

/// A client with a replica of its own.
struct Peer(Doc);

impl Peer {
    fn new(client: u64) -> Self {
        let options = Options {
            offset_kind: yrs::OffsetKind::Utf16,
            ..Options::with_client_id(ClientID::new(client))
        };
        Self(Doc::with_options(options))
    }

    fn edit(&self, edit: impl FnOnce(&mut TransactionMut<'_>)) -> Vec<u8> {
        let mut txn = self.0.transact_mut();
        edit(&mut txn);
        txn.encode_update_v1()
    }

    fn receive(&self, update: &[u8]) {
        self.0.transact_mut().apply_update(yrs::Update::decode_v1(update).unwrap()).unwrap();
    }

    fn lacks(&self, vector: &[u8]) -> Vec<u8> {
        self.0.transact().encode_diff_v1(&StateVector::decode_v1(vector).unwrap())
    }

    fn vector(&self) -> Vec<u8> {
        self.0.transact().state_vector().encode_v1()
    }
}

/// One edit of any kind, anywhere.
fn edit_somewhere(txn: &mut TransactionMut<'_>, random: &mut StdRng) {
    match random.random_range(0..12) {
        0..4 => {
            let text = txn.get_or_insert_text("text");
            let at = random.random_range(0..=text.len(txn));
            let word = *["a", "한글", "word ", "x"].choose(random).unwrap();
            text.insert(txn, at, word);
        }
        4 | 5 => {
            let text = txn.get_or_insert_text("text");
            let length = text.len(txn);
            let at = random.random_range(0..=length);
            text.remove_range(txn, at, random.random_range(0..=(length - at).min(4)));
        }
        6 => {
            let list = txn.get_or_insert_array("list");
            let at =
                *[0, list.len(txn), random.random_range(0..=list.len(txn))].choose(random).unwrap();
            let row = list.insert(txn, at, MapPrelim::default());
            row.insert(txn, "n", at);
        }
        7 => {
            let list = txn.get_or_insert_array("list");
            if list.len(txn) > 0 {
                list.remove(txn, random.random_range(0..list.len(txn)));
            }
        }
        8 => {
            let list = txn.get_or_insert_array("values");
            let at = random.random_range(0..=list.len(txn));
            list.insert_range(
                txn,
                at,
                (0..random.random_range(1..5)).map(Any::from).collect::<Vec<_>>(),
            );
        }
        9 | 10 => {
            let shape = txn.get_or_insert_map("shape");
            for key in ["x", "y"] {
                shape.insert(txn, key, random.random_range(0..100_i32));
            }
            if random.random_ratio(1, 8) {
                shape.remove(txn, "x");
            }
        }
        _ => {
            let page = txn.get_or_insert_xml_fragment("page");
            let at = random.random_range(0..=page.len(txn));
            if random.random() {
                page.insert(txn, at, XmlElementPrelim::empty("p"));
            } else {
                page.insert(txn, at, XmlTextPrelim::new("paragraph"));
            }
        }
    }
}

/// Peers who edit and hear of each other's edits now and then, one of them seldom.
fn session(seed: u64, edits: usize) -> Server {
    let random = &mut StdRng::seed_from_u64(seed);
    let peers: Vec<_> = (0..4).map(|_| Peer::new(random.random_range(1..1_000_000))).collect();
    let mut server = Server::new();
    let mut sent: Vec<Vec<u8>> = vec![];
    let mut heard = vec![0; peers.len()];
    let mut told: Vec<Vec<Vec<u8>>> = vec![vec![]; peers.len()];
    for _ in 0..edits {
        let at = random.random_range(0..peers.len());
        let update = peers[at].edit(|txn| edit_somewhere(txn, random));
        told[at].push(update);
        let is_online = at > 0 || random.random_ratio(1, 30);
        if is_online && random.random_ratio(2, 3) {
            for update in sent.iter().skip(heard[at]) {
                peers[at].receive(update);
            }
            for update in told[at].drain(..) {
                server.merge(&update);
                sent.push(update);
            }
            heard[at] = sent.len();
        }
    }
    for peer in &peers {
        let rest = peer.lacks(&server.live.state_vector());
        server.merge(&rest);
    }
    server
}

#[test]
fn the_lists_hold_what_yrs_holds() {
    for seed in 0..20 {
        let server = session(seed, 150);
        let kept = server.reload(Garbage::Kept);
        assert_eq!(kept.live.encode().len(), server.live.encode().len(), "seed {seed}");
        server.reload(Garbage::Collected);
    }
}

#[test]
fn who_edits_alone_or_in_turns_makes_nobody_look_at_anything() {
    let mut server = Server::new();
    let peers = [Peer::new(7), Peer::new(3)];
    let random = &mut StdRng::seed_from_u64(1);
    for n in 0..600 {
        let (one, other) = (&peers[n % 2], &peers[1 - n % 2]);
        one.receive(&other.lacks(&one.vector()));
        let update = one.edit(|txn| edit_somewhere(txn, random));
        assert_eq!(server.merge(&update).scan, 0, "edit {n}");
    }
}

/// Two who know nothing of each other append, or put in front, so many rows each.
fn rows_offline(rows: u32, first: bool, clients: [u64; 2]) -> Work {
    let mut server = Server::new();
    let mut last = Work::default();
    for client in clients {
        let peer = Peer::new(client);
        let update = peer.edit(|txn| {
            let list = txn.get_or_insert_array("list");
            for n in 0..rows {
                let at = if first { 0 } else { n };
                list.insert(txn, at, MapPrelim::default());
            }
        });
        last = server.merge(&update);
    }
    last
}

#[test]
fn two_who_append_offline_look_at_each_others_rows_once_and_at_most() {
    for clients in [[7, 3], [3, 7]] {
        let scan = rows_offline(300, false, clients).scan;
        assert!(scan <= 600, "{scan}");
        let scan = rows_offline(300, true, clients).scan;
        assert!((300..=90_300).contains(&scan), "{scan}");
    }
}

#[test]
fn many_who_set_one_key_knowing_of_nobody_look_at_all_before_them() {
    let mut server = Server::new();
    let mut sum = 0;
    for client in 1..=100 {
        let update = Peer::new(client).edit(|txn| {
            txn.get_or_insert_map("meta").insert(txn, "tz", "UTC");
        });
        sum += server.merge(&update).scan;
    }
    assert!((99 * 100..3 * 99 * 100).contains(&sum), "{sum}");
    assert_eq!(server.guard.lists.len(), 100);
}

#[test]
fn what_is_more_than_it_may_be_leaves_no_trace() {
    let mut server = Server::new();
    for client in 1..=100 {
        let update = Peer::new(client).edit(|txn| {
            txn.get_or_insert_map("meta").insert(txn, "tz", "UTC");
            txn.get_or_insert_text("text").insert(txn, 0, "abc");
        });
        server.merge(&update);
    }
    let bytes = Peer::new(500).edit(|txn| {
        txn.get_or_insert_text("text").insert(txn, 0, "abc");
        txn.get_or_insert_text("another").insert(txn, 0, "abc");
        txn.get_or_insert_map("meta").insert(txn, "tz", "UTC");
    });
    let update = Update::parse(&bytes).unwrap();
    let change = server.guard.check(&update, Source::Client).unwrap();
    let before = dump(&server.guard.lists);
    for most in [0, 1, 50, 100, 150] {
        let meter = &mut Meter::new(Work { scan: most, copy: 1_000 });
        let refused = server.guard.arrange(&update, &change, meter);
        assert_eq!(refused, Err(Refusal::TooMany(Refusal::CONCURRENT)));
        assert_eq!(dump(&server.guard.lists), before);
        assert_eq!(server.guard.lists.items.len(), 200);
    }
    server.merge(&bytes);
}

/// What a person deletes in a long text one by one copies the rest of it each time.
#[test]
fn each_cut_in_a_long_text_is_charged_with_its_length() {
    let mut server = Server::new();
    let peer = Peer::new(1);
    server.merge(&peer.edit(|txn| {
        txn.get_or_insert_text("text").insert(txn, 0, &"x".repeat(1 << 20));
    }));
    let cuts = server.merge(&peer.edit(|txn| {
        let text = txn.get_or_insert_text("text");
        for at in 0..100 {
            text.remove_range(txn, at * 10, 1);
        }
    }));
    let each = (1 << 20) / 512;
    assert!((90 * each..300 * each).contains(&cuts.copy), "{cuts:?}");
    assert_eq!(cuts.scan, 0);
    let text = server.live.read().get_text("text").unwrap().get_string(&server.live.read());
    assert_eq!(text.len(), (1 << 20) - 100);
}

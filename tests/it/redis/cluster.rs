//! A real Redis Cluster of three nodes without replicas, whose nodes can be killed and started again.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Redis, STARTING, free_port};

/// Who is silent for so long is taken for dead by the others, in milliseconds.
const SILENCE: &str = "1000";

/// The slots of each, from the first to the last.
const SHARES: [[&str; 2]; 3] = [["0", "5460"], ["5461", "10922"], ["10923", "16383"]];

pub(crate) struct Cluster {
    pub(crate) nodes: [Redis; 3],
}

impl Cluster {
    /// Three nodes that share all slots, and agree on it.
    pub(crate) fn start() -> Self {
        // Where they talk to each other.
        let between = [(); 3].map(|()| free_port().to_string());
        let nodes = between.each_ref().map(|between| node(between));
        // What `redis-cli --cluster create` does, without its pauses.
        for (at, [first, last]) in SHARES.iter().enumerate() {
            nodes[at].ask(&["cluster", "set-config-epoch", &(at + 1).to_string()]);
            nodes[at].ask(&["cluster", "addslotsrange", first, last]);
            let port = nodes[at].address().port().to_string();
            nodes[0].ask(&["cluster", "meet", "127.0.0.1", &port, &between[at]]);
        }
        let cluster = Self { nodes };
        cluster.is_whole();
        cluster
    }

    /// What a node of Moim is told.
    pub(crate) fn url(&self) -> String {
        let [first, others @ ..] = self.nodes.each_ref().map(Redis::address);
        let others = others.map(|node| format!("node={node}")).join("&");
        format!("redis-cluster://{first}?{others}")
    }

    /// Waits until all nodes say that all slots are served.
    pub(crate) fn is_whole(&self) {
        let until = Instant::now() + STARTING;
        let is_whole = |node: &Redis| {
            let info = node.try_ask(&["cluster", "info"]);
            let says = |line: &str| info.lines().any(|said| said == line);
            says("cluster_state:ok") && says("cluster_slots_ok:16384")
        };
        while !self.nodes.iter().all(is_whole) {
            assert!(Instant::now() < until, "{}", self.nodes[0].try_ask(&["cluster", "nodes"]));
            sleep(Duration::from_millis(20));
        }
    }

    /// A node more, which has all that this one has, and takes its place if it dies.
    pub(crate) fn replicate(&self, of: usize) -> Redis {
        let between = free_port().to_string();
        let replica = node(&between);
        let port = replica.address().port().to_string();
        self.nodes[of].ask(&["cluster", "meet", "127.0.0.1", &port, &between]);
        let name = self.nodes[of].ask(&["cluster", "myid"]);
        let until = Instant::now() + STARTING;
        let says = |words: &str| replica.ask(&["info", "replication"]).contains(words);
        // It has to hear of the other first; and only who is up to date is elected.
        while !says("master_link_status:up") {
            if says("role:master") {
                replica.try_ask(&["cluster", "replicate", name.trim()]);
            }
            assert!(Instant::now() < until, "{}", replica.ask(&["cluster", "nodes"]));
            sleep(Duration::from_millis(100));
        }
        replica
    }

    /// Which node a channel is on.
    pub(crate) fn node_of(&self, channel: &str) -> usize {
        let slot: u16 = self.nodes[0].ask(&["cluster", "keyslot", channel]).trim().parse().unwrap();
        let is_own = |node: &Redis| {
            let nodes = node.ask(&["cluster", "nodes"]);
            let own = nodes.lines().find(|line| line.contains("myself")).unwrap();
            own.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                (first.parse().unwrap()..=last.parse::<u16>().unwrap()).contains(&slot)
            })
        };
        self.nodes.iter().position(is_own).expect("somebody has the slot")
    }

    /// The channels to which somebody is subscribed at a node.
    pub(crate) fn channels_at(&self, node: usize) -> Vec<String> {
        let channels = self.nodes[node].ask(&["pubsub", "shardchannels"]);
        channels.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Gives a channel's slot, which must be empty, to another node: what was subscribed to there is not any more.
    pub(crate) fn migrate(&self, channel: &str, to: usize) {
        let slot = self.nodes[0].ask(&["cluster", "keyslot", channel]);
        let (slot, from) = (slot.trim(), self.node_of(channel));
        let name = |node: usize| self.nodes[node].ask(&["cluster", "myid"]).trim().to_owned();
        let (taker, giver) = (name(to), name(from));
        self.nodes[to].ask(&["cluster", "setslot", slot, "importing", &giver]);
        self.nodes[from].ask(&["cluster", "setslot", slot, "migrating", &taker]);
        let last = (0..self.nodes.len()).filter(|node| ![from, to].contains(node));
        for node in [to, from].into_iter().chain(last) {
            self.nodes[node].ask(&["cluster", "setslot", slot, "node", &taker]);
        }
    }
}

fn node(between: &str) -> Redis {
    let options = [
        ["--cluster-enabled", "yes"],
        ["--cluster-port", between],
        ["--cluster-node-timeout", SILENCE],
        // Who is left goes on with its own slots.
        ["--cluster-require-full-coverage", "no"],
        ["--repl-diskless-sync-delay", "0"],
    ];
    Redis::start_with(options.concat().into_iter().map(str::to_owned).collect())
}

//! Sessions and counters in Redis, as the suites start and kill them. Everything else lies in an embedded store.

use std::{sync::Arc, time::Duration};

use moim::{
    redis::{Redis as Address, state::RedisState},
    store::{Care, Journal, Quarantine, Rates, StoreError, Stores, Versions},
};
use tokio_util::task::TaskTracker;

use super::{
    Documents, Everything, Sqlite,
    rates::quota,
    records::{at, hash},
};
use crate::redis::{Cluster, Redis};

/// A server that runs as long as this is kept.
pub(super) trait Server {
    fn start() -> Self;
    fn url(&self) -> String;
}

impl Server for Redis {
    fn start() -> Self {
        Self::start()
    }

    fn url(&self) -> String {
        self.url()
    }
}

impl Server for Cluster {
    fn start() -> Self {
        Self::start()
    }

    fn url(&self) -> String {
        self.url()
    }
}

pub(super) type OverRedis = Over<Redis>;
pub(super) type OverCluster = Over<Cluster>;

pub(super) struct Over<S> {
    server: S,
    rest: Sqlite,
    state: Arc<RedisState>,
}

async fn connected(url: &str) -> Arc<RedisState> {
    let state = RedisState::connect(&Address::at(url).unwrap(), &TaskTracker::new()).await.unwrap();
    for _ in 0..1000 {
        let taken = state.take(hash(255), quota(), at(0)).await;
        if !matches!(taken, Err(StoreError::Unavailable(_))) {
            return Arc::new(state);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no connection to {url}");
}

impl<S: Server> Documents for Over<S> {
    async fn start() -> Self {
        let (server, rest) = (S::start(), Sqlite::start().await);
        let state = connected(&server.url()).await;
        Self { server, rest, state }
    }

    fn journal(&self) -> Arc<dyn Journal> {
        self.rest.journal()
    }

    fn care(&self) -> Arc<dyn Care> {
        self.rest.care()
    }

    fn quarantine(&self) -> Arc<dyn Quarantine> {
        self.rest.quarantine()
    }

    fn versions(&self) -> Arc<dyn Versions> {
        self.rest.versions()
    }

    /// The node, not Redis: what Redis had forgotten would end sessions, and free who was held back.
    async fn kill(&mut self) {
        self.rest.kill().await;
        self.state = connected(&self.server.url()).await;
    }

    async fn damage(&mut self, written: &[u8]) {
        self.rest.damage(written).await;
    }
}

impl<S: Server> Everything for Over<S> {
    fn stores(&self) -> Stores {
        let (sessions, rates) = (self.state.clone(), self.state.clone());
        Stores { sessions, rates, ..self.rest.stores() }
    }

    async fn rates_kept(&self) -> u64 {
        unreachable!("they end by themselves")
    }
}

#[tokio::test]
async fn everything_in_redis_ends_by_itself() {
    let over = OverRedis::start().await;
    over.state.take(hash(1), quota(), at(100)).await.unwrap();
    let user = super::records::known(&over.stores(), "minji").await;
    let token = super::records::token(user.id, hash(1), 100);
    over.stores().sessions.start(&token).await.unwrap();
    over.stores().sessions.rotate(hash(1), hash(2), at(10), at(1_000)).await.unwrap();
    let keys = over.server.ask(&["keys", "*"]);
    assert!(keys.lines().count() >= 4, "{keys:?}");
    for key in keys.lines() {
        let lasts: i64 = over.server.ask(&["pttl", key]).trim().parse().unwrap();
        let most = if key.contains(":rate:") { 10_000 } else { 990_000 };
        assert!((1..=most).contains(&lasts), "{key} lasts {lasts} ms");
    }
}

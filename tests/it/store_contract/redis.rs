//! Sessions and counters in Redis, as the suites start and kill them. Everything else lies in an embedded store.

use std::{sync::Arc, time::Duration};

use moim::{
    redis::{Redis as Address, bus::RedisBus, state::RedisState},
    store::{Care, Journal, Quarantine, Rates, StoreError, Stores, Taken, Versions},
};
use tokio::time::{sleep, timeout};
use tokio_util::task::TaskTracker;

use super::{
    Documents, Everything, Sqlite, is_corrupt,
    rates::quota,
    records::{at, hash},
    sessions::successor,
};
use crate::redis::{Cluster, Redis, Server};

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) type OverRedis = Over<Redis>;
pub(super) type OverCluster = Over<Cluster>;

pub(super) struct Over<S> {
    server: S,
    rest: Sqlite,
    state: Arc<RedisState>,
}

async fn connected(url: &str) -> Arc<RedisState> {
    let bus = RedisBus::connect(&Address::at(url).unwrap(), &TaskTracker::new()).unwrap();
    Arc::new(RedisState::over(&bus).await)
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
    over.stores().sessions.rotate(hash(1), successor(2), at(10)).await.unwrap();
    let keys = over.server.ask(&["keys", "*"]);
    assert!(keys.lines().count() >= 4, "{keys:?}");
    for key in keys.lines() {
        let lasts: i64 = over.server.ask(&["pttl", key]).trim().parse().unwrap();
        let most = if key.contains(":rate:") { 10_000 } else { 990_000 };
        assert!((1..=most).contains(&lasts), "{key} lasts {lasts} ms");
    }
}

#[tokio::test]
async fn who_keeps_sending_an_old_token_does_not_fill_redis() {
    let over = OverRedis::start().await;
    let user = super::records::known(&over.stores(), "minji").await;
    let sessions = over.stores().sessions;
    sessions.start(&super::records::token(user.id, hash(1), 100)).await.unwrap();
    // The first is taken, those after it are repetitions, and the last one is too late.
    for (next, now) in [(2, 10), (3, 10), (4, 20), (5, 90), (6, 90)] {
        sessions.rotate(hash(1), successor(next), at(now)).await.unwrap();
    }
    // The one that was in force when the family ended.
    assert_eq!(over.server.ask(&["keys", "moim:token:*"]).lines().count(), 1);
    assert_eq!(over.server.ask(&["keys", "moim:family:*"]).trim(), "");
}

#[tokio::test]
async fn a_damaged_session_lets_nobody_in() {
    let over = OverRedis::start().await;
    let user = super::records::known(&over.stores(), "minji").await;
    let token = super::records::token(user.id, hash(1), 100);
    over.stores().sessions.start(&token).await.unwrap();
    over.server.ask(&["hset", &format!("moim:family:{}", token.family), "expires", "rubbish"]);
    let liveness = over.stores().sessions.liveness(token.family, at(10)).await;
    assert!(is_corrupt(&liveness), "{liveness:?}");
}

/// fred's own client for clusters stands still as long as one node is away.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_away_takes_along_what_lies_on_it_and_nothing_else() {
    let mut over = OverCluster::start().await;
    over.server.nodes[0].kill();
    let (mut counted, mut away) = (0, 0);
    for who in 0..60 {
        match over.state.take(hash(who), quota(), at(100)).await {
            Ok(Taken::Granted) => counted += 1,
            Err(StoreError::Unavailable(_)) => away += 1,
            other => panic!("{other:?}"),
        }
    }
    assert!(counted > 0 && away > 0, "{counted} and {away}");
    over.server.nodes[0].go_on();
    let healed = async {
        for who in 100..160 {
            while over.state.take(hash(who), quota(), at(100)).await.is_err() {
                sleep(Duration::from_millis(50)).await;
            }
        }
    };
    timeout(PATIENCE, healed).await.expect("all of it again");
}

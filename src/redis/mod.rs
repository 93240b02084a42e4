//! What a Redis, or a Redis Cluster, does for many nodes: carries frames, keeps sessions and counters. The only
//! folder that names fred.

use std::time::Duration;

use fred::{
    clients::{Client, SubscriberClient},
    prelude::{Builder, ClientLike, Config, Error, ReconnectPolicy, ServerConfig},
    types::{RespVersion, config::Server},
};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub mod bus;
mod ears;
mod layout;
mod line;
mod rates;
mod sessions;
pub mod state;

/// Messages that fred holds for us. Its own default loses half of a burst.
const RECEIVE_BUFFER: usize = 65_536;
/// A Redis that does not answer for so long is taken for dead, and connected to anew.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How often it is asked whether it still answers, and what failed is tried again.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How long saying goodbye to Redis may take.
const QUIT_WITHIN: Duration = Duration::from_secs(1);
/// The first pause before a reconnection, the longest, and what is added or taken at random, in milliseconds.
const PAUSES: (u32, u32, u32) = (100, 3000, 100);

/// Why Redis can't be used.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// Its text may hold a password, so it isn't told.
    #[error(
        "the Redis address can't be read: it must be redis://[user:password@]host[:port], rediss://… for TLS, \
         or redis-cluster://host:port?node=host:port"
    )]
    Address,
    /// The client could not be made.
    #[error("the Redis client can't be made: {0}")]
    Client(String),
}

/// Where Redis is, and how connections to it behave.
#[derive(Clone)]
pub struct Redis {
    config: Config,
}

impl Redis {
    /// Reads the address. Nothing is connected to yet.
    pub fn at(url: &str) -> Result<Self, RedisError> {
        let mut config = Config::from_url(url).map_err(|_| RedisError::Address)?;
        config.fail_fast = false;
        config.version = RespVersion::RESP3;
        Ok(Self { config })
    }

    fn is_cluster(&self) -> bool {
        self.config.server.is_clustered()
    }

    /// The nodes of a cluster that the address names.
    fn seeds(&self) -> Vec<Server> {
        self.config.server.hosts()
    }

    /// One node of the cluster, alone.
    fn only(&self, server: &Server) -> Self {
        let mut config = self.config.clone();
        config.server = ServerConfig::Centralized { server: server.clone() };
        Self { config }
    }

    fn client(&self) -> Result<Client, RedisError> {
        self.builder().build().map_err(made)
    }

    fn subscriber(&self) -> Result<SubscriberClient, RedisError> {
        self.builder().build_subscriber_client().map_err(made)
    }

    fn builder(&self) -> Builder {
        let (first, longest, jitter) = PAUSES;
        let mut policy = ReconnectPolicy::new_exponential(0, first, longest, 2);
        policy.set_jitter(jitter);
        let mut builder = Builder::from_config(self.config.clone());
        builder
            .set_policy(policy)
            .with_performance_config(|performance| {
                performance.broadcast_channel_capacity = RECEIVE_BUFFER;
                performance.default_command_timeout = ANSWER_WITHIN;
            })
            .with_connection_config(|connection| {
                connection.connection_timeout = ANSWER_WITHIN;
                connection.internal_command_timeout = ANSWER_WITHIN;
                connection.max_command_attempts = 1;
                connection.unresponsive.max_timeout = Some(ANSWER_WITHIN);
                connection.unresponsive.interval = LOOK_EVERY;
                connection.tcp.nodelay = Some(true);
            });
        builder
    }
}

/// Keeps a connection, even after an error that fred takes for the end, such as a wrong password.
async fn stay_connected(closing: CancellationToken, client: impl ClientLike) {
    while let Some(ended) = closing.run_until_cancelled(client.connect()).await {
        if let Ok(Err(error)) = ended {
            tracing::error!(%error, "no connection to Redis; trying again");
        }
        closing.run_until_cancelled(sleep(LOOK_EVERY)).await;
    }
}

/// Says goodbye. A Redis that is away can't be told.
async fn quit(client: &impl ClientLike) {
    let _ = timeout(QUIT_WITHIN, client.quit()).await;
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn made(error: Error) -> RedisError {
    RedisError::Client(error.to_string())
}

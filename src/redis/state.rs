//! The connection for what Redis keeps: whoever asks hears soon that it can't be asked.

use std::time::Duration;

use fred::{
    clients::Client,
    prelude::{ClientLike, Error},
};
use tokio::time::timeout;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{Redis, RedisError, quit, stay_connected};
use crate::store::{self, StoreError};

/// Somebody waits for each answer: no longer than this.
const ASKED_WITHIN: Duration = Duration::from_secs(2);
/// A start waits so long for the connection, so that nobody who comes at once is turned away.
const CONNECTED_WITHIN: Duration = Duration::from_secs(2);

/// Sessions and counters in Redis, for all nodes.
///
/// Each call decides on one key, so that it means the same on a Redis Cluster; keys end by themselves.
pub struct RedisState {
    pub(super) client: Client,
    closing: CancellationToken,
}

impl RedisState {
    /// Connects, and goes on trying for ever. Redis need not be there yet.
    pub async fn connect(redis: &Redis, tasks: &TaskTracker) -> Result<Self, RedisError> {
        let (client, closing) = (redis.client()?, CancellationToken::new());
        tasks.spawn(stay_connected(closing.clone(), client.clone()));
        if timeout(CONNECTED_WITHIN, client.wait_for_connect()).await.is_err() {
            tracing::warn!("no connection to Redis yet: nobody can log in until there is one");
        }
        Ok(Self { client, closing })
    }

    /// Ends the connection.
    pub async fn close(&self) {
        self.closing.cancel();
        quit(&self.client).await;
    }

    /// Waits for an answer, but not for a connection.
    pub(super) async fn ask<T>(
        &self,
        call: impl Future<Output = Result<T, Error>>,
    ) -> store::Result<T> {
        if !self.client.is_connected() {
            return Err(StoreError::Unavailable("no connection to Redis".to_owned()));
        }
        let late = |_| format!("Redis does not answer within {ASKED_WITHIN:?}");
        let failed = |error: Error| format!("Redis: {error}");
        let answer = timeout(ASKED_WITHIN, call).await.map_err(late);
        answer.and_then(|answer| answer.map_err(failed)).map_err(StoreError::Unavailable)
    }
}

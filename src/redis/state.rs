//! What nodes know together, over the same lines as the bus: whoever asks hears soon that nobody answers.

use std::{sync::Arc, time::Duration};

use fred::{
    clients::Client,
    prelude::{Error, ErrorKind},
};
use tokio::time::{sleep, timeout};

use super::{
    bus::{RedisBus, Shared},
    line::Line,
};
use crate::{
    bus::{Bus, BusState},
    store::{self, StoreError},
};

/// Somebody waits for each answer: no longer than this.
const ASKED_WITHIN: Duration = Duration::from_secs(2);
/// Who is sent elsewhere within a cluster asks again after this time.
const ASK_AGAIN: Duration = Duration::from_millis(100);
/// A start waits so long for Redis, so that nobody who comes at once is turned away …
const CONNECTED_WITHIN: Duration = Duration::from_secs(3);
/// … and looks this often.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Sessions and counters in Redis, for all nodes.
///
/// Each call decides on one key, so that it means the same on a Redis Cluster; keys end by themselves.
pub struct RedisState {
    lines: Arc<Shared>,
}

impl RedisState {
    /// Over the lines of this bus, and as long as they are open. Redis need not be there yet.
    pub async fn over(bus: &RedisBus) -> Self {
        let connecting = async {
            while bus.state() == BusState::Down {
                sleep(LOOK_AGAIN).await;
            }
        };
        if timeout(CONNECTED_WITHIN, connecting).await.is_err() {
            tracing::warn!("no connection to Redis yet: nobody can log in until there is one");
        }
        Self { lines: bus.lines() }
    }

    /// Asks the node that has this key; waits for an answer, but not for a connection.
    pub(super) async fn ask<T, F>(&self, key: &str, call: impl Fn(Client) -> F) -> store::Result<T>
    where
        F: Future<Output = Result<T, Error>>,
    {
        let asking = async {
            loop {
                let line = self.lines.line(key).filter(|line| line.is_up());
                let away = || StoreError::Unavailable("no connection to Redis".to_owned());
                let line: Arc<Line> = line.ok_or_else(away)?;
                match call(line.publisher().clone()).await {
                    // Nothing was done: another node has the key, or one that is back does not know yet that it has.
                    Err(error) if line.look_whether_moved(&error) => sleep(ASK_AGAIN).await,
                    answer => return answer.map_err(failed),
                }
            }
        };
        let late =
            |_| StoreError::Unavailable(format!("Redis does not answer within {ASKED_WITHIN:?}"));
        timeout(ASKED_WITHIN, asking).await.map_err(late)?
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: Error) -> StoreError {
    let text = format!("Redis: {error}");
    // What is there is not what was put there.
    let is_damaged =
        matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::Parse | ErrorKind::NotFound);
    if is_damaged { StoreError::Corrupt(text) } else { StoreError::Unavailable(text) }
}

//! How often somebody did something, counted for all nodes together.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{error::Result, hashes::TokenHash};
use crate::quota::Quota;

/// What came of a try to do something once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It is counted.
    Granted,
    /// It is not; there is room after this time.
    Wait(Duration),
}

/// How often somebody did something, counted for all nodes together.
#[async_trait]
pub trait Rates: Send + Sync {
    /// Counts one more under this name, if the quota has room for it. If it has none nothing changes, and the
    /// answer says how long it takes until it has.
    async fn take(&self, name: TokenHash, quota: Quota, now: Timestamp) -> Result<Taken>;

    /// Takes back one that was counted under this name.
    async fn give_back(&self, name: TokenHash, quota: Quota) -> Result<()>;
}

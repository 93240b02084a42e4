//! The answers to creations, so that one that is sent again is not carried out again.

use async_trait::async_trait;
use jiff::Timestamp;

use super::{error::Result, hashes::TokenHash};
use crate::ids::UserId;

/// What to do about a creation that carries an idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begun {
    /// Carry it out, then `finish` or `abandon`.
    New,
    /// Give this answer again.
    Replay(StoredAnswer),
    /// The first one is still under way.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

/// An answer that is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The JSON body.
    pub body: String,
}

/// The answers to creations, so that one that is sent again is not carried out again.
#[async_trait]
pub trait Idempotency: Send + Sync {
    /// Claims a key of a person for a request with this fingerprint. A claim that was never finished
    /// lapses after a minute, an answer after a day.
    async fn begin(
        &self,
        user: UserId,
        key: &str,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Begun>;

    /// Keeps the answer of the claim that was made at this time. Without it, or with an answer already, nothing
    /// changes: a claim that has lapsed meanwhile may be another one's now.
    async fn finish(
        &self,
        user: UserId,
        key: &str,
        claimed: Timestamp,
        answer: &StoredAnswer,
    ) -> Result<()>;

    /// Gives up the claim that was made at this time, after a request that failed.
    async fn abandon(&self, user: UserId, key: &str, claimed: Timestamp) -> Result<()>;
}

//! Refresh tokens, and who stays logged in by them.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use super::{error::Result, hashes::TokenHash};
use crate::ids::{FamilyId, UserId};

/// How long after its exchange a refresh token still leads to its successor.
pub const REUSE_GRACE: SignedDuration = SignedDuration::from_secs(60);

/// Whether a token that was exchanged then is still in its grace. A time that lies far ahead is of a clock that was
/// wrong, and counts as long ago.
pub fn is_in_grace(exchanged: Timestamp, now: Timestamp) -> bool {
    now.duration_since(exchanged).abs() < REUSE_GRACE
}

/// Whether a login goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// It does.
    Live,
    /// It has ended, or was never there.
    Over,
    /// Nobody can say just now. Only where sessions live apart from everything else, which goes on without them.
    Unknown,
}

/// A refresh token as it is stored.
#[derive(Debug, Clone)]
pub struct RefreshToken {
    /// Of the token.
    pub hash: TokenHash,
    /// The login that it descends from.
    pub family: FamilyId,
    /// Whose it is.
    pub user: UserId,
    /// When it was made.
    pub created: Timestamp,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// What the successor of a refresh token is derived from, together with that token: worth nothing without it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 32]);

impl fmt::Debug for Salt {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Salt(***)")
    }
}

/// The token that is to follow a refresh token.
#[derive(Debug, Clone, Copy)]
pub struct Successor {
    /// Of the token.
    pub hash: TokenHash,
    /// What it was derived from.
    pub salt: Salt,
    /// From when on it is worth nothing.
    pub expires: Timestamp,
}

/// Whose a refresh token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenOwner {
    /// The person.
    pub user: UserId,
    /// The login that it descends from.
    pub family: FamilyId,
}

/// What became of a refresh token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The offered successor is in force.
    Rotated(TokenOwner),
    /// It was exchanged a moment ago: the successor that it got then is in force, and was derived from this.
    Repeated(TokenOwner, Salt),
    /// It is the successor of a token that was exchanged a moment ago, and stays in force for now.
    Kept(TokenOwner),
    /// It was exchanged longer ago; the whole family has ended.
    Reused,
    /// Unknown, expired, or of a family that has ended.
    Invalid,
}

/// Refresh tokens, known by their hash alone; the tokens after one login are a family.
///
/// A token is exchanged for its successor once. For a while after that, `REUSE_GRACE`, it is still taken, and leads to
/// the same successor: an answer may be lost, and several windows may ask at once. The successor is not exchanged in
/// that time, so that at any moment all honest holders are led to one token. Later reuse ends the family.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Begins a family with its first token.
    async fn start(&self, token: &RefreshToken) -> Result<()>;

    /// Exchanges a token, atomically: of many callers with the same token one gets `Rotated`, and all others
    /// `Repeated` with the salt of that one.
    async fn rotate(&self, used: TokenHash, next: Successor, now: Timestamp) -> Result<Rotation>;

    /// Ends the family that this token belongs to. An unknown token is no error.
    async fn end(&self, token: TokenHash) -> Result<()>;

    /// Ends all families of a person.
    async fn end_all(&self, user: UserId) -> Result<()>;

    /// Whether the family still lives.
    async fn liveness(&self, family: FamilyId, now: Timestamp) -> Result<Liveness>;
}

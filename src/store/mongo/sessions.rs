//! Refresh tokens by login: used once each, and the end of their family when used twice.
//!
//! A family's record says which of its tokens is in force. That one record decides each rotation.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{clear_old, within},
    connect,
    fields::{Hash, Time},
};
use crate::{
    ids::{FamilyId, UserId},
    store::{Liveness, RefreshToken, Result, Rotation, Sessions, TokenHash},
};

/// Families, and tokens, that a login clears away after they have expired: more than it adds, so they do not
/// pile up.
const CLEARED_PER_LOGIN: i64 = 16;

#[derive(Serialize, Deserialize)]
struct FamilyRecord {
    _id: FamilyId,
    user: UserId,
    /// Of the one token in force.
    expires: Time,
    current: Hash,
}

#[derive(Serialize, Deserialize)]
struct TokenRecord {
    _id: Hash,
    family: FamilyId,
    user: UserId,
    expires: Time,
}

#[async_trait]
impl Sessions for MongoStore {
    async fn start(&self, token: &RefreshToken) -> Result<()> {
        let RefreshToken { hash, family, user, created, expires } = token.clone();
        let (current, expires, now) = (Hash(hash), Time(expires), Time(created).nanoseconds());
        clear_old(&self.families(), "expires", now, CLEARED_PER_LOGIN).await?;
        clear_old(&self.tokens(), "expires", now, CLEARED_PER_LOGIN).await?;
        let token = TokenRecord { _id: current, family, user, expires };
        within(self.tokens().insert_one(token)).await?;
        let family = FamilyRecord { _id: family, user, expires, current };
        within(self.families().insert_one(family)).await.map(drop)
    }

    async fn rotate(
        &self,
        used: TokenHash,
        next: TokenHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Rotation> {
        let (used, next, now, expires) = (Hash(used), Hash(next), Time(now), Time(expires));
        let Some(TokenRecord { family, user, .. }) =
            self.token(used).await?.filter(|token| token.expires > now)
        else {
            return Ok(Rotation::Invalid);
        };
        // First, so that the token in force is always known; nobody has it unless the family takes it.
        let token = TokenRecord { _id: next, family, user, expires };
        within(self.tokens().insert_one(token)).await?;
        let in_force = doc! { "_id": family, "current": used };
        let to = doc! { "$set": { "current": next, "expires": expires } };
        if within(self.families().update_one(in_force, to)).await?.matched_count > 0 {
            let old = doc! { "family": family, "expires": { "$lte": now } };
            within(self.tokens().delete_many(old)).await?;
            return Ok(Rotation::Rotated { user, family });
        }
        match self.end_family(family).await? {
            Ended::Now => Ok(Rotation::Reused),
            Ended::Before => Ok(Rotation::Invalid),
        }
    }

    async fn end(&self, token: TokenHash) -> Result<()> {
        match self.token(Hash(token)).await? {
            Some(token) => self.end_family(token.family).await.map(drop),
            None => Ok(()),
        }
    }

    async fn liveness(&self, family: FamilyId, now: Timestamp) -> Result<Liveness> {
        let live = doc! { "_id": family, "expires": { "$gt": Time(now) } };
        let found = within(self.families().find_one(live)).await?;
        Ok(if found.is_some() { Liveness::Live } else { Liveness::Over })
    }
}

/// Who ended a family.
enum Ended {
    Now,
    Before,
}

impl MongoStore {
    fn families(&self) -> Collection<FamilyRecord> {
        self.database.collection(connect::FAMILIES)
    }

    fn tokens(&self) -> Collection<TokenRecord> {
        self.database.collection(connect::TOKENS)
    }

    async fn token(&self, hash: Hash) -> Result<Option<TokenRecord>> {
        within(self.tokens().find_one(doc! { "_id": hash })).await
    }

    /// The family first: without it its tokens are worth nothing.
    async fn end_family(&self, family: FamilyId) -> Result<Ended> {
        let ended = within(self.families().delete_one(doc! { "_id": family })).await?;
        within(self.tokens().delete_many(doc! { "family": family })).await?;
        Ok(if ended.deleted_count > 0 { Ended::Now } else { Ended::Before })
    }
}

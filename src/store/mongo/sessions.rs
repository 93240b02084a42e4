//! Refresh tokens by login: exchanged once each, and the end of their family when used again later.
//!
//! A family's record says which of its tokens is in force, and which was before it. That one record decides each rotation.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{clear_old, within},
    connect,
    fields::{Hash, SaltField, Time},
};
use crate::{
    ids::{FamilyId, UserId},
    store::{
        Liveness, RefreshToken, Result, Rotation, Sessions, StoreError, Successor, TokenHash,
        TokenOwner, is_in_grace,
    },
};

/// Families, and tokens, that a login clears away after they have expired: more than it adds, so they do not
/// pile up.
const CLEARED_PER_LOGIN: i64 = 16;
/// How often a rotation looks at a family again because another one was faster: it was exchanged then, and its grace
/// has begun.
const ATTEMPTS: usize = 3;

#[derive(Serialize, Deserialize)]
struct FamilyRecord {
    _id: FamilyId,
    user: UserId,
    /// Of the one token in force.
    expires: Time,
    current: Hash,
    /// Of the last exchange; not there before the first one.
    #[serde(flatten)]
    exchange: Option<Exchange>,
}

/// How the token in force came to be.
#[derive(Serialize, Deserialize)]
struct Exchange {
    /// The token that was exchanged for it.
    previous: Hash,
    exchanged: Time,
    /// What it was derived from.
    salt: SaltField,
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
        let family = FamilyRecord { _id: family, user, expires, current, exchange: None };
        within(self.families().insert_one(family)).await.map(drop)
    }

    async fn rotate(&self, used: TokenHash, next: Successor, now: Timestamp) -> Result<Rotation> {
        let used = Hash(used);
        let Some(token) = self.token(used).await?.filter(|token| token.expires > Time(now)) else {
            return Ok(Rotation::Invalid);
        };
        for _ in 0..ATTEMPTS {
            if let Some(rotation) = self.try_to_rotate(used, &token, next, now).await? {
                return Ok(rotation);
            }
        }
        Err(StoreError::Unavailable("a session keeps changing".to_owned()))
    }

    async fn end(&self, token: TokenHash) -> Result<()> {
        match self.token(Hash(token)).await? {
            Some(token) => self.end_family(token.family).await.map(drop),
            None => Ok(()),
        }
    }

    async fn end_all(&self, user: UserId) -> Result<()> {
        within(self.families().delete_many(doc! { "user": user })).await?;
        within(self.tokens().delete_many(doc! { "user": user })).await.map(drop)
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

    /// `None`: the family is not what it was in between.
    async fn try_to_rotate(
        &self,
        used: Hash,
        token: &TokenRecord,
        next: Successor,
        now: Timestamp,
    ) -> Result<Option<Rotation>> {
        let owner = TokenOwner { user: token.user, family: token.family };
        let Some(family) = within(self.families().find_one(doc! { "_id": owner.family })).await?
        else {
            return Ok(Some(Rotation::Invalid));
        };
        let recent = family.exchange.filter(|last| is_in_grace(last.exchanged.0, now));
        if family.current == used {
            if recent.is_some() {
                return Ok(Some(Rotation::Kept(owner)));
            }
            let exchanged = self.exchange(used, owner, next, now).await?;
            return Ok(exchanged.then_some(Rotation::Rotated(owner)));
        }
        if let Some(last) = recent.filter(|last| last.previous == used) {
            return Ok(Some(Rotation::Repeated(owner, last.salt.0)));
        }
        Ok(Some(match self.end_family(owner.family).await? {
            Ended::Now => Rotation::Reused,
            Ended::Before => Rotation::Invalid,
        }))
    }

    /// `false`: the token is not in force any more.
    async fn exchange(
        &self,
        used: Hash,
        owner: TokenOwner,
        next: Successor,
        now: Timestamp,
    ) -> Result<bool> {
        let TokenOwner { user, family } = owner;
        let (hash, expires) = (Hash(next.hash), Time(next.expires));
        // First, so that the token in force is always known; nobody has it unless the family takes it.
        let token = TokenRecord { _id: hash, family, user, expires };
        within(self.tokens().insert_one(token)).await?;
        let in_force = doc! { "_id": family, "current": used };
        let to = doc! {
            "current": hash,
            "expires": expires,
            "previous": used,
            "exchanged": Time(now),
            "salt": SaltField(next.salt).text(),
        };
        let families = self.families();
        let update = families.update_one(in_force, doc! { "$set": to });
        if within(update).await?.matched_count == 0 {
            within(self.tokens().delete_one(doc! { "_id": hash })).await?;
            return Ok(false);
        }
        let old = doc! { "family": family, "expires": { "$lte": Time(now) } };
        within(self.tokens().delete_many(old)).await?;
        Ok(true)
    }

    /// The family first: without it its tokens are worth nothing.
    async fn end_family(&self, family: FamilyId) -> Result<Ended> {
        let ended = within(self.families().delete_one(doc! { "_id": family })).await?;
        within(self.tokens().delete_many(doc! { "family": family })).await?;
        Ok(if ended.deleted_count > 0 { Ended::Now } else { Ended::Before })
    }
}

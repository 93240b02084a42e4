//! How often somebody did something: a record for each who did it lately.
//!
//! Each call is one update under a condition, so that nodes which count at once count right without a lock.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{clear_old, is_duplicate, within},
    connect,
    fields::Hash,
};
use crate::{
    quota::Quota,
    store::{Rates, Result, StoreError, Taken, TokenHash},
};

/// Records that a new one clears away once they are worth nothing: more than one, so they do not pile up.
const CLEARED_PER_RECORD: i64 = 16;
/// How often a call begins anew because the record came or went meanwhile.
const ATTEMPTS: usize = 5;

#[derive(Serialize, Deserialize)]
struct RateRecord {
    _id: Hash,
    /// Microseconds since 1970; from then on the record is worth nothing.
    free: i64,
}

#[async_trait]
impl Rates for MongoStore {
    async fn take(&self, name: TokenHash, quota: Quota, now: Timestamp) -> Result<Taken> {
        let (name, now) = (Hash(name), now.as_microsecond());
        for _ in 0..ATTEMPTS {
            if let Some(taken) = self.try_to_take(name, quota, now).await? {
                return Ok(taken);
            }
        }
        Err(StoreError::Unavailable("a counter keeps coming and going".to_owned()))
    }

    async fn give_back(&self, name: TokenHash, quota: Quota) -> Result<()> {
        let one_less = doc! { "$inc": { "free": -quota.step() } };
        within(self.rates().update_one(doc! { "_id": Hash(name) }, one_less)).await.map(drop)
    }
}

impl MongoStore {
    /// `None`: the record is not what it was in between.
    async fn try_to_take(&self, name: Hash, quota: Quota, now: i64) -> Result<Option<Taken>> {
        let rates = self.rates();
        let last = now.saturating_add(quota.most() - quota.step());
        let in_use = doc! { "_id": name, "free": { "$gt": now, "$lte": last } };
        let one_more = doc! { "$inc": { "free": quota.step() } };
        if within(rates.update_one(in_use, one_more)).await?.matched_count > 0 {
            return Ok(Some(Taken::Granted));
        }
        let first = now.saturating_add(quota.step());
        let out_of_use = doc! { "_id": name, "free": { "$lte": now } };
        let anew = doc! { "$set": { "free": first } };
        if within(rates.update_one(out_of_use, anew)).await?.matched_count > 0 {
            return Ok(Some(Taken::Granted));
        }
        if let Some(found) = within(rates.find_one(doc! { "_id": name })).await? {
            if found.free > quota.last(now) {
                // A clock was wrong.
                let as_found = doc! { "_id": name, "free": found.free };
                let taken = within(rates.update_one(as_found, doc! { "$set": { "free": first } }));
                return Ok((taken.await?.matched_count > 0).then_some(Taken::Granted));
            }
            return Ok(quota.take(Some(found.free), now).err().map(Taken::Wait));
        }
        clear_old(&rates, "free", now, CLEARED_PER_RECORD).await?;
        match within(rates.insert_one(RateRecord { _id: name, free: first })).await {
            Ok(_) => Ok(Some(Taken::Granted)),
            Err(error) if is_duplicate(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn rates(&self) -> Collection<RateRecord> {
        self.database.collection(connect::RATES)
    }
}

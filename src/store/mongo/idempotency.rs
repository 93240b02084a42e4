//! The answers to creations, by person and key.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use mongodb::{Collection, bson::doc};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{clear_old, is_duplicate, within},
    connect,
    fields::{Hash, Time},
};
use crate::{
    ids::UserId,
    store::{Begun, Idempotency, Result, StoreError, StoredAnswer, TokenHash},
};

/// After this a claim that was not finished can be made again.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// After this an answer is forgotten.
const ANSWER: SignedDuration = SignedDuration::from_hours(24);
/// Old records that a claim clears away: more than it adds, so they do not pile up.
const CLEARED_PER_CLAIM: i64 = 16;
/// How often a claim begins anew because another one was faster.
const CLAIM_ATTEMPTS: usize = 8;

#[derive(Serialize, Deserialize)]
struct AnswerRecord {
    /// The person and the key.
    _id: String,
    fingerprint: Hash,
    claimed: Time,
    /// Without one it is a claim.
    answer: Option<Answer>,
}

#[derive(Serialize, Deserialize)]
struct Answer {
    status: u16,
    body: String,
}

impl AnswerRecord {
    fn lives(&self, now: Timestamp) -> bool {
        let life = if self.answer.is_some() { ANSWER } else { CLAIM };
        // One that lies far ahead is of a clock that was wrong.
        now.duration_since(self.claimed.0).abs() < life
    }
}

#[async_trait]
impl Idempotency for MongoStore {
    async fn begin(
        &self,
        user: UserId,
        key: &str,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Begun> {
        if let Ok(before) = now.checked_sub(ANSWER) {
            let before = Time(before).nanoseconds();
            clear_old(&self.answers(), "claimed", before, CLEARED_PER_CLAIM).await?;
        }
        for _ in 0..CLAIM_ATTEMPTS {
            if let Some(begun) = self.try_begin(name(user, key), fingerprint, now).await? {
                return Ok(begun);
            }
        }
        Err(StoreError::Unavailable("too many claim this key at once".to_owned()))
    }

    async fn finish(
        &self,
        user: UserId,
        key: &str,
        claimed: Timestamp,
        answer: &StoredAnswer,
    ) -> Result<()> {
        let StoredAnswer { status, body } = answer;
        let to = doc! { "answer": { "status": i32::from(*status), "body": body } };
        let to = doc! { "$set": to };
        within(self.answers().update_one(claim(user, key, claimed), to)).await.map(drop)
    }

    async fn abandon(&self, user: UserId, key: &str, claimed: Timestamp) -> Result<()> {
        within(self.answers().delete_one(claim(user, key, claimed))).await.map(drop)
    }
}

impl MongoStore {
    fn answers(&self) -> Collection<AnswerRecord> {
        self.database.collection(connect::ANSWERS)
    }

    /// `None`: another one was faster, look again.
    async fn try_begin(
        &self,
        name: String,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Begun>> {
        let found = within(self.answers().find_one(doc! { "_id": &name })).await?;
        match found {
            None => self.claim_new(name, fingerprint, now).await,
            Some(kept) if !kept.lives(now) => self.claim_again(&kept, fingerprint, now).await,
            Some(kept) if kept.fingerprint.0 != fingerprint => Ok(Some(Begun::Mismatch)),
            Some(AnswerRecord { answer: Some(Answer { status, body }), .. }) => {
                Ok(Some(Begun::Replay(StoredAnswer { status, body })))
            }
            Some(_) => Ok(Some(Begun::InProgress)),
        }
    }

    async fn claim_new(
        &self,
        name: String,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Begun>> {
        let (fingerprint, claimed) = (Hash(fingerprint), Time(now));
        let record = AnswerRecord { _id: name, fingerprint, claimed, answer: None };
        match within(self.answers().insert_one(record)).await {
            Ok(_) => Ok(Some(Begun::New)),
            Err(error) if is_duplicate(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// In the place of what has lapsed, if that is still there.
    async fn claim_again(
        &self,
        lapsed: &AnswerRecord,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Option<Begun>> {
        let as_read = doc! { "_id": &lapsed._id, "claimed": lapsed.claimed };
        let to = doc! { "fingerprint": Hash(fingerprint), "claimed": Time(now), "answer": null };
        let update = within(self.answers().update_one(as_read, doc! { "$set": to })).await?;
        Ok((update.matched_count > 0).then_some(Begun::New))
    }
}

/// A user id has always the same length: no two pairs have one name.
fn name(user: UserId, key: &str) -> String {
    format!("{user} {key}")
}

/// The claim that was made at this time, if it has no answer yet.
fn claim(user: UserId, key: &str, claimed: Timestamp) -> mongodb::bson::Document {
    doc! { "_id": name(user, key), "claimed": Time(claimed), "answer": null }
}

//! What people are told of what others did: a record for each notice, and one for how far a person has read.
//!
//! A notice's key is its person and its number, so that of two nodes which give the same number one is first, and
//! the other gives the next.

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{
    Collection,
    bson::{Document, doc, serialize_to_bson},
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, is_duplicate, within},
    connect,
    fields::Time,
};
use crate::{
    ids::{DocId, Role, UserId},
    store::{MAX_NOTICES, NewNotice, Notice, NoticeKind, Notices, Result, Standing, StoreError},
};

/// How often a number is tried, because others were faster with it.
const ATTEMPTS: usize = 64;

#[derive(Serialize, Deserialize)]
struct NoticeRecord {
    /// As `key` makes it: a person's in their order.
    _id: String,
    seq: u64,
    at: Time,
    kind: NoticeKind,
    trip: DocId,
    title: String,
    by: UserId,
    role: Option<Role>,
}

#[derive(Serialize, Deserialize)]
struct ReadRecord {
    _id: UserId,
    seq: u64,
}

impl From<NoticeRecord> for Notice {
    fn from(record: NoticeRecord) -> Self {
        let NoticeRecord { seq, at, kind, trip, title, by, role, .. } = record;
        Self { seq, at: at.0, said: NewNotice { kind, trip, title, by, role } }
    }
}

#[async_trait]
impl Notices for MongoStore {
    async fn post(&self, user: UserId, notice: &NewNotice, now: Timestamp) -> Result<u64> {
        if let Some(seq) = self.kept(user, notice, now).await? {
            return Ok(seq);
        }
        let NewNotice { kind, trip, title, by, role } = notice.clone();
        let mut record = NoticeRecord {
            _id: String::new(),
            seq: self.last_notice(user).await?,
            at: Time(now),
            kind,
            trip,
            title,
            by,
            role,
        };
        for _ in 0..ATTEMPTS {
            record.seq += 1;
            record._id = key(user, record.seq);
            match within(self.notices().insert_one(&record)).await {
                Ok(_) => {
                    self.drop_old(user, record.seq).await;
                    return Ok(record.seq);
                }
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Unavailable("others keep telling this person something".to_owned()))
    }

    async fn since(
        &self,
        user: UserId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Notice>, Standing)> {
        if limit == 0 {
            // Which the server would take for no limit.
            return Ok((Vec::new(), self.standing(user).await?));
        }
        let later = doc! { "_id": { "$gt": key(user, after), "$lt": end(user) } };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = all(self.notices().find(later).sort(doc! { "_id": 1 }).limit(limit)).await?;
        Ok((found.into_iter().map(Notice::from).collect(), self.standing(user).await?))
    }

    async fn mark_read(&self, user: UserId, until: u64) -> Result<Standing> {
        let until = until.min(self.last_notice(user).await?);
        let seq = i64::try_from(until).unwrap_or(i64::MAX);
        let less = doc! { "_id": user, "seq": { "$lt": seq } };
        let reads = self.reads();
        for _ in 0..2 {
            let more = doc! { "$set": { "seq": seq } };
            let is_there = within(reads.update_one(less.clone(), more)).await?.matched_count > 0;
            if is_there || until == 0 {
                break;
            }
            match within(reads.insert_one(ReadRecord { _id: user, seq: until })).await {
                Ok(_) => break,
                // It has as much already, or was made just now.
                Err(error) if is_duplicate(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.standing(user).await
    }
}

impl MongoStore {
    fn notices(&self) -> Collection<NoticeRecord> {
        self.database.collection(connect::NOTICES)
    }

    fn reads(&self) -> Collection<ReadRecord> {
        self.database.collection(connect::NOTICES_READ)
    }

    /// The number that the same notice has already.
    async fn kept(&self, user: UserId, notice: &NewNotice, at: Timestamp) -> Result<Option<u64>> {
        let NewNotice { kind, trip, by, .. } = *notice;
        let kind = serialize_to_bson(&kind).map_err(mongodb::error::Error::from)?;
        let mut same = of_person(user);
        same.extend(doc! { "at": Time(at), "trip": trip, "by": by, "kind": kind });
        let notices = self.notices();
        Ok(within(notices.find_one(same)).await?.map(|record| record.seq))
    }

    async fn last_notice(&self, user: UserId) -> Result<u64> {
        let notices = self.notices();
        let newest = notices.find_one(of_person(user)).sort(doc! { "_id": -1 });
        Ok(within(newest).await?.map_or(0, |record| record.seq))
    }

    async fn standing(&self, user: UserId) -> Result<Standing> {
        let notices = self.notices();
        let oldest = notices.find_one(of_person(user)).sort(doc! { "_id": 1 });
        let oldest = within(oldest).await?.map_or(0, |record| record.seq);
        let read = within(self.reads().find_one(doc! { "_id": user })).await?;
        let read = read.map_or(0, |record| record.seq);
        Ok(Standing { last: self.last_notice(user).await?, read, oldest })
    }

    /// Of those that are too many. If that fails the next notice does it.
    async fn drop_old(&self, user: UserId, newest: u64) {
        let Some(until) = newest.checked_sub(MAX_NOTICES).filter(|until| *until > 0) else {
            return;
        };
        let old = doc! { "_id": { "$gte": key(user, 0), "$lte": key(user, until) } };
        if let Err(error) = within(self.notices().delete_many(old)).await {
            tracing::warn!(%error, "old notices stay");
        }
    }
}

/// The name of a notice: those of a person are in their order.
fn key(user: UserId, seq: u64) -> String {
    format!("{user}/{seq:020}")
}

/// `0` comes right after the stroke.
fn end(user: UserId) -> String {
    format!("{user}0")
}

fn of_person(user: UserId) -> Document {
    doc! { "_id": { "$gt": format!("{user}/"), "$lt": end(user) } }
}

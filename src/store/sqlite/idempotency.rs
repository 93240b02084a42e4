//! The answers to creations, by person and key.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use super::{
    SqliteStore,
    columns::{Time, time},
};
use crate::{
    ids::UserId,
    store::{Begun, Idempotency, Result, StoredAnswer, TokenHash},
};

/// After this a claim that was not finished can be made again.
const CLAIM: SignedDuration = SignedDuration::from_secs(60);
/// After this an answer is forgotten.
const ANSWER: SignedDuration = SignedDuration::from_hours(24);
/// Old rows that a claim clears away: more than it adds, so they do not pile up.
const CLEARED_PER_CLAIM: u32 = 16;

#[async_trait]
impl Idempotency for SqliteStore {
    async fn begin(
        &self,
        user: UserId,
        key: &str,
        fingerprint: TokenHash,
        now: Timestamp,
    ) -> Result<Begun> {
        let key = key.to_owned();
        self.write(0, move |db| {
            clear_old(db, now)?;
            match kept(db, user, &key)?.filter(|kept| kept.lives(now)) {
                None => claim(db, user, &key, fingerprint, now).map(|()| Begun::New),
                Some(kept) if kept.fingerprint != fingerprint => Ok(Begun::Mismatch),
                Some(kept) => Ok(kept.answer.map_or(Begun::InProgress, Begun::Replay)),
            }
        })
        .await
    }

    async fn finish(
        &self,
        user: UserId,
        key: &str,
        claimed: Timestamp,
        answer: &StoredAnswer,
    ) -> Result<()> {
        let (key, answer) = (key.to_owned(), answer.clone());
        self.write(answer.body.len(), move |db| {
            let mut update = db.prepare_cached(
                "UPDATE answers SET status = ?4, body = ?5
                 WHERE user = ?1 AND key = ?2 AND claimed = ?3 AND status IS NULL",
            )?;
            update.execute((user, key, Time(claimed), answer.status, answer.body))?;
            Ok(())
        })
        .await
    }

    async fn abandon(&self, user: UserId, key: &str, claimed: Timestamp) -> Result<()> {
        let key = key.to_owned();
        self.write(0, move |db| {
            let mut delete = db.prepare_cached(
                "DELETE FROM answers
                 WHERE user = ?1 AND key = ?2 AND claimed = ?3 AND status IS NULL",
            )?;
            delete.execute((user, key, Time(claimed)))?;
            Ok(())
        })
        .await
    }
}

struct Kept {
    fingerprint: TokenHash,
    claimed: Timestamp,
    answer: Option<StoredAnswer>,
}

impl Kept {
    fn lives(&self, now: Timestamp) -> bool {
        let life = if self.answer.is_some() { ANSWER } else { CLAIM };
        // One that lies far ahead is of a clock that was wrong.
        now.duration_since(self.claimed).abs() < life
    }
}

fn kept(db: &Connection, user: UserId, key: &str) -> Result<Option<Kept>> {
    let mut select = db.prepare_cached(
        "SELECT fingerprint, claimed, status, body FROM answers WHERE user = ?1 AND key = ?2",
    )?;
    let found = select.query_one((user, key), |row| {
        let status: Option<u16> = row.get("status")?;
        let answer = match status {
            Some(status) => Some(StoredAnswer { status, body: row.get("body")? }),
            None => None,
        };
        Ok(Kept { fingerprint: row.get("fingerprint")?, claimed: time(row, "claimed")?, answer })
    });
    Ok(found.optional()?)
}

/// In the place of what lived there before, if anything.
fn claim(
    db: &Connection,
    user: UserId,
    key: &str,
    fingerprint: TokenHash,
    now: Timestamp,
) -> Result<()> {
    let sql = "REPLACE INTO answers (user, key, fingerprint, claimed) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((user, key, fingerprint, Time(now)))?;
    Ok(())
}

fn clear_old(db: &Connection, now: Timestamp) -> Result<()> {
    let Ok(before) = now.checked_sub(ANSWER) else { return Ok(()) };
    let sql = "DELETE FROM answers WHERE (user, key) IN
                   (SELECT user, key FROM answers WHERE claimed <= ?1 ORDER BY claimed LIMIT ?2)";
    db.prepare_cached(sql)?.execute((Time(before), CLEARED_PER_CLAIM))?;
    Ok(())
}

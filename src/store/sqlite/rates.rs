//! How often somebody did something: a row for each who did it lately.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::OptionalExtension;

use super::SqliteStore;
use crate::{
    quota::Quota,
    store::{Rates, Result, Taken, TokenHash},
};

/// Rows that a call clears away once they are worth nothing: more than it adds, so they do not pile up.
const CLEARED_PER_CALL: u32 = 16;

#[async_trait]
impl Rates for SqliteStore {
    async fn take(&self, name: TokenHash, quota: Quota, now: Timestamp) -> Result<Taken> {
        let now = now.as_microsecond();
        self.write(0, move |db| {
            let sql = "DELETE FROM rates WHERE name IN
                           (SELECT name FROM rates WHERE free <= ?1 ORDER BY free LIMIT ?2)";
            db.prepare_cached(sql)?.execute((now, CLEARED_PER_CALL))?;
            let sql = "SELECT free FROM rates WHERE name = ?1";
            let free = db.prepare_cached(sql)?.query_one([name], |row| row.get(0)).optional()?;
            let free = match quota.take(free, now) {
                Ok(free) => free,
                Err(wait) => return Ok(Taken::Wait(wait)),
            };
            let sql = "INSERT INTO rates (name, free) VALUES (?1, ?2)
                       ON CONFLICT (name) DO UPDATE SET free = excluded.free";
            db.prepare_cached(sql)?.execute((name, free))?;
            Ok(Taken::Granted)
        })
        .await
    }

    async fn give_back(&self, name: TokenHash, quota: Quota) -> Result<()> {
        self.write(0, move |db| {
            let sql = "UPDATE rates SET free = free - ?2 WHERE name = ?1";
            db.prepare_cached(sql)?.execute((name, quota.step()))?;
            Ok(())
        })
        .await
    }
}

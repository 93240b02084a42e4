//! What people are told of what others did.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore,
    columns::{Time, time},
};
use crate::{
    ids::UserId,
    store::{MAX_NOTICES, NewNotice, Notice, Notices, Result, Standing},
};

#[async_trait]
impl Notices for SqliteStore {
    async fn post(&self, user: UserId, notice: &NewNotice, now: Timestamp) -> Result<u64> {
        let notice = notice.clone();
        self.write(notice.title.len(), move |db| post(db, user, &notice, now)).await
    }

    async fn since(
        &self,
        user: UserId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Notice>, Standing)> {
        self.read(move |db| Ok((since(db, user, after, limit)?, standing(db, user)?))).await
    }

    async fn mark_read(&self, user: UserId, until: u64) -> Result<Standing> {
        self.write(0, move |db| {
            let Standing { last, read, .. } = standing(db, user)?;
            let until = until.min(last);
            if until > read {
                let sql = "INSERT INTO notices_read (user, seq) VALUES (?1, ?2)
                           ON CONFLICT (user) DO UPDATE SET seq = excluded.seq";
                db.prepare_cached(sql)?.execute((user, until))?;
            }
            standing(db, user)
        })
        .await
    }
}

fn post(db: &Connection, user: UserId, notice: &NewNotice, now: Timestamp) -> Result<u64> {
    let NewNotice { kind, trip, title, by, role } = notice;
    let sql = "SELECT seq FROM notices
               WHERE user = ?1 AND at = ?2 AND kind = ?3 AND trip = ?4 AND author = ?5";
    let same = params![user, Time(now), kind, trip, by];
    let kept = db.prepare_cached(sql)?.query_one(same, |row| row.get(0)).optional()?;
    if let Some(seq) = kept {
        return Ok(seq);
    }
    let seq = standing(db, user)?.last + 1;
    let mut insert = db.prepare_cached(
        "INSERT INTO notices (user, seq, at, kind, trip, title, author, role)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    insert.execute(params![user, seq, Time(now), kind, trip, title, by, role])?;
    let sql = "DELETE FROM notices WHERE user = ?1 AND seq <= ?2";
    db.prepare_cached(sql)?.execute((user, seq.saturating_sub(MAX_NOTICES)))?;
    Ok(seq)
}

fn since(db: &Connection, user: UserId, after: u64, limit: usize) -> Result<Vec<Notice>> {
    let mut select = db.prepare_cached(
        "SELECT seq, at, kind, trip, title, author, role FROM notices
         WHERE user = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    )?;
    // A number that no row can have is beyond all of them.
    let after = i64::try_from(after).unwrap_or(i64::MAX);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = select.query_map((user, after, limit), notice)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn notice(row: &Row<'_>) -> rusqlite::Result<Notice> {
    let said = NewNotice {
        kind: row.get("kind")?,
        trip: row.get("trip")?,
        title: row.get("title")?,
        by: row.get("author")?,
        role: row.get("role")?,
    };
    Ok(Notice { seq: row.get("seq")?, at: time(row, "at")?, said })
}

fn standing(db: &Connection, user: UserId) -> Result<Standing> {
    let sql = "SELECT coalesce(max(seq), 0), coalesce(min(seq), 0) FROM notices WHERE user = ?1";
    let (last, oldest) =
        db.prepare_cached(sql)?.query_one([user], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let sql = "SELECT seq FROM notices_read WHERE user = ?1";
    let read = db.prepare_cached(sql)?.query_one([user], |row| row.get(0)).optional()?;
    Ok(Standing { last, read: read.unwrap_or(0), oldest })
}

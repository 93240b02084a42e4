//! Refresh tokens by login: used once each, and the end of their family when used twice.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{
    SqliteStore,
    columns::{Time, time},
};
use crate::{
    ids::{FamilyId, UserId},
    store::{Liveness, RefreshToken, Result, Rotation, Sessions, TokenHash},
};

/// Families that a login clears away after they have expired: more than it adds, so they do not pile up.
const CLEARED_PER_LOGIN: u32 = 16;

#[async_trait]
impl Sessions for SqliteStore {
    async fn start(&self, token: &RefreshToken) -> Result<()> {
        let RefreshToken { hash, family, user, created, expires } = token.clone();
        self.write(0, move |db| {
            clear_expired(db, created)?;
            let sql = "INSERT INTO families (id, user, expires) VALUES (?1, ?2, ?3)";
            db.prepare_cached(sql)?.execute((family, user, Time(expires)))?;
            insert_token(db, hash, family, created, expires)
        })
        .await
    }

    async fn rotate(
        &self,
        used: TokenHash,
        next: TokenHash,
        now: Timestamp,
        expires: Timestamp,
    ) -> Result<Rotation> {
        self.write(0, move |db| {
            let Some(token) = token(db, used)? else { return Ok(Rotation::Invalid) };
            if token.expires <= now {
                return Ok(Rotation::Invalid);
            }
            if token.used {
                end(db, token.family)?;
                return Ok(Rotation::Reused);
            }
            use_up(db, used)?;
            insert_token(db, next, token.family, now, expires)?;
            prolong(db, token.family, now, expires)?;
            Ok(Rotation::Rotated { user: token.user, family: token.family })
        })
        .await
    }

    async fn end(&self, hash: TokenHash) -> Result<()> {
        self.write(0, move |db| match token(db, hash)? {
            Some(token) => end(db, token.family),
            None => Ok(()),
        })
        .await
    }

    async fn liveness(&self, family: FamilyId, now: Timestamp) -> Result<Liveness> {
        self.read(move |db| {
            let sql = "SELECT EXISTS (SELECT 1 FROM families WHERE id = ?1 AND expires > ?2)";
            let lives = db.prepare_cached(sql)?.query_one((family, Time(now)), |row| row.get(0))?;
            Ok(if lives { Liveness::Live } else { Liveness::Over })
        })
        .await
    }
}

struct Token {
    user: UserId,
    family: FamilyId,
    expires: Timestamp,
    used: bool,
}

fn token(db: &Connection, hash: TokenHash) -> Result<Option<Token>> {
    let mut select = db.prepare_cached(
        "SELECT families.user, family, tokens.expires, used
         FROM tokens JOIN families ON families.id = family WHERE hash = ?1",
    )?;
    let found = select.query_one([hash], |row| {
        Ok(Token {
            user: row.get("user")?,
            family: row.get("family")?,
            expires: time(row, "expires")?,
            used: row.get("used")?,
        })
    });
    Ok(found.optional()?)
}

fn insert_token(
    db: &Connection,
    hash: TokenHash,
    family: FamilyId,
    created: Timestamp,
    expires: Timestamp,
) -> Result<()> {
    let sql = "INSERT INTO tokens (hash, family, created, expires) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((hash, family, Time(created), Time(expires)))?;
    Ok(())
}

fn use_up(db: &Connection, hash: TokenHash) -> Result<()> {
    db.prepare_cached("UPDATE tokens SET used = 1 WHERE hash = ?1")?.execute([hash])?;
    Ok(())
}

/// The family lives as long as its new token; its expired ones are worth nothing, used or not.
fn prolong(db: &Connection, family: FamilyId, now: Timestamp, expires: Timestamp) -> Result<()> {
    let sql = "UPDATE families SET expires = ?2 WHERE id = ?1";
    db.prepare_cached(sql)?.execute((family, Time(expires)))?;
    let sql = "DELETE FROM tokens WHERE family = ?1 AND expires <= ?2";
    db.prepare_cached(sql)?.execute((family, Time(now)))?;
    Ok(())
}

fn end(db: &Connection, family: FamilyId) -> Result<()> {
    db.prepare_cached("DELETE FROM families WHERE id = ?1")?.execute([family])?;
    Ok(())
}

fn clear_expired(db: &Connection, now: Timestamp) -> Result<()> {
    let sql = "DELETE FROM families WHERE id IN
                   (SELECT id FROM families WHERE expires <= ?1 ORDER BY expires LIMIT ?2)";
    db.prepare_cached(sql)?.execute((Time(now), CLEARED_PER_LOGIN))?;
    Ok(())
}

//! Refresh tokens by login: exchanged once each, and the end of their family when used again later.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension};

use super::{
    SqliteStore,
    columns::{Time, optional_time, time},
};
use crate::{
    ids::{FamilyId, UserId},
    store::{
        Liveness, RefreshToken, Result, Rotation, Salt, Sessions, Successor, TokenHash, TokenOwner,
        is_in_grace,
    },
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

    async fn rotate(&self, used: TokenHash, next: Successor, now: Timestamp) -> Result<Rotation> {
        self.write(0, move |db| {
            let Some(token) = token(db, used)?.filter(|token| token.expires > now) else {
                return Ok(Rotation::Invalid);
            };
            let owner = token.owner;
            match token.exchange {
                Exchange::Done(at, salt) if is_in_grace(at, now) => {
                    return Ok(Rotation::Repeated(owner, salt));
                }
                Exchange::Done(..) | Exchange::Before => {
                    end(db, owner.family)?;
                    return Ok(Rotation::Reused);
                }
                Exchange::None => {}
            }
            if last_exchange(db, owner.family)?.is_some_and(|at| is_in_grace(at, now)) {
                return Ok(Rotation::Kept(owner));
            }
            use_up(db, owner.family, used, next.salt, now)?;
            insert_token(db, next.hash, owner.family, now, next.expires)?;
            prolong(db, owner.family, now, next.expires)?;
            Ok(Rotation::Rotated(owner))
        })
        .await
    }

    async fn end(&self, hash: TokenHash) -> Result<()> {
        self.write(0, move |db| match token(db, hash)? {
            Some(token) => end(db, token.owner.family),
            None => Ok(()),
        })
        .await
    }

    async fn end_all(&self, user: UserId) -> Result<()> {
        self.write(0, move |db| {
            db.prepare_cached("DELETE FROM families WHERE user = ?1")?.execute([user])?;
            Ok(())
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
    owner: TokenOwner,
    expires: Timestamp,
    exchange: Exchange,
}

/// Whether a token was exchanged for its successor.
enum Exchange {
    None,
    /// At this time, for one that was derived from this.
    Done(Timestamp, Salt),
    /// So long ago that nothing else is known of it.
    Before,
}

fn token(db: &Connection, hash: TokenHash) -> Result<Option<Token>> {
    let mut select = db.prepare_cached(
        "SELECT families.user, family, tokens.expires, used, exchanged, salt
         FROM tokens JOIN families ON families.id = family WHERE hash = ?1",
    )?;
    let found = select.query_one([hash], |row| {
        let exchange = match (row.get("used")?, optional_time(row, "exchanged")?, row.get("salt")?)
        {
            (false, _, _) => Exchange::None,
            (true, Some(at), Some(salt)) => Exchange::Done(at, salt),
            (true, _, _) => Exchange::Before,
        };
        let owner = TokenOwner { user: row.get("user")?, family: row.get("family")? };
        Ok(Token { owner, expires: time(row, "expires")?, exchange })
    });
    Ok(found.optional()?)
}

/// When a token of this family was last exchanged.
fn last_exchange(db: &Connection, family: FamilyId) -> Result<Option<Timestamp>> {
    let sql =
        "SELECT max(exchanged) AS exchanged FROM tokens WHERE family = ?1 AND salt IS NOT NULL";
    Ok(db.prepare_cached(sql)?.query_one([family], |row| optional_time(row, "exchanged"))?)
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

/// Only the last exchange can be repeated: what earlier successors were derived from is forgotten.
fn use_up(
    db: &Connection,
    family: FamilyId,
    hash: TokenHash,
    salt: Salt,
    now: Timestamp,
) -> Result<()> {
    let sql = "UPDATE tokens SET salt = NULL WHERE family = ?1";
    db.prepare_cached(sql)?.execute([family])?;
    let sql = "UPDATE tokens SET used = 1, exchanged = ?2, salt = ?3 WHERE hash = ?1";
    db.prepare_cached(sql)?.execute((hash, Time(now), salt))?;
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

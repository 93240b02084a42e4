//! People and what they log in with.

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row};

use super::{
    SqliteStore,
    columns::{Time, time},
    lookup::{is_the_one, look_up},
};
use crate::{
    ids::UserId,
    store::{
        Account, AccountPatch, Accounts, PasswordHash, Result, StoreError, TokenHash, conflict,
    },
};

#[async_trait]
impl Accounts for SqliteStore {
    async fn create(&self, account: &Account, password: &PasswordHash) -> Result<()> {
        let (account, password) = (account.clone(), password.clone());
        self.write(0, move |db| {
            let Account { id, mail, name, language, color, created } = account;
            db.prepare_cached(
                "INSERT INTO accounts (id, mail, name, language, color, created, password)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((id, mail, name, language, color, Time(created), password.0))?;
            Ok(())
        })
        .await
    }

    async fn get(&self, id: UserId) -> Result<Option<Account>> {
        self.read(move |db| {
            look_up(|way| {
                let mut select = db.prepare_cached(way.of(&BY_ID))?;
                let found = select.query_one([id], account).optional()?;
                found.as_ref().map_or(Ok(()), |found| is_the_one(&found.id, &id))?;
                Ok(found)
            })
        })
        .await
    }

    async fn by_mail(&self, mail: &str) -> Result<Option<(Account, PasswordHash)>> {
        let mail = mail.to_owned();
        self.read(move |db| {
            look_up(|way| {
                let found = db.prepare_cached(way.of(&BY_MAIL))?.query_one([&mail], |row| {
                    Ok((account(row)?, PasswordHash(row.get("password")?)))
                });
                let found = found.optional()?;
                found.as_ref().map_or(Ok(()), |(found, _)| is_the_one(&found.mail, &mail))?;
                Ok(found)
            })
        })
        .await
    }

    async fn update(&self, id: UserId, patch: &AccountPatch) -> Result<Option<Account>> {
        let AccountPatch { name, language, color } = patch.clone();
        self.write(0, move |db| {
            let mut update = db.prepare_cached(
                "UPDATE accounts SET name = coalesce(?2, name), language = coalesce(?3, language),
                                     color = coalesce(?4, color)
                 WHERE id = ?1 RETURNING *",
            )?;
            Ok(update.query_one((id, name, language, color), account).optional()?)
        })
        .await
    }

    async fn replace_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<()> {
        let (old, new) = (old.clone(), new.clone());
        self.write(0, move |db| {
            let sql = "UPDATE accounts SET password = ?3 WHERE id = ?1 AND password = ?2";
            db.prepare_cached(sql)?.execute((id, old.0, new.0))?;
            Ok(())
        })
        .await
    }

    async fn put_reset(&self, id: UserId, token: TokenHash, expires: Timestamp) -> Result<()> {
        self.write(0, move |db| {
            let sql = "UPDATE accounts SET reset = ?2, reset_expires = ?3 WHERE id = ?1";
            match db.prepare_cached(sql)?.execute((id, token, Time(expires)))? {
                0 => Err(StoreError::Conflict(conflict::MISSING)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(Account, Timestamp)>> {
        self.read(move |db| {
            let sql = "SELECT * FROM accounts WHERE reset = ?1";
            let found = db
                .prepare_cached(sql)?
                .query_one([token], |row| Ok((account(row)?, time(row, "reset_expires")?)));
            Ok(found.optional()?)
        })
        .await
    }

    async fn use_reset(&self, id: UserId, token: TokenHash, new: &PasswordHash) -> Result<bool> {
        let new = new.clone();
        self.write(0, move |db| {
            let sql = "UPDATE accounts SET password = ?3, reset = NULL, reset_expires = NULL
                       WHERE id = ?1 AND reset = ?2";
            Ok(db.prepare_cached(sql)?.execute((id, token, new.0))? > 0)
        })
        .await
    }
}

/// By the rowid outside, so that what is found is the row's own and not the index's.
const BY_ID: [&str; 2] = [
    "SELECT own.* FROM (SELECT rowid AS found FROM accounts WHERE id = ?1)
     LEFT JOIN accounts AS own ON own.rowid = found",
    "SELECT * FROM accounts NOT INDEXED WHERE id = ?1",
];
const BY_MAIL: [&str; 2] = [
    "SELECT own.* FROM (SELECT rowid AS found FROM accounts WHERE mail = ?1)
     LEFT JOIN accounts AS own ON own.rowid = found",
    "SELECT * FROM accounts NOT INDEXED WHERE mail = ?1",
];

/// The account in a row that holds the columns of its table.
pub(super) fn account(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        id: row.get("id")?,
        mail: row.get("mail")?,
        name: row.get("name")?,
        language: row.get("language")?,
        color: row.get("color")?,
        created: time(row, "created")?,
    })
}

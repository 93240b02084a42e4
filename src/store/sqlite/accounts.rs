//! People and what they log in with.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row};

use super::{
    SqliteStore,
    columns::{Time, time},
    lookup::{is_the_one, look_up},
};
use crate::{
    ids::UserId,
    store::{Account, AccountPatch, Accounts, PasswordHash, Result},
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

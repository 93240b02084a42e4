//! People and what they log in with.

use async_trait::async_trait;
use rusqlite::{OptionalExtension, Row};

use super::{
    SqliteStore,
    columns::{Time, time},
};
use crate::{
    ids::UserId,
    store::{Account, Accounts, PasswordHash, Result, StoreError, conflict},
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
            let sql = "SELECT * FROM accounts WHERE id = ?1";
            Ok(db.prepare_cached(sql)?.query_one([id], account).optional()?)
        })
        .await
    }

    async fn by_mail(&self, mail: &str) -> Result<Option<(Account, PasswordHash)>> {
        let mail = mail.to_owned();
        self.read(move |db| {
            let sql = "SELECT * FROM accounts WHERE mail = ?1";
            let found = db
                .prepare_cached(sql)?
                .query_one([mail], |row| Ok((account(row)?, PasswordHash(row.get("password")?))));
            Ok(found.optional()?)
        })
        .await
    }

    async fn update(&self, account: &Account) -> Result<()> {
        let Account { id, name, language, color, .. } = account.clone();
        self.write(0, move |db| {
            let sql = "UPDATE accounts SET name = ?2, language = ?3, color = ?4 WHERE id = ?1";
            match db.prepare_cached(sql)?.execute((id, name, language, color))? {
                0 => Err(StoreError::Conflict(conflict::MISSING)),
                _ => Ok(()),
            }
        })
        .await
    }
}

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

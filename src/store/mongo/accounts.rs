//! People and what they log in with.

use std::collections::HashMap;

use async_trait::async_trait;
use mongodb::{
    Collection,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, within},
    connect,
    fields::{Time, language},
};
use crate::{
    ids::UserId,
    store::{
        Account, AccountPatch, Accounts, Language, PasswordHash, Result, StoreError, conflict,
    },
};

#[derive(Serialize, Deserialize)]
struct AccountRecord {
    _id: UserId,
    /// Its unique index holds that it belongs to one account.
    mail: String,
    name: String,
    language: Language,
    color: String,
    created: Time,
    password: String,
}

impl From<AccountRecord> for Account {
    fn from(record: AccountRecord) -> Self {
        let AccountRecord { _id, mail, name, language, color, created, .. } = record;
        Self { id: _id, mail, name, language, color, created: created.0 }
    }
}

#[async_trait]
impl Accounts for MongoStore {
    async fn create(&self, account: &Account, password: &PasswordHash) -> Result<()> {
        let Account { id, mail, name, language, color, created } = account.clone();
        let (created, password) = (Time(created), password.0.clone());
        let record = AccountRecord { _id: id, mail, name, language, color, created, password };
        within(self.accounts().insert_one(record)).await.map(drop)
    }

    async fn get(&self, id: UserId) -> Result<Option<Account>> {
        let found = within(self.accounts().find_one(doc! { "_id": id })).await?;
        Ok(found.map(Account::from))
    }

    async fn by_mail(&self, mail: &str) -> Result<Option<(Account, PasswordHash)>> {
        let found = within(self.accounts().find_one(doc! { "mail": mail })).await?;
        Ok(found.map(|mut record| {
            let password = PasswordHash(std::mem::take(&mut record.password));
            (record.into(), password)
        }))
    }

    async fn update(&self, id: UserId, patch: &AccountPatch) -> Result<Option<Account>> {
        let mut to = Document::new();
        to.extend(patch.name.as_ref().map(|name| ("name".to_owned(), name.into())));
        to.extend(patch.language.map(|spoken| ("language".to_owned(), language(spoken).into())));
        to.extend(patch.color.as_ref().map(|color| ("color".to_owned(), color.into())));
        if !to.is_empty() {
            let accounts = self.accounts();
            let update = accounts.update_one(doc! { "_id": id }, doc! { "$set": to });
            within(update).await?;
        }
        self.get(id).await
    }
}

impl MongoStore {
    fn accounts(&self) -> Collection<AccountRecord> {
        self.database.collection(connect::ACCOUNTS)
    }

    /// Those of these people that there are.
    pub(super) async fn accounts_of(
        &self,
        people: impl Iterator<Item = UserId>,
    ) -> Result<HashMap<UserId, Account>> {
        let people: Vec<_> = people.collect();
        let found = all(self.accounts().find(doc! { "_id": { "$in": people } })).await?;
        Ok(found.into_iter().map(|record| (record._id, record.into())).collect())
    }

    /// `Conflict` if there is no such account.
    pub(super) async fn require_account(&self, id: UserId) -> Result<()> {
        let found = within(self.accounts().find_one(doc! { "_id": id })).await?;
        found.map(drop).ok_or(StoreError::Conflict(conflict::MISSING))
    }
}

//! People and what they log in with.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;
use mongodb::{
    Collection,
    bson::{Document, doc},
};
use serde::{Deserialize, Serialize};

use super::{
    MongoStore,
    calls::{all, is_duplicate, within},
    connect,
    fields::{Hash, Time, language},
};
use crate::{
    ids::UserId,
    mail,
    store::{
        Account, AccountPatch, Accounts, Language, PasswordHash, Result, StoreError, TokenHash,
        conflict,
    },
};

/// Accounts that are looked at together.
const PAGE: i64 = 1_000;

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
    /// Of the link to choose a new password: `reset` is the hash of its token, by which it is found.
    #[serde(default, skip_serializing)]
    reset_expires: Option<Time>,
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
        let record = AccountRecord {
            _id: id,
            mail,
            name,
            language,
            color,
            created,
            password,
            reset_expires: None,
        };
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

    async fn replace_password(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<()> {
        let as_it_was = doc! { "_id": id, "password": &old.0 };
        let to = doc! { "$set": { "password": &new.0 } };
        within(self.accounts().update_one(as_it_was, to)).await.map(drop)
    }

    async fn put_reset(&self, id: UserId, token: TokenHash, expires: Timestamp) -> Result<()> {
        let to = doc! { "$set": { "reset": Hash(token), "reset_expires": Time(expires) } };
        match within(self.accounts().update_one(doc! { "_id": id }, to)).await?.matched_count {
            0 => Err(StoreError::Conflict(conflict::MISSING)),
            _ => Ok(()),
        }
    }

    async fn reset(&self, token: TokenHash) -> Result<Option<(Account, Timestamp)>> {
        let found = within(self.accounts().find_one(doc! { "reset": Hash(token) })).await?;
        Ok(found.and_then(|record| {
            let expires = record.reset_expires?.0;
            Some((record.into(), expires))
        }))
    }

    async fn use_reset(&self, id: UserId, token: TokenHash, new: &PasswordHash) -> Result<bool> {
        let unused = doc! { "_id": id, "reset": Hash(token) };
        let to = doc! {
            "$set": { "password": &new.0 },
            "$unset": { "reset": "", "reset_expires": "" },
        };
        Ok(within(self.accounts().update_one(unused, to)).await?.matched_count > 0)
    }
}

#[derive(Deserialize)]
struct Mail {
    _id: String,
    mail: String,
}

impl MongoStore {
    pub(super) async fn respell_all_mails(&self) -> Result<()> {
        let mails = self.accounts().clone_with_type::<Mail>();
        let mut after = String::new();
        loop {
            let find = mails.find(doc! { "_id": { "$gt": &after } }).sort(doc! { "_id": 1 });
            let page = all(find.limit(PAGE).projection(doc! { "mail": 1 })).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last._id);
            for Mail { _id, mail: kept } in page {
                let spelled = mail::spell(&kept).filter(|spelled| *spelled != kept);
                let Some(spelled) = spelled else { continue };
                let to = doc! { "$set": { "mail": spelled } };
                match within(mails.update_one(doc! { "_id": _id, "mail": kept }, to)).await {
                    Ok(_) => {}
                    Err(error) if is_duplicate(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

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

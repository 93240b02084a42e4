//! The store that several nodes share: MongoDB, or a server that speaks its protocol.
//!
//! Every invariant rests on one of two things: a unique key, or an update of one record under a condition on
//! that record. There are no transactions, so what takes several steps is in an order in which each prefix is
//! harmless: bytes before what points to them, marks after what makes them true.

use std::sync::Arc;

use async_trait::async_trait;
use mongodb::{Database, bson::doc};
use serde::{Deserialize, Serialize};

use super::{Health, Result, StoreError, Stores};

mod accounts;
mod appends;
mod blobs;
mod calls;
mod care;
mod clock;
mod connect;
mod failure;
mod fields;
mod idempotency;
mod invites;
mod journal;
mod members;
mod notices;
mod packing;
mod plans;
mod quarantine;
mod rates;
mod sessions;
mod versions;

use calls::{is_duplicate, within};

/// A database that is open. Clones share it.
#[derive(Clone)]
pub struct MongoStore {
    database: Database,
    appends: Arc<appends::Appends>,
    clock: Arc<clock::Clock>,
}

impl MongoStore {
    /// Reaches the server at this address (`mongodb://…`), and makes what the database lacks: indexes, and
    /// the number of its schema. The address may hold a password: no error repeats it.
    pub async fn open(url: &str, database: &str) -> Result<Self> {
        let database = connect::database(url, database).await?;
        connect::make_indexes(&database).await?;
        let store = Self {
            appends: Arc::new(appends::Appends::start(&database)),
            clock: Arc::new(clock::Clock::new()?),
            database,
        };
        store.refuse_newer().await?;
        store.respell_mails().await?;
        Ok(store)
    }

    /// Every aggregate of this database.
    pub fn stores(&self) -> Stores {
        let store = Arc::new(self.clone());
        Stores {
            journal: Arc::clone(&store) as _,
            care: Arc::clone(&store) as _,
            quarantine: Arc::clone(&store) as _,
            versions: Arc::clone(&store) as _,
            accounts: Arc::clone(&store) as _,
            sessions: Arc::clone(&store) as _,
            rates: Arc::clone(&store) as _,
            plans: Arc::clone(&store) as _,
            summaries: Arc::clone(&store) as _,
            notices: Arc::clone(&store) as _,
            idempotency: Arc::clone(&store) as _,
            health: store as _,
        }
    }

    /// The signing keys that all nodes of this database share: those that are kept, or else `fresh`, which is
    /// kept from now on. Of several nodes that start at once one is first, and the others get its keys.
    pub async fn token_keys(&self, fresh: &str) -> Result<String> {
        self.text_setting("token keys", fresh).await
    }

    /// The id that tells this database from any other, likewise.
    pub async fn instance(&self, fresh: &str) -> Result<String> {
        self.text_setting("instance", fresh).await
    }

    async fn text_setting(&self, name: &str, fresh: &str) -> Result<String> {
        match self.setting(name, Setting::Text(fresh.to_owned())).await? {
            Setting::Text(kept) => Ok(kept),
            Setting::Schema(_) => Err(StoreError::Corrupt(format!("the {name} is no text"))),
        }
    }

    /// Waits until the appends that were taken are answered, and lets go of the connections. Later calls are
    /// answered `Unavailable`.
    pub async fn close(&self) {
        self.appends.close().await;
        self.database.client().clone().shutdown().immediate(true).await;
    }

    /// Gives mail addresses that were kept before there was one spelling that spelling, once. Where another account
    /// has it already nothing changes: each is found by its own.
    async fn respell_mails(&self) -> Result<()> {
        const DONE: &str = "mail spelling";
        let settings = self.database.collection::<SettingRecord>(connect::SETTINGS);
        if within(settings.find_one(doc! { "_id": DONE })).await?.is_none() {
            self.respell_all_mails().await?;
            self.text_setting(DONE, "1").await?;
        }
        Ok(())
    }

    async fn refuse_newer(&self) -> Result<()> {
        match self.setting("schema", Setting::Schema(connect::SCHEMA)).await? {
            Setting::Schema(found) if found <= connect::SCHEMA => Ok(()),
            Setting::Schema(found) => Err(StoreError::Unavailable(format!(
                "its schema has number {found}, and this program knows up to {}: \
                 it was written by a newer moim, run that one",
                connect::SCHEMA
            ))),
            Setting::Text(_) => Err(StoreError::Corrupt("the schema is no number".to_owned())),
        }
    }

    /// The value that is kept under this name; `first` is kept if there is none.
    async fn setting(&self, name: &str, first: Setting) -> Result<Setting> {
        let settings = self.database.collection::<SettingRecord>(connect::SETTINGS);
        let record = SettingRecord { _id: name.to_owned(), value: first };
        match within(settings.insert_one(&record)).await {
            Ok(_) => return Ok(record.value),
            Err(error) if is_duplicate(&error) => {}
            Err(error) => return Err(error),
        }
        let found = within(settings.find_one(doc! { "_id": name })).await?;
        let gone = || StoreError::Unavailable(format!("the setting `{name}` was removed just now"));
        found.map(|record| record.value).ok_or_else(gone)
    }
}

#[derive(Serialize, Deserialize)]
struct SettingRecord {
    _id: String,
    value: Setting,
}

/// What one setting may be.
#[derive(Clone, Serialize, Deserialize)]
#[serde(untagged)]
enum Setting {
    Schema(u32),
    Text(String),
}

#[derive(Serialize, Deserialize)]
struct Checks {
    checks: i64,
}

#[async_trait]
impl Health for MongoStore {
    async fn check(&self) -> Result<()> {
        let checks = self.database.collection::<Checks>(connect::HEALTH);
        let (own, more) = (doc! { "_id": "health" }, doc! { "$inc": { "checks": 1 } });
        within(checks.update_one(own.clone(), more).upsert(true)).await?;
        match within(checks.find_one(own)).await? {
            Some(Checks { checks }) if checks > 0 => Ok(()),
            Some(_) | None => {
                Err(StoreError::Unavailable("what it was given is not there".to_owned()))
            }
        }
    }
}

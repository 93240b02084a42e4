//! The store on MongoDB, as the suites start, kill and damage it.

use std::sync::Arc;

use futures_util::TryStreamExt;
use moim::store::{Care, Journal, Quarantine, Stores, Versions, mongo::MongoStore};
use mongodb::bson::{Binary, Bson, Document, doc};

use super::{Documents, Everything};
use crate::mongo::Database;

pub(super) struct Mongo {
    database: Database,
    store: MongoStore,
}

impl Documents for Mongo {
    async fn start() -> Self {
        let database = Database::new().await;
        Self { store: database.open().await, database }
    }

    fn journal(&self) -> Arc<dyn Journal> {
        self.store.stores().journal
    }

    fn care(&self) -> Arc<dyn Care> {
        self.store.stores().care
    }

    fn quarantine(&self) -> Arc<dyn Quarantine> {
        self.store.stores().quarantine
    }

    fn versions(&self) -> Arc<dyn Versions> {
        self.store.stores().versions
    }

    async fn kill(&mut self) {
        self.database.kill_server().await;
        self.store = self.database.open().await;
    }

    async fn damage(&mut self, written: &[u8]) {
        let driver = self.database.driver().await;
        for (collection, field) in
            [("state_chunks", "bytes"), ("version_chunks", "bytes"), ("entries", "updates")]
        {
            let records = driver.collection::<Document>(collection);
            let mut found = records.find(doc! {}).await.unwrap();
            while let Some(record) = found.try_next().await.unwrap() {
                let Some(Bson::Binary(Binary { bytes, subtype })) = record.get(field) else {
                    panic!("a record of {collection} has no {field}");
                };
                let mut bytes = bytes.clone();
                let mut windows = bytes.windows(written.len());
                let Some(at) = windows.position(|window| window == written) else { continue };
                bytes[at] ^= 1;
                let own = doc! { "_id": record.get("_id").unwrap() };
                let damaged = Binary { bytes, subtype: *subtype };
                let damage = doc! { "$set": { field: damaged } };
                records.update_one(own, damage).await.unwrap();
                return;
            }
        }
        panic!("nobody wrote this");
    }
}

impl Everything for Mongo {
    fn stores(&self) -> Stores {
        self.store.stores()
    }

    async fn rates_kept(&self) -> u64 {
        let driver = self.database.driver().await;
        driver.collection::<Document>("rates").count_documents(doc! {}).await.unwrap()
    }
}

/// From before there was one spelling.
#[tokio::test]
async fn mail_addresses_get_their_one_spelling_once() {
    let mut mongo = Mongo::start().await;
    let account = |name: &str, mail: &str| moim::store::Account {
        mail: mail.to_owned(),
        ..super::records::account(name)
    };
    let hash = moim::store::PasswordHash("hash".to_owned());
    for (name, mail) in [
        ("one", "user@bücher.example"),
        ("two", "a@faß.example"),
        ("three", "a@xn--fa-hia.example"),
    ] {
        mongo.stores().accounts.create(&account(name, mail), &hash).await.unwrap();
    }
    let settings = mongo.database.driver().await.collection::<Document>("settings");
    settings.delete_one(doc! { "_id": "mail spelling" }).await.unwrap();
    mongo.kill().await;
    for (mail, name) in [
        ("user@xn--bcher-kva.example", "one"),
        ("a@faß.example", "two"),
        ("a@xn--fa-hia.example", "three"),
    ] {
        let found = mongo.stores().accounts.by_mail(mail).await.unwrap();
        assert_eq!(found.map(|(account, _)| account.name).as_deref(), Some(name), "{mail}");
    }
}

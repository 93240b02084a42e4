//! The embedded store: SQLite in one file, written by one thread with group commit, read by several.

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use rusqlite::Connection;

use super::{Health, Result, StoreError, Stores};

mod accounts;
mod admission;
mod care;
mod columns;
mod connect;
mod decisions;
mod failure;
mod files;
mod idempotency;
mod invites;
mod journal;
mod lookup;
mod members;
mod notices;
mod plans;
mod quarantine;
mod rates;
mod readers;
mod rebuild;
mod respelling;
mod salvage;
mod schema;
mod sessions;
mod versions;
mod writer;

pub use salvage::Rebuilt;

#[cfg(test)]
mod tests;

/// A database file that is open. Clones share it.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Arc<writer::Writer>,
    readers: Arc<readers::Readers>,
}

impl SqliteStore {
    /// Opens the database file, makes it if it is not there (its folder must be), and brings its schema up to
    /// date. Does its work off the runtime's threads.
    pub async fn open(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        let opening = tokio::task::spawn_blocking(move || {
            let mut connection = connect::for_writing(&path)?;
            schema::migrate(&mut connection)?;
            // What is damaged there must not keep everything else closed.
            if let Err(error) = respelling::respell_mails(&connection) {
                tracing::warn!(%error, "the spelling of mail addresses could not be looked at");
            }
            let readers = Arc::new(readers::Readers::new(path));
            Ok(Self { writer: Arc::new(writer::Writer::start(connection)?), readers })
        });
        opening.await.map_err(|failed| StoreError::Unavailable(failed.to_string()))?
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

    /// The id that tells this database from any other: the one that is kept, or else `fresh`, which is kept from now on.
    pub async fn instance(&self, fresh: &str) -> Result<String> {
        let fresh = fresh.to_owned();
        self.write(0, move |db| {
            let sql = "INSERT INTO settings (name, value) VALUES ('instance', ?1)
                       ON CONFLICT (name) DO NOTHING";
            db.prepare_cached(sql)?.execute([fresh])?;
            let sql = "SELECT value FROM settings WHERE name = 'instance'";
            Ok(db.prepare_cached(sql)?.query_one((), |row| row.get(0))?)
        })
        .await
    }

    /// Waits until what was asked for so far is done and on the disk, and closes the file. Later calls are
    /// answered `Unavailable`.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// Carries out `work` on the writer's thread and waits until it is durable. It is undone as a whole if it
    /// fails. `bytes` is roughly what it writes.
    async fn write<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.writer.run(bytes, work).await
    }

    /// Carries out `work` on one snapshot of the database, off the runtime's threads.
    async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.readers.run(work).await
    }
}

#[async_trait]
impl Health for SqliteStore {
    async fn check(&self) -> Result<()> {
        self.write(0, |db| {
            let sql = "UPDATE health SET checks = checks + 1";
            db.prepare_cached(sql)?.execute(())?;
            Ok(())
        })
        .await?;
        self.read(|db| {
            let sql = "SELECT checks FROM health";
            Ok(db.prepare_cached(sql)?.query_one((), |row| row.get::<_, i64>(0)).map(drop)?)
        })
        .await
    }
}

//! What every store promises, as one suite a trait that runs on each of them.

use std::sync::Arc;

use moim::store::{
    Care, Journal, Quarantine, StoreError, Stores, Versions, faulty::FaultyJournal,
    sqlite::SqliteStore,
};
use tempfile::TempDir;

mod records;
// The suites come after the macro that makes tests of their claims.
#[macro_use]
mod tests_of;
mod accounts;
mod care;
mod clearing;
mod health;
mod idempotency;
mod journal;
mod mongo;
mod notices;
mod plans;
mod quarantine;
mod rates;
mod redis;
mod sessions;
mod versions;

/// A place where documents are kept.
trait Documents: Sized {
    async fn start() -> Self;
    fn journal(&self) -> Arc<dyn Journal>;
    fn care(&self) -> Arc<dyn Care>;
    fn quarantine(&self) -> Arc<dyn Quarantine>;
    fn versions(&self) -> Arc<dyn Versions>;
    /// Ends the process without warning, and starts another one on what is durable.
    async fn kill(&mut self);
    /// Spoils what is stored with these bytes.
    async fn damage(&mut self, written: &[u8]);
}

/// A place where everything is kept.
trait Everything: Documents {
    fn stores(&self) -> Stores;
    /// How many counters there are, of use or not.
    async fn rates_kept(&self) -> u64;
}

/// Whether a call was a conflict for this reason.
fn conflicts<T>(result: &Result<T, StoreError>, reason: &str) -> bool {
    matches!(result, Err(StoreError::Conflict(text)) if *text == reason)
}

fn is_corrupt<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Corrupt(_)))
}

struct Sqlite {
    folder: TempDir,
    store: SqliteStore,
}

impl Sqlite {
    async fn open(folder: TempDir) -> Self {
        let store = SqliteStore::open(&folder.path().join("moim.db")).await.unwrap();
        Self { folder, store }
    }
}

impl Documents for Sqlite {
    async fn start() -> Self {
        Self::open(tempfile::tempdir().unwrap()).await
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

    /// What a killed process leaves is the files as they are now: its store is still open when they are copied.
    async fn kill(&mut self) {
        let left = tempfile::tempdir().unwrap();
        for name in ["moim.db", "moim.db-wal"] {
            std::fs::copy(self.folder.path().join(name), left.path().join(name)).unwrap();
        }
        *self = Self::open(left).await;
    }

    async fn damage(&mut self, written: &[u8]) {
        self.store.close().await;
        let path = self.folder.path().join("moim.db");
        let mut file = std::fs::read(&path).unwrap();
        let at = file.windows(written.len()).position(|bytes| bytes == written).unwrap();
        file[at] ^= 1;
        std::fs::write(&path, file).unwrap();
        self.store = SqliteStore::open(&path).await.unwrap();
    }
}

impl Everything for Sqlite {
    fn stores(&self) -> Stores {
        self.store.stores()
    }

    async fn rates_kept(&self) -> u64 {
        let file = rusqlite::Connection::open(self.folder.path().join("moim.db")).unwrap();
        file.query_one("SELECT count(*) FROM rates", (), |row| row.get(0)).unwrap()
    }
}

impl Documents for FaultyJournal {
    async fn start() -> Self {
        Self::default()
    }

    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.clone())
    }

    fn care(&self) -> Arc<dyn Care> {
        Arc::new(self.clone())
    }

    fn quarantine(&self) -> Arc<dyn Quarantine> {
        Arc::new(self.clone())
    }

    fn versions(&self) -> Arc<dyn Versions> {
        Arc::new(self.clone())
    }

    async fn kill(&mut self) {
        self.crash();
    }

    async fn damage(&mut self, written: &[u8]) {
        Self::damage(self, written);
    }
}

/// A store passes the suites that are named after it.
mod sqlite {
    use super::Sqlite;
    tests_of!(Sqlite: journal, care, quarantine, versions, accounts, sessions, rates, clearing, plans, notices, idempotency, health);
}

mod mongodb {
    use super::mongo::Mongo;
    tests_of!(Mongo: journal, care, quarantine, versions, accounts, sessions, rates, clearing, plans, notices, idempotency, health);
}

/// What nodes know together, if there is a Redis: alone, or a cluster of three.
mod redis_alone {
    use super::redis::OverRedis;
    tests_of!(OverRedis: sessions, rates);
}

mod redis_cluster {
    use super::redis::OverCluster;
    tests_of!(OverCluster: sessions, rates);
}

mod memory {
    use moim::store::faulty::FaultyJournal;
    tests_of!(FaultyJournal: journal, care, quarantine, versions);
}

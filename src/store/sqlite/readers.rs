//! Reading: a few connections that are lent to blocking threads, each read on one snapshot.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::connect;
use crate::store::{Result, StoreError};

/// Reads at one time. Callers beyond that wait for their turn, in order.
const READERS: u32 = 4;

/// The connections that read.
pub(super) struct Readers {
    path: PathBuf,
    open: fn(&Path) -> Result<Connection>,
    turns: Arc<Semaphore>,
    /// Opened as they are first needed. One whose reader panicked does not come back.
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Readers {
    /// Readers of this file; none is opened yet.
    pub(super) fn new(path: PathBuf) -> Self {
        Self::opened_by(connect::for_reading, path)
    }

    /// The same, of a file that may be damaged.
    pub(super) fn examining(path: PathBuf) -> Self {
        Self::opened_by(connect::for_examining, path)
    }

    fn opened_by(open: fn(&Path) -> Result<Connection>, path: PathBuf) -> Self {
        let turns = Arc::new(Semaphore::new(READERS as usize));
        Self { path, open, turns, idle: Arc::default() }
    }

    /// Carries out `work` on one snapshot, on a blocking thread.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| closed())?;
        let idle = Arc::clone(&self.idle);
        let (path, open) = (self.path.clone(), self.open);
        let reading = tokio::task::spawn_blocking(move || {
            // Moved in: the turn ends with the read, also if the caller stops waiting for it.
            let _turn = turn;
            let lent = lock(&idle).pop();
            let connection = lent.map_or_else(|| open(&path), Ok)?;
            let result = on_snapshot(&connection, work);
            lock(&idle).push(connection);
            result
        });
        reading.await.map_err(|failed| StoreError::Unavailable(failed.to_string()))?
    }

    /// Takes no more reads, waits for those under way, and closes the connections.
    pub(super) async fn close(&self) {
        let all = self.turns.acquire_many(READERS).await;
        self.turns.close();
        drop(all);
        lock(&self.idle).clear();
    }
}

fn on_snapshot<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    let snapshot = connection.unchecked_transaction()?;
    // It ends by being undone: there is nothing to commit, and where something damaged was read that would fail.
    work(&snapshot)
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

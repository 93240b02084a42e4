//! The one thread that writes: it commits together what waits together, answers when it is durable, and empties the
//! write-ahead log while nobody writes.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    thread::{Builder, JoinHandle},
    time::Duration,
};

use rusqlite::Connection;
use tokio::{
    runtime::{self, Runtime},
    sync::{mpsc, oneshot},
    time::timeout,
};

use super::connect;
use crate::store::{Result, StoreError};

/// Jobs that wait for the thread. When there are as many, callers wait until there is room.
const QUEUE_JOBS: usize = 1_024;
/// The most jobs that are committed together.
const BATCH_JOBS: usize = 512;
/// No further job joins a batch that writes as many bytes.
const BATCH_BYTES: usize = 1 << 20;
/// When nothing was written for so long, the log is moved into the file and emptied; and tried again after so long
/// if somebody was still reading from it.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// The way to the writing thread.
pub(super) struct Writer {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Queued>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread that owns `connection`.
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (queue, waiting) = mpsc::channel(QUEUE_JOBS);
        let unavailable = |failed: std::io::Error| StoreError::Unavailable(failed.to_string());
        // Of its own: it is about nothing but waiting with a deadline.
        let clock = runtime::Builder::new_current_thread().enable_time().build();
        let clock = clock.map_err(unavailable)?;
        let thread = Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || serve(&connection, waiting, &clock))
            .map_err(unavailable)?;
        Ok(Self { queue: Mutex::new(Some(queue)), thread: Mutex::new(Some(thread)) })
    }

    /// No thread: nothing can be written.
    pub(super) fn none() -> Self {
        Self { queue: Mutex::new(None), thread: Mutex::new(None) }
    }

    /// Carries out `work` in a savepoint and answers once it is committed. A caller that stops waiting
    /// changes nothing about that.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        bytes: usize,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        let task = Task { work: Some(work), result: None, answer };
        let queue = lock(&self.queue).clone().ok_or_else(closed)?;
        queue.send(Queued { bytes, job: Box::new(task) }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Takes no more jobs, and waits until those that were taken are durable and the file is closed.
    pub(super) async fn close(&self) {
        drop(lock(&self.queue).take());
        let Some(thread) = lock(&self.thread).take() else { return };
        let joined = tokio::task::spawn_blocking(move || thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!("the store's writing thread ended with a panic");
        }
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

fn undone() -> StoreError {
    StoreError::Unavailable("the transaction was undone".to_owned())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Queued {
    bytes: usize,
    job: Box<dyn Job>,
}

/// Work whose type is forgotten, so that one queue takes all of it.
trait Job: Send {
    /// Does the work, remembers how it went, and says so.
    fn run(&mut self, connection: &Connection) -> Result<()>;
    /// Tells the caller: how the commit went, and if well, how the work went.
    fn answer(self: Box<Self>, committed: Result<()>);
}

struct Task<W, T> {
    work: Option<W>,
    result: Option<Result<T>>,
    answer: oneshot::Sender<Result<T>>,
}

impl<W, T> Job for Task<W, T>
where
    W: FnOnce(&Connection) -> Result<T> + Send,
    T: Send,
{
    fn run(&mut self, connection: &Connection) -> Result<()> {
        let Some(work) = self.work.take() else { return Ok(()) };
        let result = in_savepoint(connection, work);
        let outcome = result.as_ref().map(|_| ()).map_err(Clone::clone);
        self.result = Some(result);
        outcome
    }

    fn answer(self: Box<Self>, committed: Result<()>) {
        let Self { result, answer, .. } = *self;
        // The commit first: what a job saw of others that were not committed says nothing.
        let result = committed.and_then(|()| result.unwrap_or_else(|| Err(undone())));
        // Who no longer waits needs no answer.
        answer.send(result).ok();
    }
}

/// Until every sender is gone and the queue is empty.
fn serve(connection: &Connection, mut waiting: mpsc::Receiver<Queued>, clock: &Runtime) {
    while let Some(first) = next(connection, &mut waiting, clock) {
        let mut batch = gather(first, &mut waiting);
        let committed = commit(connection, &mut batch);
        if let Err(error) = &committed {
            tracing::error!(%error, jobs = batch.len(), "the store could not commit");
        }
        for job in batch {
            job.answer(committed.clone());
        }
    }
}

/// Waits for a job; empties the log if none comes for a while.
fn next(
    connection: &Connection,
    waiting: &mut mpsc::Receiver<Queued>,
    clock: &Runtime,
) -> Option<Queued> {
    loop {
        if let Ok(next) = clock.block_on(async { timeout(QUIET, waiting.recv()).await }) {
            return next;
        }
        match connect::empty_log(connection) {
            Ok(true) => return waiting.blocking_recv(),
            Ok(false) => {}
            Err(error) => {
                // It is emptied with the next writes, or at the stop.
                tracing::warn!(%error, "the write-ahead log could not be emptied");
                return waiting.blocking_recv();
            }
        }
    }
}

/// Everything that waits now, up to the limits of a batch.
fn gather(first: Queued, waiting: &mut mpsc::Receiver<Queued>) -> Vec<Box<dyn Job>> {
    let mut bytes = first.bytes;
    let mut batch = vec![first.job];
    while batch.len() < BATCH_JOBS && bytes < BATCH_BYTES {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += next.bytes;
        batch.push(next.job);
    }
    batch
}

/// One transaction for the whole batch. After an error nothing of it has happened, or (where the disk failed
/// during the commit itself) nobody knows.
fn commit(connection: &Connection, batch: &mut [Box<dyn Job>]) -> Result<()> {
    execute(connection, "BEGIN IMMEDIATE")?;
    for job in batch {
        let outcome = job.run(connection);
        if connection.is_autocommit() {
            // A full or failing disk undid the whole transaction, not only this job.
            return outcome.and_then(|()| Err(undone()));
        }
    }
    execute(connection, "COMMIT").inspect_err(|_| roll_back(connection))
}

/// Undoes what `work` did if it fails, and leaves the rest of the batch alone.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T>,
) -> Result<T> {
    execute(connection, "SAVEPOINT job")?;
    let result = work(connection);
    if result.is_err() && !connection.is_autocommit() {
        // If not even that works the batch must not be committed.
        execute(connection, "ROLLBACK TO job").inspect_err(|_| roll_back(connection))?;
    }
    if !connection.is_autocommit() {
        execute(connection, "RELEASE job").inspect_err(|_| roll_back(connection))?;
    }
    result
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = execute(connection, "ROLLBACK")
    {
        tracing::error!(%error, "the store could not roll back");
    }
}

fn execute(connection: &Connection, sql: &str) -> Result<()> {
    connection.prepare_cached(sql)?.execute(())?;
    Ok(())
}

//! Appends of all rooms, which go out together: what waits while a batch is under way is the next one.

use std::{
    collections::HashSet,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use mongodb::{
    Collection, Database,
    bson::{Binary, doc},
    error::{Error, ErrorKind},
};
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{mpsc, oneshot},
    time::timeout,
};
use tokio_util::task::TaskTracker;

use super::{
    calls::{Named, all, late},
    connect,
    failure::{refused, unconfirmed},
};
use crate::{
    ids::DocId,
    store::{Result, StoreError, conflict},
};

/// Appends that wait for their batch. When there are as many, callers wait until there is room.
const QUEUE_APPENDS: usize = 1_024;
/// The most appends of a batch.
const BATCH_APPENDS: usize = 512;
/// No further append joins a batch of as many bytes.
const BATCH_BYTES: usize = 4 << 20;
/// How long each of a batch's two calls may take. All rooms wait for them, and try again: two entries of the
/// same edit do no harm.
const COMMITTING: Duration = Duration::from_secs(5);

/// One append as it is stored.
#[derive(Serialize, Deserialize)]
pub(super) struct EntryRecord {
    /// The document, a stroke, and the name by the clock: a document's entries in their order.
    pub(super) _id: String,
    pub(super) doc: DocId,
    /// The state, by the name of its blob, that contains the updates.
    pub(super) folded: Option<String>,
    /// As `packing` packs them.
    pub(super) updates: Binary,
    /// Places of updates that are set aside, and no longer among the entries.
    #[serde(default)]
    pub(super) aside: Vec<u32>,
}

/// The way to the task that writes them.
pub(super) struct Appends {
    /// `None` once closed.
    queue: Mutex<Option<mpsc::Sender<Queued>>>,
    tasks: TaskTracker,
}

struct Queued {
    record: EntryRecord,
    answer: oneshot::Sender<Result<()>>,
}

impl Appends {
    /// Starts the task.
    pub(super) fn start(database: &Database) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE_APPENDS);
        let writer = Writer {
            documents: database.collection(connect::DOCUMENTS),
            entries: database.collection(connect::ENTRIES),
        };
        let tasks = TaskTracker::new();
        tasks.spawn(writer.serve(waiting));
        Self { queue: Mutex::new(Some(queue)), tasks }
    }

    /// Appends, and answers once it is durable. A caller that stops waiting changes nothing about that.
    pub(super) async fn append(&self, record: EntryRecord) -> Result<()> {
        let queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (answer, answered) = oneshot::channel();
        let queue = queue.ok_or_else(closed)?;
        queue.send(Queued { record, answer }).await.map_err(|_| closed())?;
        answered.await.map_err(|_| closed())?
    }

    /// Takes no more, and waits until those that were taken are answered.
    pub(super) async fn close(&self) {
        drop(self.queue.lock().unwrap_or_else(PoisonError::into_inner).take());
        self.tasks.close();
        self.tasks.wait().await;
    }
}

fn closed() -> StoreError {
    StoreError::Unavailable("it is closed".to_owned())
}

struct Writer {
    documents: Collection<Named>,
    entries: Collection<EntryRecord>,
}

impl Writer {
    /// Until every sender is gone and the queue is empty.
    async fn serve(self, mut waiting: mpsc::Receiver<Queued>) {
        while let Some(first) = waiting.recv().await {
            let batch = gather(first, &mut waiting);
            let jobs = batch.len();
            if let Err(error) = self.commit(batch).await {
                tracing::error!(%error, jobs, "the store could not commit");
            }
        }
    }

    /// Writes what belongs to a document, and answers everybody. The error is one of the answers.
    async fn commit(&self, batch: Vec<Queued>) -> Result<()> {
        let known = match self.known(&batch).await {
            Ok(known) => known,
            Err(error) => return answer_all(batch, Err(error)),
        };
        let is_known = |queued: &Queued| known.contains(&queued.record.doc.to_string());
        let (batch, stray): (Vec<_>, Vec<_>) = batch.into_iter().partition(is_known);
        answer_all(stray, Err(StoreError::Conflict(conflict::MISSING))).ok();
        if batch.is_empty() {
            return Ok(());
        }
        match self.insert(&batch).await {
            Ok(()) => answer_all(batch, Ok(())),
            Err(Failed::All(error)) => answer_all(batch, Err(error)),
            Err(Failed::Some(failed)) => {
                let mut all = Ok(());
                for (index, queued) in batch.into_iter().enumerate() {
                    let code = failed.iter().find(|(at, _)| *at == index).map(|(_, code)| *code);
                    let result = code.map_or(Ok(()), |code| Err(refused(code)));
                    all = all.and(answer_all([queued], result));
                }
                all
            }
        }
    }

    /// Which of the batch's documents there are.
    async fn known(&self, batch: &[Queued]) -> Result<HashSet<String>> {
        let asked: HashSet<DocId> = batch.iter().map(|queued| queued.record.doc).collect();
        let asked: Vec<DocId> = asked.into_iter().collect();
        let find = self.documents.find(doc! { "_id": { "$in": asked } });
        let finding = all(find.projection(doc! { "_id": 1 }));
        let found = timeout(COMMITTING, finding).await.map_err(|_| late(COMMITTING))??;
        Ok(found.into_iter().map(|Named { _id }| _id).collect())
    }

    async fn insert(&self, batch: &[Queued]) -> std::result::Result<(), Failed> {
        let records = batch.iter().map(|queued| &queued.record);
        // Not in order: one that fails does not hold up the others.
        let insert = self.entries.insert_many(records).ordered(false);
        match timeout(COMMITTING, Box::pin(insert.into_future())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(Failed::from(error)),
            Err(_) => Err(Failed::All(late(COMMITTING))),
        }
    }
}

/// What of a batch was not written.
enum Failed {
    /// All of it, or nobody knows.
    All(StoreError),
    /// The records at these places, for these reasons.
    Some(Vec<(usize, i32)>),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let ErrorKind::InsertMany(failed) = &*error.kind else { return Self::All(error.into()) };
        if let Some(concern) = &failed.write_concern_error {
            return Self::All(unconfirmed(concern.code, &concern.code_name));
        }
        match &failed.write_errors {
            Some(errors) => Self::Some(errors.iter().map(|one| (one.index, one.code)).collect()),
            None => Self::All(error.into()),
        }
    }
}

/// Gives everybody the same answer, and returns it.
fn answer_all(batch: impl IntoIterator<Item = Queued>, result: Result<()>) -> Result<()> {
    for queued in batch {
        // Who no longer waits needs no answer.
        queued.answer.send(result.clone()).ok();
    }
    result
}

/// Everything that waits now, up to the limits of a batch.
fn gather(first: Queued, waiting: &mut mpsc::Receiver<Queued>) -> Vec<Queued> {
    let mut bytes = first.record.updates.bytes.len();
    let mut batch = vec![first];
    while batch.len() < BATCH_APPENDS && bytes < BATCH_BYTES {
        let Ok(next) = waiting.try_recv() else { break };
        bytes += next.record.updates.bytes.len();
        batch.push(next);
    }
    batch
}

#[cfg(test)]
mod tests {
    use mongodb::bson::spec::BinarySubtype;

    use super::*;
    use crate::ids::DocKind;

    fn queued(bytes: usize) -> Queued {
        let updates = Binary { subtype: BinarySubtype::Generic, bytes: vec![0; bytes] };
        let doc = DocId::new(DocKind::Trip);
        let record =
            EntryRecord { _id: String::new(), doc, folded: None, updates, aside: Vec::new() };
        Queued { record, answer: oneshot::channel().0 }
    }

    /// The sizes of the batches that appends of these sizes make when all of them wait.
    fn batches(appends: impl Iterator<Item = usize>) -> Vec<usize> {
        let (queue, mut waiting) = mpsc::channel(QUEUE_APPENDS);
        for bytes in appends {
            queue.try_send(queued(bytes)).unwrap();
        }
        let mut sizes = Vec::new();
        while let Ok(first) = waiting.try_recv() {
            sizes.push(gather(first, &mut waiting).len());
        }
        sizes
    }

    #[test]
    fn appends_that_wait_go_out_together_up_to_the_limits() {
        assert_eq!(batches(std::iter::repeat_n(100, 200)), [200]);
        assert_eq!(batches(std::iter::repeat_n(0, BATCH_APPENDS + 3)), [BATCH_APPENDS, 3]);
        assert_eq!(batches([1, BATCH_BYTES, 1, 1].into_iter()), [2, 2]);
    }
}

//! Appends of all rooms, which go out together: what waits while a batch is under way is the next one.

use std::{
    collections::{HashMap, HashSet},
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
    calls::{all, late, within},
    connect,
    failure::{refused, unconfirmed},
};
use crate::{
    ids::{DocId, FIRST_EPOCH},
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
    /// Of the document, when it was appended: it is no part of another one.
    #[serde(default = "first_epoch")]
    pub(super) epoch: u64,
    /// The state, by the name of its blob, that contains the updates.
    pub(super) folded: Option<String>,
    /// As `packing` packs them.
    pub(super) updates: Binary,
    /// Places of updates that are set aside, and no longer among the entries.
    #[serde(default)]
    pub(super) aside: Vec<u32>,
}

/// That of what was written before there were others.
pub(super) const fn first_epoch() -> u64 {
    FIRST_EPOCH
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

/// What is asked of a document.
#[derive(Deserialize)]
struct InEpoch {
    _id: DocId,
    epoch: u64,
}

struct Writer {
    documents: Collection<InEpoch>,
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

    /// Writes, and answers everybody. The error is one of the answers.
    async fn commit(&self, batch: Vec<Queued>) -> Result<()> {
        let mut results = match self.insert(&batch).await {
            Ok(()) => vec![Ok(()); batch.len()],
            Err(Failed::All(error)) => return answer_all(batch, &error),
            Err(Failed::Some(failed)) => {
                let code =
                    |index| failed.iter().find(|(at, _)| *at == index).map(|(_, code)| *code);
                (0..batch.len())
                    .map(|at| code(at).map_or(Ok(()), |code| Err(refused(code))))
                    .collect()
            }
        };
        // Only now: what is written before an epoch ends is seen by who begins the next one, and of what is
        // written later we see here that it ended.
        let epochs = match self.epochs(&batch).await {
            Ok(epochs) => epochs,
            Err(error) => return answer_all(batch, &error),
        };
        let mut stray = Vec::new();
        for (result, Queued { record, .. }) in results.iter_mut().zip(&batch) {
            let why = match epochs.get(&record.doc) {
                Some(epoch) if *epoch == record.epoch => continue,
                Some(_) => conflict::OTHER_EPOCH,
                None => conflict::MISSING,
            };
            stray.push(record._id.clone());
            *result = Err(StoreError::Conflict(why));
        }
        self.take_back(stray).await;
        let mut all = Ok(());
        for (queued, result) in batch.into_iter().zip(results) {
            all = all.and(result.clone());
            // Who no longer waits needs no answer.
            queued.answer.send(result).ok();
        }
        all
    }

    /// The epochs that the batch's documents are in; those that there are.
    async fn epochs(&self, batch: &[Queued]) -> Result<HashMap<DocId, u64>> {
        let asked: HashSet<DocId> = batch.iter().map(|queued| queued.record.doc).collect();
        let asked: Vec<DocId> = asked.into_iter().collect();
        let find = self.documents.find(doc! { "_id": { "$in": asked } });
        let finding = all(find.projection(doc! { "epoch": 1 }));
        let found = timeout(COMMITTING, finding).await.map_err(|_| late(COMMITTING))??;
        Ok(found.into_iter().map(|InEpoch { _id, epoch }| (_id, epoch)).collect())
    }

    /// Deletes entries that belong to nothing. If that fails they are passed over all the same.
    async fn take_back(&self, names: Vec<String>) {
        if names.is_empty() {
            return;
        }
        if let Err(error) = within(self.entries.delete_many(doc! { "_id": { "$in": names } })).await
        {
            tracing::warn!(%error, "entries that belong to nothing stay");
        }
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
fn answer_all(batch: Vec<Queued>, error: &StoreError) -> Result<()> {
    for queued in batch {
        queued.answer.send(Err(error.clone())).ok();
    }
    Err(error.clone())
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
        let record = EntryRecord {
            _id: String::new(),
            doc,
            epoch: 1,
            folded: None,
            updates,
            aside: Vec::new(),
        };
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

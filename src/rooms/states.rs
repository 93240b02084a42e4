//! Reads and folds the stored states of documents: what opening, saving and tidying up have in common.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use jiff::Timestamp;

use super::{Limits, RoomError, registry::RoomStores};
use crate::{
    crdt::{self, Document, Folded},
    ids::{DocId, UserId, VersionId},
    store::{
        Entry, Generation, Journal, Loaded, StoreError, Version, VersionCause, VersionContent,
    },
};

/// How often a fold begins anew when another node was faster.
const FOLD_ATTEMPTS: usize = 5;

/// A document that was read, and how many journal entries it came with.
pub(crate) struct Opened {
    pub(crate) document: Document,
    pub(crate) epoch: u32,
    pub(crate) entries: usize,
}

/// Reads a document; from the generation before, with its longer journal, if the newest is damaged.
pub(crate) async fn open(
    journal: &dyn Journal,
    doc: DocId,
    limits: &Limits,
) -> Result<Opened, RoomError> {
    let began = Instant::now();
    let limits = limits.document;
    let read = move |loaded: &Loaded| Document::load(&loaded.state, updates(loaded), limits);
    let (document, loaded) = read_either(journal, doc, read).await?;
    let (bytes, entries) = (loaded.state.len(), loaded.entries.len());
    metrics::histogram!("moim_room_open_seconds").record(began.elapsed().as_secs_f64());
    tracing::info!(generation = loaded.generation, bytes, entries, "document opened");
    Ok(Opened { document, epoch: loaded.epoch, entries })
}

/// A folded state and where it stands.
pub(crate) struct Kept {
    pub(crate) folded: Folded,
    pub(crate) epoch: u32,
}

/// Merges the state and the journal into the next generation. Right on several nodes at once: who comes
/// second reads again.
pub(crate) async fn fold(journal: &dyn Journal, doc: DocId) -> Result<Kept, RoomError> {
    for _ in 0..FOLD_ATTEMPTS {
        let read = |loaded: &Loaded| crdt::fold(&loaded.state, updates(loaded));
        let (folded, loaded) = read_either(journal, doc, read).await?;
        let kept = Kept { folded, epoch: loaded.epoch };
        if loaded.entries.is_empty() {
            return Ok(kept);
        }
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let state = Bytes::from(kept.folded.state.clone());
        match journal.fold(doc, loaded.generation, state, &entries).await {
            Ok(()) => return Ok(kept),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict("other nodes keep folding this document").into())
}

/// Folds, and keeps the result as a version.
pub(crate) async fn keep_version(
    stores: &RoomStores,
    doc: DocId,
    name: Option<String>,
    cause: VersionCause,
    by: UserId,
) -> Result<Version, RoomError> {
    let Kept { folded, epoch } = fold(&*stores.journal, doc).await?;
    let (id, at) = (VersionId::new(), Timestamp::now());
    let version = Version { id, doc, epoch, name, cause, by, at, counts: folded.summary.counts };
    let projection = serde_json::to_string(&folded.projection)
        .map_err(|error| RoomError::Unreadable(error.to_string()))?;
    let content = VersionContent { state: folded.state.into(), projection };
    stores.versions.insert(&version, content).await?;
    Ok(version)
}

fn updates(loaded: &Loaded) -> impl Iterator<Item = &[u8]> {
    loaded.entries.iter().map(|Entry { update, .. }| &update[..])
}

/// Reads the newest generation, or the one before if the newest can't be read; each try off the runtime's
/// own threads, since a large document takes its time.
async fn read_either<T: Send + 'static>(
    journal: &dyn Journal,
    doc: DocId,
    read: impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static,
) -> Result<(T, Loaded), RoomError> {
    let read = Arc::new(read);
    let newest = match attempt(journal, doc, Generation::Newest, Arc::clone(&read)).await {
        Err(RoomError::Unreadable(error)) => error,
        Err(RoomError::Store(StoreError::Corrupt(error))) => error,
        done => return done,
    };
    metrics::counter!("moim_damaged_states_total").increment(1);
    tracing::error!(doc = %doc, error = newest, "the newest state is damaged: reading the one before");
    attempt(journal, doc, Generation::Previous, read).await
}

async fn attempt<T: Send + 'static>(
    journal: &dyn Journal,
    doc: DocId,
    generation: Generation,
    read: Arc<impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static>,
) -> Result<(T, Loaded), RoomError> {
    let loaded = journal.load(doc, generation).await?.ok_or(RoomError::NotFound)?;
    let reading = tokio::task::spawn_blocking(move || read(&loaded).map(|done| (done, loaded)));
    match reading.await {
        Ok(done) => done.map_err(|error| RoomError::Unreadable(error.to_string())),
        Err(panic) => Err(RoomError::Unreadable(panic.to_string())),
    }
}

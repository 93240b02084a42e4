//! Reads and folds the stored states of documents: what opening, saving and tidying up have in common.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    Limits, RoomError,
    flight::{Cargo, FlightLog},
    registry::RoomStores,
};
use crate::{
    crdt::{self, Document, Folded},
    ids::{DocId, UserId, VersionId},
    store::{
        AsideCause, Entry, Generation, Loaded, Quarantine, StoreError, Version, VersionCause,
        VersionContent,
    },
};

/// So much of what is set aside of a document is heeded.
const MAX_ASIDE: usize = 1_000;
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
    stores: &RoomStores,
    flights: &FlightLog,
    doc: DocId,
    limits: &Limits,
) -> Result<Opened, RoomError> {
    let began = Instant::now();
    let barred = barred(&*stores.quarantine, doc).await?;
    let limits = limits.document;
    let read = move |loaded: &Loaded| Document::load(&loaded.state, updates(loaded), limits);
    let (mut document, loaded) = read_either(stores, flights, doc, read).await?;
    barred.iter().for_each(|update| document.bar(update));
    let (bytes, entries) = (loaded.state.len(), loaded.entries.len());
    metrics::histogram!("moim_room_open_seconds").record(began.elapsed().as_secs_f64());
    tracing::info!(generation = loaded.generation, bytes, entries, "document opened");
    Ok(Opened { document, epoch: loaded.epoch, entries })
}

/// The updates that are not to be applied. An error if the document itself is not to be read.
async fn barred(quarantine: &dyn Quarantine, doc: DocId) -> Result<Vec<Bytes>, RoomError> {
    let aside = quarantine.aside(doc, MAX_ASIDE).await?;
    if aside.iter().any(|one| one.cause == AsideCause::Unreadable) {
        let text = "reading it ended the server: look at it with `moim doctor`";
        return Err(RoomError::Unreadable(text.to_owned()));
    }
    let fatal = aside.into_iter().filter(|one| one.cause == AsideCause::Fatal);
    Ok(fatal.map(|one| one.update).collect())
}

/// A folded state and where it stands.
pub(crate) struct Kept {
    pub(crate) folded: Folded,
    pub(crate) epoch: u32,
}

/// Merges the state and the journal into the next generation. Right on several nodes at once: who comes
/// second reads again.
pub(crate) async fn fold(
    stores: &RoomStores,
    flights: &FlightLog,
    doc: DocId,
) -> Result<Kept, RoomError> {
    for _ in 0..FOLD_ATTEMPTS {
        let read = |loaded: &Loaded| crdt::fold(&loaded.state, updates(loaded));
        let (folded, loaded) = read_either(stores, flights, doc, read).await?;
        let kept = Kept { folded, epoch: loaded.epoch };
        if loaded.entries.is_empty() {
            return Ok(kept);
        }
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let state = Bytes::from(kept.folded.state.clone());
        match stores.journal.fold(doc, loaded.generation, state, &entries).await {
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
    flights: &FlightLog,
    doc: DocId,
    name: Option<String>,
    cause: VersionCause,
    by: UserId,
) -> Result<Version, RoomError> {
    let Kept { folded, epoch } = fold(stores, flights, doc).await?;
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
    stores: &RoomStores,
    flights: &FlightLog,
    doc: DocId,
    read: impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static,
) -> Result<(T, Loaded), RoomError> {
    let read = Arc::new(read);
    let tried = attempt(stores, flights, doc, Generation::Newest, Arc::clone(&read));
    let error = match tried.await {
        Err(RoomError::Unreadable(error)) => error,
        Err(RoomError::Store(StoreError::Corrupt(error))) => error,
        done => return done,
    };
    metrics::counter!("moim_damaged_states_total").increment(1);
    tracing::error!(doc = %doc, error, "the newest state is damaged: reading the one before");
    match attempt(stores, flights, doc, Generation::Previous, read).await {
        // There is none yet. The document is there all the same, and who asks must not be told otherwise.
        Err(RoomError::NotFound) => Err(RoomError::Unreadable(error)),
        done => done,
    }
}

async fn attempt<T: Send + 'static>(
    stores: &RoomStores,
    flights: &FlightLog,
    doc: DocId,
    generation: Generation,
    read: Arc<impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static>,
) -> Result<(T, Loaded), RoomError> {
    let loaded = stores.journal.load(doc, generation).await?.ok_or(RoomError::NotFound)?;
    let flights = flights.clone();
    let reading = tokio::task::spawn_blocking(move || {
        let _flight = flights.take_off(doc, Cargo::Document);
        read(&loaded).map(|done| (done, loaded))
    });
    match reading.await {
        Ok(done) => done.map_err(|error| RoomError::Unreadable(error.to_string())),
        Err(panic) => Err(RoomError::Unreadable(panic.to_string())),
    }
}

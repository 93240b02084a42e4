//! Reads and folds the stored states of documents: what opening, saving and tidying up have in common.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use jiff::Timestamp;

use super::{
    backlog::Backlog,
    error::DocumentError,
    flight::{Cargo, FlightLog},
    memory::{Memory, Share, estimate},
    stores::DocumentStores,
    turns::Turns,
};
use crate::{
    crdt::{self, Document, Folded},
    ids::{DocId, UserId, VersionId},
    store::{
        AsideCause, Entry, Generation, Loaded, Quarantine, StoreError, Version, VersionCause,
        VersionContent, VersionRoom,
    },
};

/// So much of what is set aside of a document is heeded.
const MAX_ASIDE: usize = 1_000;
/// How often a fold begins anew when another node was faster.
const FOLD_ATTEMPTS: usize = 5;
/// How often a document that begins anew is looked at, at most.
const RENEWALS: usize = 5;

/// Opening takes the document, and for a moment what it is read into, in this multiple of what it takes.
const OPENING: usize = 1;
/// Folding has one document at a time in memory, and what is compared of it and projected.
const FOLDING: usize = 2;
/// Beginning anew has three.
const RENEWING: usize = 4;
/// Each step holds so many copies of the encoded document at the same time.
const COPIES: usize = 6;

/// What reading stored documents needs.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) stores: DocumentStores,
    pub(crate) flights: FlightLog,
    pub(crate) turns: Turns,
}

impl Desk {
    /// For work that nobody waits for.
    pub(crate) fn in_background(&self) -> Self {
        Self { turns: self.turns.in_background(), ..self.clone() }
    }
}

/// A document that was read, and what of it is in the journal.
pub(crate) struct Opened {
    pub(crate) document: Document,
    pub(crate) share: Share,
    pub(crate) epoch: u64,
    pub(crate) backlog: Backlog,
}

/// There is no memory for the document, which takes so much.
pub(crate) enum Lacking {
    /// All of it is taken.
    Memory(usize),
    /// This person has as much of it as one may have.
    Part(UserId, usize),
}

/// Reads a document; from the generation before, with its longer journal, if the newest is damaged.
pub(crate) async fn open(
    desk: &Desk,
    doc: DocId,
    by: Option<UserId>,
    limits: crdt::Limits,
    memory: &Memory,
) -> Result<Result<Opened, Lacking>, DocumentError> {
    let began = Instant::now();
    let barred = barred(&*desk.stores.quarantine, doc).await?;
    let memory = memory.clone();
    let read = move |loaded: &Loaded| {
        let takes = estimate(weight_of(loaded), bytes_of(loaded));
        if let Some(user) = by.filter(|user| !memory.allows(*user, takes)) {
            return Ok(Err(Lacking::Part(user, takes)));
        }
        let Some(mut share) = memory.take(takes) else { return Ok(Err(Lacking::Memory(takes))) };
        share.charge(by);
        let document = Document::load(doc.kind(), &loaded.state, updates(loaded), limits)?;
        Ok(Ok((document, share)))
    };
    let Reading { done, loaded, instead_of } = read_current(desk, OPENING, doc, read).await?;
    let (mut document, share) = match done {
        Ok(read) => read,
        Err(lacking) => return Ok(Err(lacking)),
    };
    barred.iter().for_each(|update| document.bar(update));
    let (bytes, entries) = (loaded.state.len(), loaded.entries.len());
    metrics::histogram!("moim_room_open_seconds").record(began.elapsed().as_secs_f64());
    tracing::info!(generation = loaded.generation, bytes, entries, "document opened");
    let backlog = Backlog::of(&loaded, instead_of.is_some());
    Ok(Ok(Opened { document, share, epoch: loaded.epoch, backlog }))
}

/// The updates that are not to be applied. An error if the document itself is not to be read.
async fn barred(quarantine: &dyn Quarantine, doc: DocId) -> Result<Vec<Bytes>, DocumentError> {
    let aside = quarantine.aside(doc, MAX_ASIDE).await?;
    if aside.iter().any(|one| one.cause == AsideCause::Unreadable) {
        let text = "reading it ended the server: look at it with `moim doctor`";
        return Err(DocumentError::Unreadable(text.to_owned()));
    }
    let fatal = aside.into_iter().filter(|one| one.cause == AsideCause::Fatal);
    Ok(fatal.map(|one| one.update).collect())
}

/// A folded state and where it stands.
pub(crate) struct Kept {
    pub(crate) folded: Folded,
    pub(crate) epoch: u64,
}

/// Merges the state and the journal into the next generation. Right on several nodes at once: who comes
/// second reads again.
pub(crate) async fn fold(desk: &Desk, doc: DocId) -> Result<Kept, DocumentError> {
    for _ in 0..FOLD_ATTEMPTS {
        let read = move |loaded: &Loaded| crdt::fold(doc.kind(), &loaded.state, updates(loaded));
        let Reading { done: folded, loaded, instead_of } =
            read_current(desk, FOLDING, doc, read).await?;
        let kept = Kept { folded, epoch: loaded.epoch };
        if loaded.entries.is_empty() && instead_of.is_none() {
            return Ok(kept);
        }
        let entries: Vec<_> = loaded.entries.iter().map(|entry| entry.id).collect();
        let state = Bytes::from(kept.folded.state.clone());
        let (journal, base) = (&desk.stores.journal, loaded.generation);
        let written = match &instead_of {
            Some(Damaged::Unloadable(newest, _)) => {
                journal.replace(doc, *newest, base, state, &entries).await
            }
            Some(Damaged::Stored(_)) | None => journal.fold(doc, base, state, &entries).await,
        };
        match written {
            Ok(()) => {
                if instead_of.is_some() {
                    metrics::counter!("moim_mended_states_total").increment(1);
                    tracing::error!(doc = %doc, base, "a damaged state was replaced");
                }
                return Ok(kept);
            }
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict("other nodes keep folding this document").into())
}

/// What became of a save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The version that has what was to be saved.
    pub version: Version,
    /// Whether it was made for this.
    pub is_new: bool,
}

/// A version that is to be kept.
pub(crate) struct NewVersion {
    pub(crate) name: Option<String>,
    pub(crate) cause: VersionCause,
    pub(crate) by: UserId,
    pub(crate) room: VersionRoom,
}

/// Folds, and keeps the result as a version. Where somebody saves what the newest version has already, and calls it
/// nothing else, that one is the answer.
pub(crate) async fn keep_version(
    desk: &Desk,
    doc: DocId,
    new: NewVersion,
) -> Result<Saved, DocumentError> {
    let Kept { folded, epoch } = fold(desk, doc).await?;
    let stores = &desk.stores;
    if new.cause == VersionCause::Saved
        && let Some(newest) = as_newest(stores, doc, epoch, &folded.state).await?
        && (new.name.is_none() || new.name == newest.name)
    {
        return Ok(Saved { version: newest, is_new: false });
    }
    let version = insert(stores, doc, Kept { folded, epoch }, new).await?;
    Ok(Saved { version, is_new: true })
}

/// Keeps a state that the document had as a version.
pub(crate) async fn keep_state(
    desk: &Desk,
    doc: DocId,
    (state, epoch): (Bytes, u64),
    new: NewVersion,
) -> Result<Version, DocumentError> {
    let takes = crdt::weight(&state).saturating_mul(FOLDING) + COPIES * state.len();
    let turn = desk.turns.take(takes).await?;
    let flights = desk.flights.clone();
    let folding = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let _flight = flights.take_off(doc, Cargo::Document);
        crdt::fold(doc.kind(), &state, [])
    });
    let folded = folding.await.map_err(DocumentError::unreadable)?;
    let folded = folded.map_err(DocumentError::unreadable)?;
    insert(&desk.stores, doc, Kept { folded, epoch }, new).await
}

async fn insert(
    stores: &DocumentStores,
    doc: DocId,
    Kept { folded, epoch }: Kept,
    NewVersion { name, cause, by, room }: NewVersion,
) -> Result<Version, DocumentError> {
    let (id, at) = (VersionId::new(), Timestamp::now());
    let version = Version { id, doc, epoch, name, cause, by, at, counts: folded.summary.counts };
    let projection =
        serde_json::to_string(&folded.projection).map_err(DocumentError::unreadable)?;
    let content = VersionContent { state: folded.state.into(), projection };
    stores.versions.insert(&version, content, room).await?;
    Ok(version)
}

/// The newest version, if it has just this state.
async fn as_newest(
    stores: &DocumentStores,
    doc: DocId,
    epoch: u64,
    state: &[u8],
) -> Result<Option<Version>, DocumentError> {
    let newest = stores.versions.list(doc, None, 1).await?.pop();
    let Some(newest) = newest.filter(|newest| newest.epoch == epoch) else { return Ok(None) };
    match stores.versions.get(newest.id).await {
        Ok(found) => Ok(found.filter(|(_, content)| content.state == state).map(|_| newest)),
        // One that is damaged is as good as none.
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// What a document is to begin anew with, and where it stands.
pub(crate) async fn afresh(desk: &Desk, doc: DocId) -> Result<(Folded, Loaded), DocumentError> {
    let read = move |loaded: &Loaded| crdt::renew(doc.kind(), &loaded.state, updates(loaded));
    let Reading { done, loaded, .. } = read_either(desk, RENEWING, doc, read).await?;
    Ok((done, loaded))
}

/// Has a document that is sealed begin anew. Whoever comes first does it, so that it is done also if who sealed
/// it is gone.
pub(crate) async fn renew(desk: &Desk, doc: DocId) -> Result<(), DocumentError> {
    let (Folded { state, summary, .. }, loaded) = afresh(desk, doc).await?;
    let stores = &desk.stores;
    if !loaded.is_sealed {
        return Ok(());
    }
    let bytes = (loaded.state.len(), state.len());
    match stores.journal.renew(doc, loaded.epoch, state.into()).await {
        Ok(()) => {
            tracing::info!(%doc, epoch = loaded.epoch, from = bytes.0, to = bytes.1, "begun anew");
            // The rooms that ended with their epoch may have had news that lists don't show yet.
            let shown = stores.summaries.set_summary(doc, &summary, Timestamp::now()).await;
            if let Err(error) = shown {
                tracing::warn!(%error, "a summary could not be stored");
            }
            Ok(())
        }
        // Somebody was faster.
        Err(StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn bytes_of(loaded: &Loaded) -> usize {
    loaded.state.len() + updates(loaded).map(<[u8]>::len).sum::<usize>()
}

fn weight_of(loaded: &Loaded) -> usize {
    let all = std::iter::once(&loaded.state[..]).chain(updates(loaded));
    all.map(crdt::weight).fold(0, usize::saturating_add)
}

fn updates(loaded: &Loaded) -> impl Iterator<Item = &[u8]> {
    loaded.entries.iter().map(|Entry { update, .. }| &update[..])
}

/// What was read of a document, and in place of what.
struct Reading<T> {
    done: T,
    loaded: Loaded,
    /// The newest generation, if it is damaged and this is the one before.
    instead_of: Option<Damaged>,
}

/// What is wrong with a generation.
enum Damaged {
    /// The store says that it is not what was written.
    Stored(String),
    /// It is what was written, and makes no document.
    Unloadable(u64, String),
}

enum Attempt<T> {
    Read(T, Loaded),
    Failed(Damaged),
}

/// Reads a document that is not sealed; a sealed one begins anew first.
async fn read_current<T: Send + 'static>(
    desk: &Desk,
    times: usize,
    doc: DocId,
    read: impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static,
) -> Result<Reading<T>, DocumentError> {
    let read = Arc::new(read);
    for _ in 0..RENEWALS {
        let each = Arc::clone(&read);
        let reading = read_either(desk, times, doc, move |loaded| each(loaded)).await?;
        if !reading.loaded.is_sealed {
            return Ok(reading);
        }
        Box::pin(renew(desk, doc)).await?;
    }
    Err(StoreError::Conflict("this document begins anew again and again").into())
}

/// Reads the newest generation, or the one before if the newest can't be read; each try off the runtime's
/// own threads, since a large document takes its time.
async fn read_either<T: Send + 'static>(
    desk: &Desk,
    times: usize,
    doc: DocId,
    read: impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static,
) -> Result<Reading<T>, DocumentError> {
    let read = Arc::new(read);
    let tried = attempt(desk, times, doc, Generation::Newest, Arc::clone(&read)).await?;
    let newest = match tried.ok_or(DocumentError::NotFound)? {
        Attempt::Read(done, loaded) => return Ok(Reading { done, loaded, instead_of: None }),
        Attempt::Failed(damaged) => damaged,
    };
    metrics::counter!("moim_damaged_states_total").increment(1);
    let (Damaged::Stored(error) | Damaged::Unloadable(_, error)) = &newest;
    tracing::error!(doc = %doc, error, "the newest state is damaged: reading the one before");
    match attempt(desk, times, doc, Generation::Previous, read).await? {
        Some(Attempt::Read(done, loaded)) => Ok(Reading { done, loaded, instead_of: Some(newest) }),
        Some(Attempt::Failed(Damaged::Stored(error) | Damaged::Unloadable(_, error))) => {
            Err(DocumentError::Unreadable(error))
        }
        // There is a document, so that it must not look as if there were none.
        None => Err(DocumentError::Unreadable(error.clone())),
    }
}

async fn attempt<T: Send + 'static>(
    desk: &Desk,
    times: usize,
    doc: DocId,
    generation: Generation,
    read: Arc<impl Fn(&Loaded) -> Result<T, crdt::LoadError> + Send + Sync + 'static>,
) -> Result<Option<Attempt<T>>, DocumentError> {
    // What it takes is known once it is here, and it is here only for few at a time.
    let reading = desk.turns.read().await?;
    let loaded = match desk.stores.journal.load(doc, generation).await {
        Ok(Some(loaded)) => loaded,
        Ok(None) => return Ok(None),
        Err(StoreError::Corrupt(error)) => {
            return Ok(Some(Attempt::Failed(Damaged::Stored(error))));
        }
        Err(error) => return Err(error.into()),
    };
    let takes = weight_of(&loaded).saturating_mul(times) + COPIES * bytes_of(&loaded);
    let turn = desk.turns.take(takes).await?;
    drop(reading);
    let (flights, number) = (desk.flights.clone(), loaded.generation);
    let reading = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let _flight = flights.take_off(doc, Cargo::Document);
        read(&loaded).map(|done| (done, loaded))
    });
    let failed = |error| Attempt::Failed(Damaged::Unloadable(number, error));
    Ok(Some(match reading.await {
        Ok(Ok((done, loaded))) => Attempt::Read(done, loaded),
        Ok(Err(error)) => failed(error.to_string()),
        Err(panic) => failed(panic.to_string()),
    }))
}

//! Documents: states by generation, and the journal of updates since.

use async_trait::async_trait;
use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension};

use super::{
    SqliteStore,
    columns::{checksum, verified},
    lookup::{is_the_one, look_up},
};
use crate::{
    ids::{DocId, FIRST_EPOCH},
    store::{Entry, EntryId, Generation, Journal, Loaded, Result, StoreError, conflict},
};

#[async_trait]
impl Journal for SqliteStore {
    async fn create(&self, doc: DocId, state: Bytes) -> Result<()> {
        self.write(state.len(), move |db| {
            let sql = "INSERT INTO documents (name, epoch, generation) VALUES (?1, ?2, 1)";
            db.prepare_cached(sql)?.execute((doc, FIRST_EPOCH))?;
            insert_state(db, db.last_insert_rowid(), 1, &state)
        })
        .await
    }

    async fn append(&self, doc: DocId, epoch: u64, updates: Vec<Bytes>) -> Result<()> {
        if updates.is_empty() {
            return Ok(());
        }
        let bytes = updates.iter().map(Bytes::len).sum();
        self.write(bytes, move |db| insert_entries(db, doc, epoch, &updates)).await
    }

    async fn load(&self, doc: DocId, generation: Generation) -> Result<Option<Loaded>> {
        self.read(move |db| {
            let Some(document) = document(db, doc)? else { return Ok(None) };
            let Some(state) = state(db, &document, generation)? else { return Ok(None) };
            let entries = entries_after(db, &document, state.generation)?;
            Ok(Some(Loaded {
                epoch: document.epoch,
                is_sealed: document.is_sealed,
                generation: state.generation,
                state: state.bytes,
                entries,
            }))
        })
        .await
    }

    async fn fold(&self, doc: DocId, base: u64, state: Bytes, entries: &[EntryId]) -> Result<()> {
        let entries = entries.to_vec();
        self.write(state.len(), move |db| {
            let document = document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
            take_base(db, &document, base)?;
            fold(db, &document, base, &state, &entries)
        })
        .await
    }

    async fn replace(
        &self,
        doc: DocId,
        unloadable: u64,
        base: u64,
        state: Bytes,
        entries: &[EntryId],
    ) -> Result<()> {
        let entries = entries.to_vec();
        self.write(state.len(), move |db| {
            let document = document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
            if generation(db, &document, Generation::Newest)? != Some(unloadable)
                || generation(db, &document, Generation::Previous)? != Some(base)
            {
                return Err(StoreError::Conflict(conflict::FOLDED));
            }
            drop_after(db, &document, base)?;
            fold(db, &document, base, &state, &entries)
        })
        .await
    }

    async fn seal(&self, doc: DocId, epoch: u64, next: u64) -> Result<()> {
        self.write(0, move |db| {
            document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
            let sql = "UPDATE documents SET epoch = ?3, sealed = 1
                       WHERE name = ?1 AND epoch = ?2 AND ?3 > ?2 AND NOT sealed";
            match db.prepare_cached(sql)?.execute((doc, epoch, next))? {
                0 => Err(StoreError::Conflict(conflict::OTHER_EPOCH)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn renew(&self, doc: DocId, epoch: u64, state: Bytes) -> Result<()> {
        self.write(state.len(), move |db| {
            let document = document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
            if document.epoch != epoch || !document.is_sealed {
                return Err(StoreError::Conflict(conflict::OTHER_EPOCH));
            }
            begin_anew(db, &document, &state)
        })
        .await
    }
}

pub(super) struct Document {
    name: DocId,
    pub(super) key: i64,
    pub(super) epoch: u64,
    is_sealed: bool,
    /// The number that was given last.
    pub(super) generation: u64,
}

struct State {
    generation: u64,
    bytes: Bytes,
}

/// The document of this name.
pub(super) fn document(db: &Connection, name: DocId) -> Result<Option<Document>> {
    look_up(|way| {
        let found = db.prepare_cached(way.of(&DOCUMENT))?.query_one([name], |row| {
            let (key, epoch, is_sealed) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(Document { name: row.get(0)?, key, epoch, is_sealed, generation: row.get(4)? })
        });
        let found = found.optional()?;
        found.as_ref().map_or(Ok(()), |found| is_the_one(&found.name, &name))?;
        Ok(found)
    })
}

/// By its key outside, so that the name is the row's own and not the index's, and a row that is missing is no row.
const DOCUMENT: [&str; 2] = [
    "SELECT own.name, own.key, own.epoch, own.sealed, own.generation
     FROM (SELECT key AS found FROM documents WHERE name = ?1)
     LEFT JOIN documents AS own ON own.key = found",
    "SELECT name, key, epoch, sealed, generation FROM documents NOT INDEXED WHERE name = ?1",
];

pub(super) fn insert_state(
    db: &Connection,
    document: i64,
    generation: u64,
    state: &[u8],
) -> Result<()> {
    let sql = "INSERT INTO states (document, generation, checksum, state) VALUES (?1, ?2, ?3, ?4)";
    db.prepare_cached(sql)?.execute((document, generation, checksum(state), state))?;
    Ok(())
}

fn insert_entries(db: &Connection, doc: DocId, epoch: u64, updates: &[Bytes]) -> Result<()> {
    let mut insert = db.prepare_cached(
        "INSERT INTO entries (document, checksum, edit)
         SELECT key, ?3, ?4 FROM documents WHERE name = ?1 AND epoch = ?2",
    )?;
    for update in updates {
        if insert.execute((doc, epoch, checksum(update), &update[..]))? == 0 {
            let is_there = document(db, doc)?.is_some();
            let why = if is_there { conflict::OTHER_EPOCH } else { conflict::MISSING };
            return Err(StoreError::Conflict(why));
        }
    }
    Ok(())
}

/// The state of this generation, verified.
fn state(db: &Connection, document: &Document, wanted: Generation) -> Result<Option<State>> {
    let Some(generation) = generation(db, document, wanted)? else { return Ok(None) };
    let (written, bytes) = stored_state(db, document.key, generation)?;
    let bytes = verified(bytes, written, || {
        format!("the state of {} in generation {generation}", document.name)
    })?;
    Ok(Some(State { generation, bytes }))
}

/// The checksum and the bytes of a state, as they are.
pub(super) fn stored_state(
    db: &Connection,
    document: i64,
    generation: u64,
) -> Result<(u32, Vec<u8>)> {
    look_up(|way| {
        let mut select = db.prepare_cached(way.of(&STATE))?;
        let found = select.query_one((document, generation), |row| {
            Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))
        });
        let is_gone = || StoreError::Corrupt("a state is not there any more".to_owned());
        let (found, state) = found.optional()?.ok_or_else(is_gone)?;
        is_the_one(&found, &(document, generation))?;
        Ok(state)
    })
}

const STATE: [&str; 2] = [
    "SELECT own.document, own.generation, own.checksum, own.state
     FROM (SELECT rowid AS found FROM states WHERE document = ?1 AND generation = ?2)
     LEFT JOIN states AS own ON own.rowid = found",
    "SELECT document, generation, checksum, state FROM states NOT INDEXED
     WHERE document = ?1 AND generation = ?2",
];

fn generation(db: &Connection, document: &Document, wanted: Generation) -> Result<Option<u64>> {
    let newer = match wanted {
        Generation::Newest => 0,
        Generation::Previous => 1,
    };
    look_up(|way| {
        let mut select = db.prepare_cached(way.of(&GENERATION))?;
        Ok(select.query_one((document.key, newer), |row| row.get(0)).optional()?)
    })
}

const GENERATION: [&str; 2] = [
    "SELECT generation FROM states WHERE document = ?1 ORDER BY generation DESC LIMIT 1 OFFSET ?2",
    "SELECT generation FROM states NOT INDEXED WHERE document = ?1
     ORDER BY generation DESC LIMIT 1 OFFSET ?2",
];

/// In the order of the index `entries_by_document`.
pub(super) const ENTRIES: [&str; 2] = [
    "SELECT document, id, checksum, edit FROM entries WHERE id IN
         (SELECT id FROM entries
          WHERE document = ?1 AND (folded_into IS NULL OR folded_into > ?2)) ORDER BY id",
    "SELECT document, id, checksum, edit FROM entries NOT INDEXED
     WHERE document = ?1 AND (folded_into IS NULL OR folded_into > ?2) ORDER BY id",
];

/// The entries that the state of `generation` does not contain, verified.
fn entries_after(db: &Connection, document: &Document, generation: u64) -> Result<Vec<Entry>> {
    let stored: Vec<(u64, u32, Vec<u8>)> = look_up(|way| {
        let mut select = db.prepare_cached(way.of(&ENTRIES))?;
        let mut rows = select.query((document.key, generation))?;
        let mut stored = Vec::new();
        while let Some(row) = rows.next()? {
            is_the_one(&row.get(0)?, &document.key)?;
            stored.push((row.get(1)?, row.get(2)?, row.get(3)?));
        }
        Ok(stored)
    })?;
    let verify = |(id, written, bytes): (u64, u32, Vec<u8>)| {
        let update = verified(bytes, written, || format!("entry {id} of {}", document.name))?;
        Ok(Entry { id: EntryId(id.into()), update })
    };
    stored.into_iter().map(verify).collect()
}

/// Writes the next generation, whose `base` is the newest one that is left.
fn fold(
    db: &Connection,
    document: &Document,
    base: u64,
    state: &[u8],
    entries: &[EntryId],
) -> Result<()> {
    let next = document.generation + 1;
    insert_state(db, document.key, next, state)?;
    note_folded(db, document, next, entries)?;
    let drops = [
        "DELETE FROM states WHERE document = ?1 AND generation < ?2",
        "DELETE FROM entries WHERE document = ?1 AND folded_into <= ?2",
    ];
    for sql in drops {
        db.prepare_cached(sql)?.execute((document.key, base))?;
    }
    let sql = "UPDATE documents SET generation = ?2 WHERE key = ?1";
    db.prepare_cached(sql)?.execute((document.key, next))?;
    Ok(())
}

/// Writes the next generation in the place of all that there was.
fn begin_anew(db: &Connection, document: &Document, state: &[u8]) -> Result<()> {
    for sql in ["DELETE FROM states WHERE document = ?1", "DELETE FROM entries WHERE document = ?1"]
    {
        db.prepare_cached(sql)?.execute([document.key])?;
    }
    let next = document.generation + 1;
    insert_state(db, document.key, next, state)?;
    let sql = "UPDATE documents SET generation = ?2, sealed = 0 WHERE key = ?1";
    db.prepare_cached(sql)?.execute((document.key, next))?;
    Ok(())
}

/// Makes sure that `base` is the newest generation, and takes a damaged one that is newer out of the way:
/// its entries are then unfolded again, so that those that the caller did not see stay.
fn take_base(db: &Connection, document: &Document, base: u64) -> Result<()> {
    if generation(db, document, Generation::Newest)? == Some(base) {
        return Ok(());
    }
    let is_previous = generation(db, document, Generation::Previous)? == Some(base);
    match state(db, document, Generation::Newest) {
        Err(StoreError::Corrupt(text)) if is_previous => {
            tracing::error!(%text, "a damaged state is replaced");
        }
        Ok(_) | Err(StoreError::Corrupt(_)) => {
            return Err(StoreError::Conflict(conflict::FOLDED));
        }
        Err(error) => return Err(error),
    }
    drop_after(db, document, base)
}

/// Takes the states that are newer than `base` out of the way.
fn drop_after(db: &Connection, document: &Document, base: u64) -> Result<()> {
    let repairs = [
        "DELETE FROM states WHERE document = ?1 AND generation > ?2",
        "UPDATE entries SET folded_into = NULL WHERE document = ?1 AND folded_into > ?2",
    ];
    for sql in repairs {
        db.prepare_cached(sql)?.execute((document.key, base))?;
    }
    Ok(())
}

fn note_folded(
    db: &Connection,
    document: &Document,
    generation: u64,
    entries: &[EntryId],
) -> Result<()> {
    let sql = "UPDATE entries SET folded_into = ?3 WHERE id = ?2 AND document = ?1";
    let mut update = db.prepare_cached(sql)?;
    // A name that no row has was never given out: there is nothing to note.
    for id in entries.iter().filter_map(|entry| i64::try_from(entry.0).ok()) {
        update.execute((document.key, id, generation))?;
    }
    Ok(())
}

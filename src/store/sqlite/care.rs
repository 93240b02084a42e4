//! Documents as they lie in the file, piece by piece; and mends, each in one transaction.

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;
use rusqlite::Connection;

use super::{
    SqliteStore,
    columns::{Time, checksum},
    journal::{document, insert_state, stored_state},
    lookup::look_up,
};
use crate::{
    ids::{DocId, epoch_after},
    store::{
        AsideCause, Care, EntryId, Inspection, Mend, Result, Seen, StoreError, Stored, StoredEntry,
        StoredState, conflict,
    },
};

#[async_trait]
impl Care for SqliteStore {
    async fn documents(&self, after: Option<DocId>, limit: usize) -> Result<Vec<DocId>> {
        self.read(move |db| {
            let sql = "SELECT name FROM documents WHERE name > ?1 ORDER BY name LIMIT ?2";
            let after = after.map_or_else(String::new, |doc| doc.to_string());
            let mut select = db.prepare_cached(sql)?;
            let names = select.query_map((after, limit), |row| row.get(0))?;
            Ok(names.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn inspect(&self, doc: DocId) -> Result<Option<Inspection>> {
        self.read(move |db| {
            let Some(document) = document(db, doc)? else { return Ok(None) };
            let seen = seen(db, document.key, document.generation)?;
            let (states, entries) = (states(db, document.key)?, entries(db, document.key)?);
            Ok(Some(Inspection { seen, states, entries }))
        })
        .await
    }

    async fn mend(&self, doc: DocId, seen: Seen, mend: &Mend, now: Timestamp) -> Result<()> {
        let mend = mend.clone();
        self.write(mend.state.len(), move |db| carry_out(db, doc, seen, &mend, now)).await
    }

    async fn begin_epoch(&self, doc: DocId) -> Result<u64> {
        self.write(0, move |db| {
            let document = document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
            let epoch = epoch_after(document.epoch);
            let sql = "UPDATE documents SET epoch = ?2 WHERE key = ?1";
            db.prepare_cached(sql)?.execute((document.key, epoch))?;
            Ok(epoch)
        })
        .await
    }
}

fn seen(db: &Connection, document: i64, generation: u64) -> Result<Seen> {
    let sql = "SELECT max(id) FROM entries WHERE document = ?1";
    let last: Option<u64> = db.prepare_cached(sql)?.query_one([document], |row| row.get(0))?;
    Ok(Seen { generation, last: last.map(|id| EntryId(id.into())) })
}

/// Each by itself: one that can't be read hides no other.
fn states(db: &Connection, document: i64) -> Result<Vec<StoredState>> {
    let generations: Vec<u64> = look_up(|way| {
        let mut select = db.prepare_cached(way.of(&GENERATIONS))?;
        let generations = select.query_map([document], |row| row.get(0))?;
        Ok(generations.collect::<rusqlite::Result<_>>()?)
    })?;
    let read = |generation| {
        let state = or_damaged(stored_state(db, document, generation))?;
        Ok(StoredState { generation, state: state.map_or(Stored::Damaged, stored) })
    };
    generations.into_iter().map(read).collect()
}

fn entries(db: &Connection, document: i64) -> Result<Vec<StoredEntry>> {
    let ids: Vec<u64> = look_up(|way| {
        let mut select = db.prepare_cached(way.of(&ENTRY_IDS))?;
        let ids = select.query_map([document], |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    })?;
    let mut entries = Vec::with_capacity(ids.len());
    for id in ids {
        let sql = "SELECT document, folded_into, checksum, edit FROM entries WHERE id = ?1";
        let found = db.prepare_cached(sql)?.query_one([id], |row| {
            let entry = (row.get(1)?, (row.get(2)?, row.get(3)?));
            Ok((row.get::<_, i64>(0)?, entry))
        });
        let entry = match or_damaged(found.map_err(StoreError::from))? {
            // The index says so alone.
            Some((owner, _)) if owner != document => continue,
            Some((_, entry)) => Some(entry),
            None => None,
        };
        let (folded_into, update) =
            entry.map_or((None, Stored::Damaged), |(folded, written)| (folded, stored(written)));
        entries.push(StoredEntry { id: EntryId(id.into()), folded_into, update });
    }
    Ok(entries)
}

const GENERATIONS: [&str; 2] = [
    "SELECT generation FROM states WHERE document = ?1 ORDER BY generation DESC",
    "SELECT generation FROM states NOT INDEXED WHERE document = ?1 ORDER BY generation DESC",
];
const ENTRY_IDS: [&str; 2] = [
    "SELECT id FROM entries WHERE document = ?1 ORDER BY id",
    "SELECT id FROM entries NOT INDEXED WHERE document = ?1 ORDER BY id",
];

/// `None`: it can't be read.
fn or_damaged<T>(read: Result<T>) -> Result<Option<T>> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn stored((written, bytes): (u32, Vec<u8>)) -> Stored {
    if checksum(&bytes) == written { Stored::Sound(Bytes::from(bytes)) } else { Stored::Damaged }
}

fn carry_out(db: &Connection, doc: DocId, then: Seen, mend: &Mend, now: Timestamp) -> Result<()> {
    let document = document(db, doc)?.ok_or(StoreError::Conflict(conflict::MISSING))?;
    if seen(db, document.key, document.generation)? != then {
        return Err(StoreError::Conflict(conflict::CHANGED));
    }
    let key = document.key;
    set_aside(db, &STATES_ASIDE, key, mend.states_aside.iter().copied(), now)?;
    let entries = mend.entries_aside.iter().filter_map(|entry| u64::try_from(entry.0).ok());
    set_aside(db, &ENTRIES_ASIDE, key, entries, now)?;
    let next = document.generation + 1;
    insert_state(db, key, next, &mend.state)?;
    let sql = "DELETE FROM states WHERE document = ?1 AND generation NOT IN (?2, ?3)";
    db.prepare_cached(sql)?.execute((key, mend.base, next))?;
    let sql = "DELETE FROM entries WHERE document = ?1 AND folded_into <= ?2";
    db.prepare_cached(sql)?.execute((key, mend.base))?;
    let sql = "UPDATE entries SET folded_into = ?2 WHERE document = ?1";
    db.prepare_cached(sql)?.execute((key, next))?;
    let sql = "UPDATE documents SET generation = ?2 WHERE key = ?1";
    db.prepare_cached(sql)?.execute((key, next))?;
    Ok(())
}

const STATES_ASIDE: [&str; 2] = [
    "INSERT INTO aside (document, cause, at, edit)
     SELECT document, ?3, ?4, state FROM states WHERE document = ?1 AND generation = ?2",
    "DELETE FROM states WHERE document = ?1 AND generation = ?2",
];
const ENTRIES_ASIDE: [&str; 2] = [
    "INSERT INTO aside (document, cause, at, edit)
     SELECT document, ?3, ?4, edit FROM entries WHERE document = ?1 AND id = ?2",
    "DELETE FROM entries WHERE document = ?1 AND id = ?2",
];

/// Moves rows with their bytes to what is set aside: copied, then deleted.
fn set_aside(
    db: &Connection,
    [copy, delete]: &[&str; 2],
    document: i64,
    rows: impl Iterator<Item = u64>,
    now: Timestamp,
) -> Result<()> {
    let (mut copy, mut delete) = (db.prepare_cached(copy)?, db.prepare_cached(delete)?);
    for row in rows {
        copy.execute((document, row, AsideCause::Damaged, Time(now)))?;
        delete.execute((document, row))?;
    }
    Ok(())
}

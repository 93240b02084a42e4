//! Versions that people saved.

use async_trait::async_trait;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{
    SqliteStore,
    columns::{Time, checksum, counts, time, verified},
    lookup::{is_the_one, look_up},
};
use crate::{
    ids::{DocId, VersionId},
    store::{
        Result, StoreError, Version, VersionCause, VersionContent, VersionRoom, Versions, conflict,
        retention::VersionSize,
    },
};

#[async_trait]
impl Versions for SqliteStore {
    async fn insert(
        &self,
        version: &Version,
        content: VersionContent,
        room: VersionRoom,
    ) -> Result<()> {
        let version = version.clone();
        let bytes = content.state.len() + content.projection.len();
        self.write(bytes, move |db| {
            insert(db, &version, &content)?;
            make_room(db, &version, &content, room)
        })
        .await
    }

    async fn document(&self, id: VersionId) -> Result<Option<DocId>> {
        self.read(move |db| {
            let sql = "SELECT documents.name FROM versions
                       JOIN documents ON documents.key = versions.document WHERE id = ?1";
            Ok(db.prepare_cached(sql)?.query_one([id], |row| row.get(0)).optional()?)
        })
        .await
    }

    async fn get(&self, id: VersionId) -> Result<Option<(Version, VersionContent)>> {
        self.read(move |db| get(db, id)).await
    }

    async fn list(
        &self,
        doc: DocId,
        before: Option<VersionId>,
        limit: usize,
    ) -> Result<Vec<Version>> {
        self.read(move |db| list(db, doc, before, limit)).await
    }
}

fn insert(db: &Connection, version: &Version, content: &VersionContent) -> Result<()> {
    let (cause, restored) = cause_columns(version.cause);
    let mut insert = db.prepare_cached(
        "INSERT INTO versions (id, document, epoch, name, cause, restored, author, at,
                               days, cards, places, checksum, projection, state)
         SELECT ?2, key, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
         FROM documents WHERE name = ?1",
    )?;
    let inserted = insert.execute(params![
        version.doc,
        version.id,
        version.epoch,
        version.name,
        cause,
        restored,
        version.by,
        Time(version.at),
        version.counts.days,
        version.counts.cards,
        version.counts.places,
        checksum(&content.state),
        content.projection,
        &content.state[..],
    ])?;
    if inserted == 0 { Err(StoreError::Conflict(conflict::MISSING)) } else { Ok(()) }
}

/// Lets go of what has to make room for a version that is there now.
fn make_room(
    db: &Connection,
    version: &Version,
    content: &VersionContent,
    room: VersionRoom,
) -> Result<()> {
    let new = VersionSize::of(version, content);
    let mut select = db.prepare_cached(
        "SELECT id, octet_length(projection) + octet_length(state),
                versions.name IS NOT NULL AND cause = ?3
         FROM versions JOIN documents ON documents.key = versions.document
         WHERE documents.name = ?1 AND id <> ?2",
    )?;
    let kept = select.query_map((version.doc, version.id, SAVED), |row| {
        Ok(VersionSize { id: row.get(0)?, bytes: row.get(1)?, is_named: row.get(2)? })
    })?;
    let kept: Vec<_> = kept.collect::<rusqlite::Result<_>>()?;
    let gone = room.make(&kept, new).ok_or(StoreError::Conflict(conflict::VERSIONS))?;
    let mut delete = db.prepare_cached("DELETE FROM versions WHERE id = ?1")?;
    for id in gone {
        delete.execute([id])?;
    }
    Ok(())
}

fn get(db: &Connection, id: VersionId) -> Result<Option<(Version, VersionContent)>> {
    let found = look_up(|way| {
        let found = db.prepare_cached(way.of(&BY_ID))?.query_one([id], |row| {
            let written: (Vec<u8>, u32) = (row.get("state")?, row.get("checksum")?);
            let found = version(row, row.get("document_name")?)?;
            Ok((found, written, row.get::<_, String>("projection")?))
        });
        let found = found.optional()?;
        found.as_ref().map_or(Ok(()), |(found, ..)| is_the_one(&found.id, &id))?;
        Ok(found)
    })?;
    let Some((version, (state, written), projection)) = found else { return Ok(None) };
    let state = verified(state, written, || format!("the state of version {id}"))?;
    Ok(Some((version, VersionContent { state, projection })))
}

/// By the rowid outside, so that what is found is the row's own and not the index's.
const BY_ID: [&str; 2] = [
    "SELECT own.*, documents.name AS document_name
     FROM (SELECT rowid AS found FROM versions WHERE id = ?1)
     LEFT JOIN versions AS own ON own.rowid = found
     LEFT JOIN documents ON documents.key = own.document",
    "SELECT versions.*, documents.name AS document_name
     FROM versions NOT INDEXED JOIN documents ON documents.key = versions.document WHERE id = ?1",
];

/// A page in the order of the index `versions_by_document`, read backwards.
pub(super) const LIST: &str = "
    SELECT id, versions.epoch, versions.name, cause, restored, author, at, days, cards, places
    FROM versions JOIN documents ON documents.key = versions.document
    WHERE documents.name = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";

/// Greater than every id: no ULID begins like this.
const AFTER_ALL: &str = "~";

fn list(
    db: &Connection,
    doc: DocId,
    before: Option<VersionId>,
    limit: usize,
) -> Result<Vec<Version>> {
    let mut select = db.prepare_cached(LIST)?;
    let before = before.map_or_else(|| AFTER_ALL.to_owned(), |id| id.to_string());
    let versions = select.query_map((doc, before, limit), |row| version(row, doc))?;
    Ok(versions.collect::<rusqlite::Result<_>>()?)
}

fn version(row: &Row<'_>, doc: DocId) -> rusqlite::Result<Version> {
    Ok(Version {
        id: row.get("id")?,
        doc,
        epoch: row.get("epoch")?,
        name: row.get("name")?,
        cause: cause(row)?,
        by: row.get("author")?,
        at: time(row, "at")?,
        counts: counts(row)?,
    })
}

const SAVED: &str = "saved";
const BEFORE_RESTORE: &str = "before restore";
const BEFORE_RENEWAL: &str = "before renewal";
const RESTORED: &str = "restored";

fn cause_columns(cause: VersionCause) -> (&'static str, Option<VersionId>) {
    match cause {
        VersionCause::Saved => (SAVED, None),
        VersionCause::BeforeRestore => (BEFORE_RESTORE, None),
        VersionCause::BeforeRenewal => (BEFORE_RENEWAL, None),
        VersionCause::Restored { from } => (RESTORED, Some(from)),
    }
}

fn cause(row: &Row<'_>) -> rusqlite::Result<VersionCause> {
    let cause: String = row.get("cause")?;
    match cause.as_str() {
        SAVED => Ok(VersionCause::Saved),
        BEFORE_RESTORE => Ok(VersionCause::BeforeRestore),
        BEFORE_RENEWAL => Ok(VersionCause::BeforeRenewal),
        // The schema holds that no other cause is there.
        _ => Ok(VersionCause::Restored { from: row.get("restored")? }),
    }
}

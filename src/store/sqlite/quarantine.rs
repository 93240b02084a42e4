//! Updates that are set aside, by document.

use async_trait::async_trait;

use super::{
    SqliteStore,
    columns::{Time, time},
};
use crate::{
    ids::DocId,
    store::{Quarantine, Result, SetAside, StoreError, conflict},
};

#[async_trait]
impl Quarantine for SqliteStore {
    async fn set_aside(&self, doc: DocId, aside: &SetAside) -> Result<()> {
        let SetAside { cause, at, update } = aside.clone();
        self.write(update.len(), move |db| {
            let mut insert = db.prepare_cached(
                "INSERT INTO aside (document, cause, at, edit)
                 SELECT key, ?2, ?3, ?4 FROM documents WHERE name = ?1",
            )?;
            match insert.execute((doc, cause, Time(at), &update[..]))? {
                0 => Err(StoreError::Conflict(conflict::MISSING)),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn aside(&self, doc: DocId, limit: usize) -> Result<Vec<SetAside>> {
        self.read(move |db| {
            let mut select = db.prepare_cached(
                "SELECT cause, at, edit FROM aside JOIN documents ON documents.key = aside.document
                 WHERE documents.name = ?1 ORDER BY id LIMIT ?2",
            )?;
            let rows = select.query_map((doc, limit), |row| {
                let update: Vec<u8> = row.get("edit")?;
                let (cause, at) = (row.get("cause")?, time(row, "at")?);
                Ok(SetAside { cause, at, update: update.into() })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    async fn release(&self, doc: DocId) -> Result<usize> {
        self.write(0, move |db| {
            let sql =
                "DELETE FROM aside WHERE document = (SELECT key FROM documents WHERE name = ?1)";
            Ok(db.prepare_cached(sql)?.execute([doc])?)
        })
        .await
    }
}

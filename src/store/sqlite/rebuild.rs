//! Puts what can be read of a damaged database into a new file that is sound.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params_from_iter, types::Value};

use super::{
    SqliteStore, connect,
    files::off_the_runtime,
    salvage::{self, Rebuilt},
    schema,
};
use crate::store::{Result, StoreError};

/// Tables that the new file has by itself.
const MADE_ANEW: [&str; 2] = ["migrations", "health"];

/// Rows that belong to none, and go. In this order: what they belong to may have gone just before.
const ORPHANS: [&str; 10] = [
    "DELETE FROM states WHERE document NOT IN (SELECT key FROM documents)",
    "DELETE FROM entries WHERE document NOT IN (SELECT key FROM documents)",
    "DELETE FROM versions WHERE document NOT IN (SELECT key FROM documents)",
    "DELETE FROM aside WHERE document NOT IN (SELECT key FROM documents)",
    "DELETE FROM families WHERE user NOT IN (SELECT id FROM accounts)",
    "DELETE FROM tokens WHERE family NOT IN (SELECT id FROM families)",
    "DELETE FROM members WHERE user NOT IN (SELECT id FROM accounts)",
    "DELETE FROM members WHERE plan NOT IN (SELECT id FROM plans)",
    "DELETE FROM invites WHERE plan NOT IN (SELECT id FROM plans)",
    "DELETE FROM decisions WHERE plan NOT IN (SELECT id FROM plans)",
];

impl SqliteStore {
    /// Copies what can be read of a database that nobody has open into a new file, whose indexes and references
    /// are sound. The new file has no log beside it.
    pub async fn rebuild(from: &Path, to: &Path) -> Result<Rebuilt> {
        let (from, to) = (from.to_owned(), to.to_owned());
        off_the_runtime(move || rebuild(&from, &to)).await
    }
}

fn rebuild(from: &Path, to: &Path) -> Result<Rebuilt> {
    let source = connect::for_examining(from)?;
    let mut target = connect::for_writing(to)?;
    schema::migrate(&mut target)?;
    target.pragma_update(None, "foreign_keys", false)?;
    let transaction = target.transaction()?;
    let mut rebuilt = Rebuilt::default();
    for table in tables(&transaction)? {
        copy(&source, &transaction, &table, &mut rebuilt)?;
    }
    for sql in ORPHANS {
        rebuilt.orphans += transaction.execute(sql, ())?;
    }
    transaction.commit()?;
    // With nothing beside it.
    let mode = target.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0));
    let mode: String = mode?;
    if mode != "delete" {
        return Err(StoreError::Unavailable(format!("the new file stays in the mode `{mode}`")));
    }
    target.close().map_err(|(_, error)| error)?;
    Ok(rebuilt)
}

struct Table {
    name: String,
    columns: Vec<String>,
    /// What orders it where there are no rowids.
    order: Option<String>,
}

fn tables(db: &Connection) -> Result<Vec<Table>> {
    let sql = "SELECT name, sql LIKE '%WITHOUT ROWID%' FROM sqlite_schema
               WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY rowid";
    let mut select = db.prepare(sql)?;
    let found = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(String, bool)> = found.collect::<rusqlite::Result<_>>()?;
    let mut tables = Vec::new();
    for (name, has_no_rowid) in found {
        if MADE_ANEW.contains(&&*name) {
            continue;
        }
        let columns = columns(db, &name)?;
        let mut key: Vec<_> = columns.iter().filter(|(_, place)| *place > 0).collect();
        key.sort_unstable_by_key(|(_, place)| *place);
        let key: Vec<_> = key.into_iter().map(|(name, _)| &**name).collect();
        let order = has_no_rowid.then(|| key.join(", "));
        tables.push(Table {
            name,
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            order,
        });
    }
    Ok(tables)
}

/// The columns of a table, with their places in its key.
fn columns(db: &Connection, table: &str) -> Result<Vec<(String, i64)>> {
    let mut select = db.prepare("SELECT name, pk FROM pragma_table_info(?1)")?;
    let columns = select.query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(columns.collect::<rusqlite::Result<_>>()?)
}

fn copy(from: &Connection, to: &Connection, table: &Table, rebuilt: &mut Rebuilt) -> Result<()> {
    // An older file lacks some; what is damaged in its schema lacks all.
    let there = columns(from, &table.name).unwrap_or_default();
    let both = |column: &&String| there.iter().any(|(name, _)| name == *column);
    let shared: Vec<_> = table.columns.iter().filter(both).map(String::as_str).collect();
    if shared.is_empty() {
        // Older programs had no such table.
        rebuilt.damaged += usize::from(is_named(from, &table.name));
        return Ok(());
    }
    let places: Vec<_> = (1..=shared.len()).map(|number| format!("?{number}")).collect();
    let list = shared.join(", ");
    let sql =
        format!("INSERT OR IGNORE INTO {} ({list}) VALUES ({})", table.name, places.join(", "));
    let mut insert = to.prepare(&sql)?;
    let mut count = 0;
    let mut take = |row: &Row<'_>, first: usize| {
        let values = (first..first + shared.len()).map(|at| row.get::<_, Value>(at));
        let values: Vec<_> = values.collect::<rusqlite::Result<_>>()?;
        // What a column does not take is as damaged as what can't be read.
        match insert.execute(params_from_iter(values)) {
            Ok(inserted) => count += inserted,
            Err(_) => rebuilt.damaged += 1,
        }
        Ok(())
    };
    let passed = match &table.order {
        None => salvage::rows(from, &table.name, &list, |row| take(row, 1)),
        Some(order) => {
            salvage::rows_from_both_ends(from, &table.name, &list, order, |row| take(row, 0))
        }
    }?;
    rebuilt.rows += count;
    rebuilt.damaged += passed.damaged;
    Ok(())
}

/// Whether the schema knows such a table, or can't say.
fn is_named(db: &Connection, table: &str) -> bool {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1";
    db.query_row(sql, [table], |_| Ok(())).optional().map_or(true, |found| found.is_some())
}

//! The schema as numbered migrations, each applied once and in a transaction of its own.

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use crate::store::{Result, StoreError};

struct Migration {
    name: &'static str,
    sql: &'static str,
}

macro_rules! migrations {
    ($($name:literal),* $(,)?) => {
        [$(Migration { name: $name, sql: include_str!(concat!("migrations/", $name, ".sql")) }),*]
    };
}

/// In order: the first has number 1. One that was released is never changed; the next one mends it.
const MIGRATIONS: [Migration; 10] = migrations![
    "0001_documents",
    "0002_people",
    "0003_quarantine",
    "0004_rates",
    "0005_epochs",
    "0006_notices",
    "0007_rights",
    "0008_token_grace",
    "0009_settings",
    "0010_password_resets"
];

/// Brings the database up to the schema that this program knows. `Unavailable` if it is ahead of that.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    migrate_to(connection, MIGRATIONS.len())?;
    refuse_newer(connection)
}

fn migrate_to(connection: &mut Connection, number: usize) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             number  INTEGER PRIMARY KEY,
             name    TEXT    NOT NULL,
             applied TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) STRICT",
    )?;
    for (number, migration) in (1..).zip(MIGRATIONS.iter().take(number)) {
        apply(connection, number, migration)?;
    }
    Ok(())
}

/// Looks and applies in one transaction, so that two processes that start at once do not both apply it.
fn apply(connection: &mut Connection, number: i64, migration: &Migration) -> Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if newest(&transaction)? < number {
        transaction.execute_batch(migration.sql)?;
        let record = "INSERT INTO migrations (number, name) VALUES (?1, ?2)";
        transaction.execute(record, (number, migration.name))?;
    }
    Ok(transaction.commit()?)
}

/// `Unavailable` if the database is ahead of this program.
pub(super) fn refuse_newer(connection: &Connection) -> Result<()> {
    let known = MIGRATIONS.len();
    match newest(connection)? {
        found if usize::try_from(found).is_ok_and(|found| found <= known) => Ok(()),
        found => Err(StoreError::Unavailable(format!(
            "its schema has number {found}, and this program knows up to {known}: \
             it was written by a newer moim, run that one"
        ))),
    }
}

fn newest(connection: &Connection) -> Result<i64> {
    let sql = "SELECT coalesce(max(number), 0) FROM migrations";
    Ok(connection.query_row(sql, (), |row| row.get(0))?)
}

/// Whether every migration that this program knows was applied.
pub(super) fn is_up_to_date(connection: &Connection) -> Result<bool> {
    Ok(usize::try_from(newest(connection)?).is_ok_and(|found| found == MIGRATIONS.len()))
}

/// Where the tables and indexes differ from those that the migrations make, as many as were applied.
pub(super) fn differences(connection: &Connection) -> Result<Vec<String>> {
    let applied = usize::try_from(newest(connection)?).unwrap_or_default();
    let mut expected = Connection::open_in_memory()?;
    migrate_to(&mut expected, applied)?;
    let (expected, found) = (definitions(&expected)?, definitions(connection)?);
    let lacking = expected.keys().filter(|name| !found.contains_key(*name));
    let others = found.iter().filter(|(name, sql)| expected.get(*name) != Some(sql));
    Ok(lacking
        .map(|name| format!("{name} is missing"))
        .chain(others.map(|(name, _)| format!("{name} is not what this program makes")))
        .collect())
}

/// By their names.
fn definitions(connection: &Connection) -> Result<BTreeMap<String, String>> {
    let sql = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL
               AND name NOT LIKE 'sqlite_%'";
    let mut select = connection.prepare(sql)?;
    let rows = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

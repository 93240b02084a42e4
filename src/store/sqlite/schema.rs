//! The schema as numbered migrations, each applied once and in a transaction of its own.

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
const MIGRATIONS: [Migration; 3] = migrations!["0001_documents", "0002_people", "0003_quarantine"];

/// Brings the database up to the schema that this program knows. `Unavailable` if it is ahead of that.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    connection.execute_batch(
        "CREATE TABLE IF NOT EXISTS migrations (
             number  INTEGER PRIMARY KEY,
             name    TEXT    NOT NULL,
             applied TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) STRICT",
    )?;
    for (number, migration) in (1..).zip(&MIGRATIONS) {
        apply(connection, number, migration)?;
    }
    refuse_newer(connection)
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

fn refuse_newer(connection: &Connection) -> Result<()> {
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

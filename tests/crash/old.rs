//! Databases as earlier versions of the program left them: the first migrations alone, with real documents.

use std::path::Path;

use rusqlite::Connection;

const MIGRATIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sqlite/migrations");

/// The name and the SQL of each migration, in order.
fn migrations() -> Vec<(String, String)> {
    let files = std::fs::read_dir(MIGRATIONS).unwrap().map(|file| file.unwrap().path());
    let mut all: Vec<_> = files
        .map(|file| {
            let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(file).unwrap())
        })
        .collect();
    all.sort();
    all
}

/// How many schemas there were before the present one, but for the empty file.
pub(crate) fn count() -> usize {
    migrations().len() - 1
}

/// Replaces a database by one whose schema has this number, with the rows of `full` that it has tables for.
pub(crate) fn replace(database: &Path, number: usize, full: &Path) {
    std::fs::remove_file(database).unwrap();
    let db = Connection::open(database).unwrap();
    db.execute_batch(
        "PRAGMA journal_mode = wal;
         CREATE TABLE migrations (
             number  INTEGER PRIMARY KEY,
             name    TEXT    NOT NULL,
             applied TEXT    NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) STRICT",
    )
    .unwrap();
    for (number, (name, sql)) in (1..).zip(&migrations()[..number]) {
        db.execute_batch(sql).unwrap();
        let record = "INSERT INTO migrations (number, name) VALUES (?1, ?2)";
        db.execute(record, (number as i64, name)).unwrap();
    }
    fill(&db, full);
}

/// Fills each table that is still empty with its rows in `full`: the people whom the older schema had no
/// tables for.
pub(crate) fn complete(database: &Path, full: &Path) {
    fill(&Connection::open(database).unwrap(), full);
}

fn fill(db: &Connection, full: &Path) {
    db.execute_batch("PRAGMA foreign_keys = off").unwrap();
    db.execute("ATTACH ?1 AS full", [full.to_str().unwrap()]).unwrap();
    let tables = "SELECT name FROM main.sqlite_schema WHERE type = 'table'
                  AND name NOT LIKE 'sqlite%' AND name <> 'migrations'";
    for table in texts(db, tables) {
        let columns = texts(db, &format!("SELECT name FROM pragma_table_info('{table}', 'main')"));
        let columns = columns.join(", ");
        db.execute_batch(&format!(
            "INSERT INTO main.{table} ({columns}) SELECT {columns} FROM full.{table}
             WHERE NOT EXISTS (SELECT 1 FROM main.{table})"
        ))
        .unwrap();
    }
    db.execute_batch("DETACH full").unwrap();
}

fn texts(db: &Connection, sql: &str) -> Vec<String> {
    let mut select = db.prepare(sql).unwrap();
    let rows = select.query_map((), |row| row.get(0)).unwrap();
    rows.map(Result::unwrap).collect()
}

//! Connections to the database file, and the settings that durability rests on.

use std::{fs::OpenOptions, io::ErrorKind, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use crate::store::{Result, StoreError};

/// How long a statement waits for another process that holds the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Prepared statements that a connection keeps: more than there are in this folder.
const STATEMENTS: usize = 96;

/// The connection that writes.
pub(super) fn for_writing(path: &Path) -> Result<Connection> {
    make_for_owner_alone(path)?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    let mode: String =
        connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
    if mode != "wal" {
        let text = format!("the file system does not allow a write-ahead log (it is `{mode}`)");
        return Err(StoreError::Unavailable(text));
    }
    // A commit is on the disk when it returns; `fullfsync` says so on Apple's systems too.
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "fullfsync", true)?;
    connection.pragma_update(None, "checkpoint_fullfsync", true)?;
    // Pages of 4 KiB: the log is moved into the file every 16 MiB and never stays above 64 MiB.
    connection.pragma_update(None, "wal_autocheckpoint", 4_096)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    connection.pragma_update(None, "cache_size", -32_768)?;
    Ok(connection)
}

/// Makes the file if it is not there. What SQLite keeps beside it has the same rights.
fn make_for_owner_alone(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            Err(StoreError::Unavailable(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

/// A connection that reads.
pub(super) fn for_reading(path: &Path) -> Result<Connection> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// A connection that reads a file which may be damaged: what can't be understood of its schema is passed over.
pub(super) fn for_examining(path: &Path) -> Result<Connection> {
    let connection = for_reading(path)?;
    connection.pragma_update(None, "writable_schema", true)?;
    Ok(connection)
}

/// Moves the log into the file and empties it, unless somebody reads from it: it waits for nobody, so that writers
/// don't either. `true`: it is empty.
pub(super) fn empty_log(connection: &Connection) -> Result<bool> {
    connection.busy_timeout(Duration::ZERO)?;
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |row| row.get(0));
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let busy: i64 = busy?;
    Ok(busy == 0)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection> {
    // Each connection is used by one thread at a time: SQLite's own locks are not needed.
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    Ok(connection)
}

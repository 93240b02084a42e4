//! Database files as wholes: copied at one moment while others write, and checked.

use std::{
    fs::{File, OpenOptions},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{SqliteStore, connect, readers::Readers, schema, writer::Writer};
use crate::store::{Result, StoreError};

/// How long a copy waits for a process that holds the file.
const COPY_PATIENCE: Duration = Duration::from_secs(30);
/// How often it tries meanwhile.
const COPY_PAUSE: Duration = Duration::from_millis(50);
/// Flaws of a file that are told at most.
const MAX_FLAWS: u32 = 100;

impl SqliteStore {
    /// Opens a database file that is there, to read it only: a call that writes is answered `Unavailable`.
    /// Another process may be writing it.
    pub async fn open_to_read(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        off_the_runtime(move || {
            let connection = connect::for_reading(&path)?;
            schema::refuse_newer(&connection)?;
            let readers = Readers::new(path).into();
            Ok(Self { writer: Writer::none().into(), readers })
        })
        .await
    }

    /// Copies a database as it is at one moment, also while another process writes it, into a new file, which
    /// is whole by itself: it has no log beside it.
    pub async fn copy(from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        off_the_runtime(move || copy(&from, &to)).await
    }

    /// What is wrong with the file: its pages, its references, its schema. Reads all of it.
    pub async fn flaws(&self) -> Result<Vec<String>> {
        self.read(|db| {
            let mut flaws = broken_pages(db)?;
            if flaws.is_empty() {
                flaws = schema::differences(db)?;
            }
            Ok(flaws)
        })
        .await
    }

    /// Whether the schema is the one that this program writes, and not an earlier one.
    pub async fn is_up_to_date(&self) -> Result<bool> {
        self.read(schema::is_up_to_date).await
    }
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    let working = tokio::task::spawn_blocking(work);
    working.await.map_err(|failed| StoreError::Unavailable(failed.to_string()))?
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let source = connect::for_reading(from)?;
    make_for_owner_alone(to)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut target = Connection::open_with_flags(to, flags)?;
    copy_pages(&source, &mut target)?;
    let mode = target.pragma_update_and_check(None, "journal_mode", "delete", |row| row.get(0));
    let mode: String = mode?;
    if mode != "delete" {
        return Err(StoreError::Unavailable(format!("the copy stays in the mode `{mode}`")));
    }
    target.close().map_err(|(_, error)| error)?;
    File::open(to).and_then(|file| file.sync_all()).map_err(|error| failed(to, &error))
}

/// All in one step, on one snapshot: in steps it would begin anew whenever somebody writes.
fn copy_pages(source: &Connection, target: &mut Connection) -> Result<()> {
    let (backup, began) = (Backup::new(source, target)?, Instant::now());
    while backup.step(-1)? != StepResult::Done {
        if began.elapsed() > COPY_PATIENCE {
            let text = "another process holds the database".to_owned();
            return Err(StoreError::Unavailable(text));
        }
        thread::sleep(COPY_PAUSE);
    }
    Ok(())
}

fn make_for_owner_alone(path: &Path) -> Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}

fn broken_pages(db: &Connection) -> Result<Vec<String>> {
    let mut flaws = Vec::new();
    db.pragma(None, "integrity_check", MAX_FLAWS, |row| {
        flaws.push(row.get::<_, String>(0)?);
        Ok(())
    })?;
    flaws.retain(|flaw| flaw != "ok");
    let mut references = 0;
    db.pragma_query(None, "foreign_key_check", |_| {
        references += 1;
        Ok(())
    })?;
    if references > 0 {
        flaws.push(format!("{references} rows refer to what is not there"));
    }
    Ok(flaws)
}

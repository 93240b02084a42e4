//! Database files as wholes: copied at one moment while others write, and checked.

use std::{
    collections::BTreeSet,
    fs::{File, OpenOptions},
    path::Path,
    thread,
    time::{Duration, Instant},
};

use rusqlite::{
    Connection, OpenFlags,
    backup::{Backup, StepResult},
};

use super::{
    SqliteStore, connect, failure::is_damage, readers::Readers, salvage, schema, writer::Writer,
};
use crate::{
    ids::{DocId, epoch_after},
    store::{Result, StoreError},
};

/// How long a copy waits for a process that holds the file.
const COPY_PATIENCE: Duration = Duration::from_secs(30);
/// How often it tries meanwhile.
const COPY_PAUSE: Duration = Duration::from_millis(50);
/// Flaws of a file that are told at most.
const MAX_FLAWS: u32 = 100;

impl SqliteStore {
    /// Opens a database file that is there, to read it only: a call that writes is answered `Unavailable`. Another
    /// process may be writing it; it may be damaged, and whatever of it can be read is.
    pub async fn open_to_examine(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        off_the_runtime(move || {
            let connection = connect::for_examining(&path)?;
            match schema::refuse_newer(&connection) {
                Ok(()) => {}
                // It is damaged: that is told when everything is looked at, as long as there is anything.
                Err(StoreError::Corrupt(text)) if !text.contains("not a database") => {}
                Err(error) => return Err(error),
            }
            Ok(Self { writer: Writer::none().into(), readers: Readers::examining(path).into() })
        })
        .await
    }

    /// Opens a database file that is there, to write into it beside a server that runs on it: its schema must be the
    /// one that this program writes, and stays as it is.
    pub async fn open_beside(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        off_the_runtime(move || {
            let connection = connect::for_writing(&path)?;
            schema::refuse_newer(&connection)?;
            if !schema::is_up_to_date(&connection)? {
                let text = "its schema is older than this program: run the moim that serves it, or start the \
                            server of this one first";
                return Err(StoreError::Unavailable(text.to_owned()));
            }
            let readers = Readers::new(path).into();
            Ok(Self { writer: Writer::start(connection)?.into(), readers })
        })
        .await
    }

    /// Copies a database as it is at one moment, also while another process writes it, into a new file, which
    /// is whole by itself: it has no log beside it.
    pub async fn copy(from: &Path, to: &Path) -> Result<()> {
        let (from, to) = (from.to_owned(), to.to_owned());
        off_the_runtime(move || copy(&from, &to)).await
    }

    /// Puts all documents of a database that nobody has open into other epochs, for it is to take the place of one
    /// that may have gone on from it. Says how many there are.
    pub async fn begin_epochs(path: &Path) -> Result<usize> {
        let path = path.to_owned();
        off_the_runtime(move || begin_epochs(&path)).await
    }

    /// What is wrong with the file: its pages, its references, its schema. Reads all of it. What can't be looked at
    /// is a flaw as well, and the rest is looked at all the same.
    pub async fn flaws(&self) -> Result<Vec<String>> {
        self.read(|db| {
            let mut flaws = Vec::new();
            for look in [broken_pages, broken_references, schema::differences] {
                match look(db) {
                    Ok(found) => flaws.extend(found),
                    Err(StoreError::Corrupt(text)) => flaws.push(text),
                    Err(error) => return Err(error),
                }
                if !flaws.is_empty() {
                    break;
                }
            }
            Ok(flaws)
        })
        .await
    }

    /// The documents that are there as far as can be told, in whichever way they are found.
    pub async fn every_document(&self) -> Result<BTreeSet<DocId>> {
        let by_index = "SELECT name FROM documents ORDER BY name";
        self.read(|db| every(db, "documents", "name", by_index)).await
    }

    /// The plans, likewise.
    pub async fn every_plan(&self) -> Result<BTreeSet<DocId>> {
        let by_index = "SELECT id FROM plans ORDER BY id";
        self.read(|db| every(db, "plans", "id", by_index)).await
    }

    /// Whether the schema is the one that this program writes, and not an earlier one.
    pub async fn is_up_to_date(&self) -> Result<bool> {
        self.read(schema::is_up_to_date).await
    }
}

pub(super) async fn off_the_runtime<T: Send + 'static>(
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

fn begin_epochs(path: &Path) -> Result<usize> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut database = Connection::open_with_flags(path, flags)?;
    let transaction = database.transaction()?;
    let mut select = transaction.prepare("SELECT key, epoch FROM documents")?;
    let found = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?;
    let found: Vec<(i64, u64)> = found.collect::<rusqlite::Result<_>>()?;
    drop(select);
    let mut update = transaction.prepare("UPDATE documents SET epoch = ?2 WHERE key = ?1")?;
    for (key, epoch) in &found {
        update.execute((key, epoch_after(*epoch)))?;
    }
    drop(update);
    transaction.commit()?;
    database.close().map_err(|(_, error)| error)?;
    Ok(found.len())
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
    let looked = db.pragma(None, "integrity_check", MAX_FLAWS, |row| {
        flaws.push(row.get::<_, String>(0)?);
        Ok(())
    });
    match looked {
        // It stops there, and what it has found is worth telling.
        Err(error) if is_damage(&error) => flaws.push(error.to_string()),
        looked => looked?,
    }
    flaws.retain(|flaw| flaw != "ok");
    Ok(flaws)
}

fn broken_references(db: &Connection) -> Result<Vec<String>> {
    let mut references = 0;
    db.pragma_query(None, "foreign_key_check", |_| {
        references += 1;
        Ok(())
    })?;
    let told = format!("{references} rows refer to what is not there");
    Ok((references > 0).then_some(told).into_iter().collect())
}

/// What a column names: by the rows of the table, and by an index that is another copy of it.
fn every(db: &Connection, table: &str, column: &str, by_index: &str) -> Result<BTreeSet<DocId>> {
    let mut all = BTreeSet::new();
    let by_rows = salvage::rows(db, table, column, |row| {
        all.insert(row.get(1)?);
        Ok(())
    });
    unless_damaged(by_rows.map(drop))?;
    let by_index = db.prepare(by_index).and_then(|mut select| {
        let mut rows = select.query(())?;
        while let Some(row) = rows.next()? {
            // An entry that names nothing hides no other.
            all.extend(row.get::<_, DocId>(0).ok());
        }
        Ok(())
    });
    unless_damaged(by_index)?;
    Ok(all)
}

fn unless_damaged(read: rusqlite::Result<()>) -> Result<()> {
    match read {
        Err(error) if is_damage(&error) || is_no_such_table(&error) => Ok(()),
        read => Ok(read?),
    }
}

/// What is damaged in the schema is as if it were not there.
fn is_no_such_table(error: &rusqlite::Error) -> bool {
    error.to_string().contains("no such ")
}

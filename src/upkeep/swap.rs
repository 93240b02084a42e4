//! Puts a restored database in the place of the old one, in steps that may be interrupted anywhere.
//!
//! The old file goes first, then its log, and only then comes the new file: neither ever lies beside the
//! other's log. The names are made from the staged file alone, so that who goes on after an interruption
//! goes on with the same ones.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::folder::{DataFolder, Lock};

/// The old database, and then what SQLite may keep beside it and can't do without.
const OLD: [&str; 3] = ["", "-wal", "-journal"];
/// What it keeps beside it and makes anew.
const INDEX: &str = "-shm";

/// Completes a restore that is staged, if one is: says where the old database is now. Only the holder of the
/// folder may do so, while the database is closed.
pub fn complete_restore(data: &DataFolder, _lock: &Lock) -> io::Result<Option<PathBuf>> {
    let Some(swap) = Swap::staged(data)? else { return Ok(None) };
    while let Some(step) = swap.next()? {
        swap.carry_out(&step)?;
    }
    let old = &swap.old;
    tracing::warn!(old = %old.display(), "a restored database took the place of the old one");
    Ok(Some(old.clone()))
}

/// One rename or removal.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Move(PathBuf, PathBuf),
    Remove(PathBuf),
}

struct Swap {
    folder: PathBuf,
    staged: PathBuf,
    database: PathBuf,
    /// Where the old database goes.
    old: PathBuf,
}

impl Swap {
    fn staged(data: &DataFolder) -> io::Result<Option<Self>> {
        let staged = data.staged();
        let made = match fs::metadata(&staged) {
            Ok(found) => found.modified()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let made = Timestamp::try_from(made).map_err(io::Error::other)?;
        let old =
            beside(&data.database(), &made.strftime(".replaced-%Y%m%dT%H%M%S.%3fZ").to_string());
        Ok(Some(Self { folder: data.path().to_owned(), staged, database: data.database(), old }))
    }

    /// What is to be done next, from what is there now.
    fn next(&self) -> io::Result<Option<Step>> {
        if !self.staged.try_exists()? {
            return Ok(None);
        }
        for suffix in OLD {
            let (from, to) = (beside(&self.database, suffix), beside(&self.old, suffix));
            if from.try_exists()? {
                if to.try_exists()? {
                    let text = format!("{} is there already: move it away", to.display());
                    return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
                }
                return Ok(Some(Step::Move(from, to)));
            }
        }
        let index = beside(&self.database, INDEX);
        if index.try_exists()? {
            return Ok(Some(Step::Remove(index)));
        }
        Ok(Some(Step::Move(self.staged.clone(), self.database.clone())))
    }

    /// Does it so that it is done after a power cut as well.
    fn carry_out(&self, step: &Step) -> io::Result<()> {
        match step {
            Step::Move(from, to) => fs::rename(from, to)?,
            Step::Remove(path) => fs::remove_file(path)?,
        }
        sync_folder(&self.folder)
    }
}

/// Makes renames in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

#[cfg(test)]
mod tests {
    use rusqlite::Connection;

    use super::*;

    /// A folder with a database whose newest word is in its log alone, and a staged one; as a killed server
    /// and a restore leave it.
    fn folder() -> (tempfile::TempDir, DataFolder) {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::make(&folder.path().join("data")).unwrap();
        let alive = folder.path().join("alive.db");
        let db = Connection::open(&alive).unwrap();
        db.execute_batch(
            "PRAGMA journal_mode = wal; PRAGMA wal_autocheckpoint = 0;
             CREATE TABLE words (word TEXT); PRAGMA wal_checkpoint(TRUNCATE);
             INSERT INTO words VALUES ('old');",
        )
        .unwrap();
        for suffix in ["", "-wal", "-shm"] {
            fs::copy(beside(&alive, suffix), beside(&data.database(), suffix)).unwrap();
        }
        let staged = Connection::open(data.staged()).unwrap();
        staged
            .execute_batch("CREATE TABLE words (word TEXT); INSERT INTO words VALUES ('new');")
            .unwrap();
        (folder, data)
    }

    fn words(path: &Path) -> Vec<String> {
        let db = Connection::open(path).unwrap();
        let mut select = db.prepare("SELECT word FROM words").unwrap();
        select.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn wherever_it_is_interrupted_it_ends_with_both_databases_whole() {
        for steps in 0..=4 {
            let (_folder, data) = folder();
            let swap = Swap::staged(&data).unwrap().unwrap();
            for _ in 0..steps {
                let step = swap.next().unwrap().unwrap();
                swap.carry_out(&step).unwrap();
                let log = beside(&data.database(), "-wal").exists();
                let is_new = !data.staged().exists();
                assert!(!(log && is_new), "the new database lies beside the old log");
            }
            let lock = data.lock().unwrap();
            complete_restore(&data, &lock).unwrap();
            assert_eq!(complete_restore(&data, &lock).unwrap(), None, "once");
            assert_eq!(words(&data.database()), ["new"], "after {steps} steps");
            assert_eq!(words(&swap.old), ["old"], "after {steps} steps");
        }
    }

    #[test]
    fn without_an_old_database_the_restored_one_is_simply_there() {
        let (_folder, data) = folder();
        for suffix in ["", "-wal", "-shm"] {
            fs::remove_file(beside(&data.database(), suffix)).unwrap();
        }
        complete_restore(&data, &data.lock().unwrap()).unwrap();
        assert_eq!(words(&data.database()), ["new"]);
    }

    #[test]
    fn an_old_database_is_never_written_over_by_another() {
        let (_folder, data) = folder();
        let swap = Swap::staged(&data).unwrap().unwrap();
        fs::write(&swap.old, "an older one").unwrap();
        let refused = complete_restore(&data, &data.lock().unwrap()).unwrap_err();
        assert!(refused.to_string().contains("move it away"));
        assert_eq!(fs::read_to_string(&swap.old).unwrap(), "an older one");
        assert_eq!(words(&data.database()), ["old"]);
    }
}

//! The data folder: what lies in it under which name, and the lock that keeps it to one server.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use super::access::{self, AccessError, Purpose};

/// The database.
const DATABASE: &str = "moim.db";
/// What SQLite keeps beside it while it is open.
const DATABASE_LOG: &str = "moim.db-wal";
const DATABASE_INDEX: &str = "moim.db-shm";
/// The keys that sign tokens.
const KEYS: &str = "token.keys";
/// Notes of what is being merged.
const FLIGHT: &str = "flight";
/// Locked while a server runs; says which one.
const LOCK: &str = "moim.lock";
/// Locked while a restore is staged, so that two are never mixed up.
const RESTORE_LOCK: &str = "moim.restore.lock";
/// What a fresh file system has in it.
pub(super) const LOST_AND_FOUND: &str = "lost+found";
/// A database that is to take the place of the other.
const STAGED: &str = "moim.db.restore";
/// One that is still being copied.
const STAGING: &str = "moim.db.restore.partial";

/// The rights of everybody but the owner.
const OTHERS: u32 = 0o077;

/// The names of what lies in a data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

impl DataFolder {
    /// The folder at this place, whether it is there or not.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Makes the folder, for its owner alone, if it is not there.
    pub fn make(path: &Path) -> io::Result<Self> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        Ok(Self::at(path))
    }

    /// Makes the folder if it is not there, and sees to it that this process may work on it and nobody else may
    /// look into it.
    pub fn prepare(path: &Path) -> Result<Self, AccessError> {
        let made = Self::make(path).map_err(|error| AccessError::explain(path, path, error))?;
        made.allows(Purpose::Write)?;
        for open in made.tighten() {
            tracing::warn!(path = %open.display(), "others may look into it, and that is left as it is");
        }
        Ok(made)
    }

    /// Takes the rights of others away from all that is kept here, also of what was made before that was done. What
    /// can't be changed is returned, and so is the folder if other things lie in it as well.
    fn tighten(&self) -> Vec<PathBuf> {
        let mut left = Vec::new();
        let mut is_shared = false;
        for entry in fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            is_shared |= !is_own(&name) && name != LOST_AND_FOUND;
            if is_own(&name) {
                left.extend(only_for_owner(&entry.path()).err());
            }
        }
        let notes = fs::read_dir(self.flight()).into_iter().flatten().flatten();
        left.extend(notes.filter_map(|note| only_for_owner(&note.path()).err()));
        if is_shared && is_open_to_others(&self.0) {
            left.push(self.0.clone());
        } else if !is_shared {
            left.extend(only_for_owner(&self.0).err());
        }
        left
    }

    /// The database, what SQLite keeps beside it, and the locks: all that is written here.
    fn files(&self) -> Vec<PathBuf> {
        let names = [LOCK, RESTORE_LOCK, STAGED, DATABASE, DATABASE_LOG, DATABASE_INDEX];
        names.map(|name| self.0.join(name)).into()
    }

    /// Whether everything that is there already may be used for this.
    pub(super) fn allows(&self, purpose: Purpose) -> Result<(), AccessError> {
        access::check(&self.0, &self.files(), &self.keys(), purpose)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The database file.
    pub fn database(&self) -> PathBuf {
        self.0.join(DATABASE)
    }

    /// The file with the signing keys.
    pub fn keys(&self) -> PathBuf {
        self.0.join(KEYS)
    }

    /// The folder with the notes of what is being merged.
    pub fn flight(&self) -> PathBuf {
        self.0.join(FLIGHT)
    }

    /// A database that is complete, and takes the place of the other at the next start.
    pub fn staged(&self) -> PathBuf {
        self.0.join(STAGED)
    }

    /// Where such a database is copied to.
    pub(super) fn staging(&self) -> PathBuf {
        self.0.join(STAGING)
    }

    /// The file that says who holds the folder.
    pub(super) fn lock_file(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    /// The right to stage a restore.
    pub(super) fn lock_restore(&self) -> Result<Lock, LockError> {
        Lock::take(&self.0.join(RESTORE_LOCK))
    }

    /// Gives a new file to the owner of the folder: what root restores, a server that isn't root must read.
    pub(super) fn give(&self, file: &Path) -> io::Result<()> {
        give_to_owner_of(&self.0, file)
    }

    /// Takes the folder for this process, until the lock is dropped or the process ends, however it ends.
    pub fn lock(&self) -> Result<Lock, LockError> {
        Lock::take(&self.lock_file())
    }
}

/// Whether something of this name is this program's.
fn is_own(name: &str) -> bool {
    name.starts_with("moim.") || name.starts_with(KEYS) || name == FLIGHT
}

fn is_open_to_others(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.permissions().mode() & OTHERS != 0)
}

/// Takes away what others may do with it. `Err`: they still may.
fn only_for_owner(path: &Path) -> Result<(), PathBuf> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let mode = found.permissions().mode();
    if mode & OTHERS == 0 {
        return Ok(());
    }
    let narrowed = fs::Permissions::from_mode(mode & !OTHERS & 0o7777);
    fs::set_permissions(path, narrowed).map_err(|_| path.to_owned())
}

/// What the holder of a folder is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Not serving yet, or not any more.
    Busy,
    /// Serving.
    Serving,
}

impl Phase {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Serving => "serving",
        }
    }
}

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error(
        "another moim (process {pid}) works on the data in {folder}: stop it first, or name another \
         folder with --data"
    )]
    Held {
        /// The folder.
        folder: String,
        /// What the lock's file says of its holder.
        pid: String,
    },
    /// The file can't be made, or locks don't work on it.
    #[error("can't lock {path}: {error}; the folder must be writable, on a disk that knows locks")]
    Io {
        /// The lock's file.
        path: String,
        /// What the system says.
        error: io::Error,
    },
}

/// The right to work on a folder. Its file stays: one that were removed could be locked by two.
#[derive(Debug)]
pub struct Lock(File);

impl Lock {
    /// Locks the file and writes into it who holds it.
    pub(super) fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |error| LockError::Io { path: path.display().to_string(), error };
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(held(path, &mut file)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        give_to_owner_of(path.parent().unwrap_or(path), path).map_err(failed)?;
        let mut lock = Self(file);
        lock.say(Phase::Busy).map_err(failed)?;
        Ok(lock)
    }

    /// Tells who reads the lock's file what its holder does.
    pub fn say(&mut self, phase: Phase) -> io::Result<()> {
        let text = format!("{}\n{}\n", std::process::id(), phase.word());
        self.0.rewind()?;
        self.0.write_all(text.as_bytes())?;
        self.0.set_len(text.len() as u64)
    }
}

/// Only root can give something away, and only what root makes is in the way of others.
#[cfg(unix)]
fn give_to_owner_of(folder: &Path, file: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, chown};
    let (owner, found) = (fs::metadata(folder)?, fs::metadata(file)?);
    if found.uid() == 0 && owner.uid() != 0 {
        chown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn give_to_owner_of(_: &Path, _: &Path) -> io::Result<()> {
    Ok(())
}

fn held(path: &Path, file: &mut File) -> LockError {
    let mut text = String::new();
    // The holder may be writing it just now: then it stays unknown.
    let read = file.read_to_string(&mut text).ok().and_then(|_| text.lines().next());
    let pid = read.unwrap_or("unknown").to_owned();
    let folder = path.parent().unwrap_or(path).display().to_string();
    LockError::Held { folder, pid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_is_free_again_afterwards() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::make(&folder.path().join("deep/data")).unwrap();
        let lock = data.lock().unwrap();
        let refused = data.lock().unwrap_err().to_string();
        let pid = std::process::id().to_string();
        assert!(refused.contains(&pid) && refused.contains("stop it first"), "{refused}");
        assert!(fs::read_to_string(data.path().join(LOCK)).unwrap().starts_with(&pid));
        drop(lock);
        data.lock().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_may_look_into_it() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::make(&folder.path().join("data")).unwrap();
        let _lock = data.lock().unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(data.path()), mode(&data.path().join(LOCK))), (0o700, 0o600));
    }

    #[test]
    fn what_was_open_to_others_is_closed_at_the_start_and_what_is_not_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        fs::create_dir_all(path.join(FLIGHT)).unwrap();
        let own = ["moim.db", "moim.db-wal", "moim.db-shm", "token.keys", "moim.db.replaced-1"];
        for name in own.into_iter().chain(["flight/one.note"]) {
            fs::write(path.join(name), "").unwrap();
        }
        let open = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(0o755));
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let all = own.into_iter().chain(["flight", "flight/one.note", "."]);
        all.clone().for_each(|name| open(&path.join(name)).unwrap());
        DataFolder::prepare(&path).unwrap();
        for name in all {
            assert_eq!(mode(&path.join(name)), 0o700, "{name}");
        }
        let foreign = path.join("holiday.jpg");
        fs::write(&foreign, "").unwrap();
        [&foreign, &path].into_iter().for_each(|path| open(path).unwrap());
        DataFolder::prepare(&path).unwrap();
        assert_eq!((mode(&foreign), mode(&path)), (0o755, 0o755), "somebody else uses the folder");
    }
}

//! Back-ups and their way back: copied under a temporary name, looked through, and only then given their own.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::time::{Instant, sleep};

use super::{
    access::{AccessError, Purpose},
    error::UpkeepError,
    examine::{Mending, Summary, Tell, examine},
    folder::{DataFolder, LOST_AND_FOUND, LockError},
    holder::Holder,
    swap::{complete_restore, sync_folder},
};
use crate::store::sqlite::SqliteStore;

/// How long a server may take to stop, and to serve the restored database.
const RESTORE_PATIENCE: Duration = Duration::from_secs(120);
/// How often it is looked at meanwhile.
const RESTORE_LOOK: Duration = Duration::from_millis(100);

/// A back-up that is complete.
#[derive(Debug, Clone, Copy)]
pub struct BackedUp {
    /// What is in it, and what is wrong with it.
    pub summary: Summary,
    /// How large its database is.
    pub bytes: u64,
}

/// Copies a data folder as it is at one moment, also while it is served. The copy is a data folder itself.
pub async fn back_up(
    data: &DataFolder,
    to: &Path,
    tell: Tell<'_>,
) -> Result<BackedUp, UpkeepError> {
    if data.staged().exists() {
        return Err(UpkeepError::RestoreUnderWay);
    }
    data.allows(Purpose::Read).map_err(UpkeepError::Data)?;
    let source = file_at(&data.database())?;
    let partial = Partial::make(to)?;
    let copy = DataFolder::at(&partial.folder);
    let copied = SqliteStore::copy(&data.database(), &copy.database()).await;
    copied.map_err(|error| UpkeepError::Copy(to.to_owned(), error))?;
    if file_at(&data.database())? != source {
        return Err(UpkeepError::Replaced);
    }
    copy_keys(data, &copy).map_err(|error| partial.failed(error))?;
    let store = SqliteStore::open_to_examine(&copy.database()).await?;
    let summary = examine(&store, Mending::No, tell).await;
    store.close().await;
    let (summary, bytes) = (summary?, fs::metadata(copy.database())?.len());
    partial.complete()?;
    Ok(BackedUp { summary, bytes })
}

/// Tells one file from another that takes its name.
fn file_at(path: &Path) -> Result<u64, UpkeepError> {
    let found = fs::metadata(path);
    found.map(|found| found.ino()).map_err(|_| UpkeepError::NoDatabase(path.to_owned()))
}

/// A back-up that is not complete: its folder goes away again unless it becomes so.
struct Partial {
    /// Where it is put together.
    folder: PathBuf,
    /// Where it is to be.
    to: PathBuf,
    /// That is there already, and empty. It may be where a file system begins, so it stays, and files go into it.
    is_there: bool,
}

impl Partial {
    fn make(to: &Path) -> Result<Self, UpkeepError> {
        // Without a stroke at the end.
        let to: PathBuf = to.components().collect();
        let is_there = match fs::read_dir(&to) {
            Ok(entries) => {
                if to.join(PARTIAL).exists() {
                    return Err(UpkeepError::CutShort(to.join(PARTIAL)));
                }
                if !is_empty(entries) {
                    return Err(UpkeepError::NotEmpty(to));
                }
                true
            }
            Err(_) if to.as_os_str().is_empty() => return Err(UpkeepError::Nowhere(to)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if fs::symlink_metadata(&to).is_ok() {
                    return Err(UpkeepError::Nowhere(to));
                }
                false
            }
            Err(error) => return Err(target_failed(&to, error)),
        };
        let folder = if is_there {
            to.join(PARTIAL)
        } else {
            let mut name = to.as_os_str().to_owned();
            name.push(format!(".partial-{}", std::process::id()));
            name.into()
        };
        let partial = Self { folder, to, is_there };
        // Of a process that had the same number and was killed.
        if partial.folder.exists() {
            fs::remove_dir_all(&partial.folder)?;
        }
        DataFolder::make(&partial.folder).map_err(|error| partial.failed(error))?;
        Ok(partial)
    }

    fn failed(&self, error: io::Error) -> UpkeepError {
        target_failed(&self.to, error)
    }

    fn complete(self) -> Result<(), UpkeepError> {
        self.put_in_place().map_err(|error| self.failed(error))
    }

    fn put_in_place(&self) -> io::Result<()> {
        sync_folder(&self.folder)?;
        if !self.is_there {
            fs::rename(&self.folder, &self.to)?;
            let parent = self.to.parent().filter(|parent| !parent.as_os_str().is_empty());
            return sync_folder(parent.unwrap_or(Path::new(".")));
        }
        let (from, to) = (DataFolder::at(&self.folder), DataFolder::at(&self.to));
        // Somebody else's folder is as open as they want it; the files are not.
        fs::set_permissions(&self.to, fs::Permissions::from_mode(0o700)).ok();
        if from.keys().exists() {
            fs::rename(from.keys(), to.keys())?;
        }
        // Last: with it there is a back-up.
        fs::rename(from.database(), to.database())?;
        fs::remove_dir(&self.folder)?;
        sync_folder(&self.to)
    }
}

/// Where a back-up is put together that goes into a folder that is there.
const PARTIAL: &str = ".moim-backup.partial";

fn is_empty(entries: fs::ReadDir) -> bool {
    let mut names = entries.map(|entry| entry.map(|entry| entry.file_name()));
    names.all(|name| name.is_ok_and(|name| name == LOST_AND_FOUND))
}

fn target_failed(to: &Path, error: io::Error) -> UpkeepError {
    UpkeepError::Target(AccessError::explain(to, to, error))
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `complete` there is nothing of this name.
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// Copies the signing keys, if there are any and none at the other place.
fn copy_keys(from: &DataFolder, to: &DataFolder) -> io::Result<()> {
    if to.keys().exists() || !from.keys().exists() {
        return Ok(());
    }
    let partial = to.keys().with_extension("partial");
    fs::copy(from.keys(), &partial)?;
    fs::set_permissions(&partial, fs::Permissions::from_mode(0o600))?;
    to.give(&partial)?;
    File::open(&partial)?.sync_all()?;
    fs::rename(&partial, to.keys())
}

/// Whether a back-up in which something is wrong is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Findings {
    /// It is refused.
    Refuse,
    /// It is the best that there is.
    Accept,
}

/// How a restore has ended.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What is in the restored database.
    pub summary: Summary,
    /// Whether a server serves it already.
    pub is_served: bool,
}

/// Puts the database of a back-up in the place of the one in a data folder, also while that is served. What
/// was there is put aside.
pub async fn restore(
    data: &DataFolder,
    from: &DataFolder,
    findings: Findings,
    tell: Tell<'_>,
) -> Result<Restored, UpkeepError> {
    DataFolder::prepare(data.path()).map_err(UpkeepError::Data)?;
    if !from.database().is_file() {
        return Err(UpkeepError::NoBackup(from.path().to_owned()));
    }
    let one_at_a_time = data.lock_restore()?;
    let partial = data.staging();
    remove_if_there(&partial)?;
    let copied = copy_and_examine(data, from, &partial, findings, tell).await;
    let Ok(summary) = copied else {
        remove_if_there(&partial)?;
        return copied.map(|summary| Restored { summary, is_served: false });
    };
    copy_keys(from, data)?;
    fs::rename(&partial, data.staged())?;
    sync_folder(data.path())?;
    drop(one_at_a_time);
    let is_served = take_up(data).await?;
    Ok(Restored { summary, is_served })
}

/// What is looked through is the very file that will be used.
async fn copy_and_examine(
    data: &DataFolder,
    from: &DataFolder,
    partial: &Path,
    findings: Findings,
    tell: Tell<'_>,
) -> Result<Summary, UpkeepError> {
    SqliteStore::copy(&from.database(), partial).await?;
    data.give(partial)?;
    let store = SqliteStore::open_to_examine(partial).await?;
    let summary = examine(&store, Mending::No, tell).await;
    store.close().await;
    let summary = summary?;
    if summary.findings > 0 && findings == Findings::Refuse {
        return Err(UpkeepError::Findings(summary.findings));
    }
    // Clients may have gone on from what is restored: what they hold is of another course of events.
    SqliteStore::begin_epochs(partial).await?;
    Ok(summary)
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Completes what is staged, or has the server do it that holds the folder. Says whether one serves it now.
async fn take_up(data: &DataFolder) -> Result<bool, UpkeepError> {
    match data.lock() {
        Ok(lock) => {
            complete_restore(data, &lock)?;
            return Ok(false);
        }
        Err(LockError::Held { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    let holder = Holder::read(&data.lock_file()).ok_or(UpkeepError::Unknown)?;
    holder
        .start_again(&data.lock_file())
        .map_err(|error| UpkeepError::Untold(holder.number(), error))?;
    let until = Instant::now() + RESTORE_PATIENCE;
    while Instant::now() < until {
        sleep(RESTORE_LOOK).await;
        // Unless it was started again by whoever watches over it.
        if !holder.is_there()
            && let Ok(lock) = data.lock()
        {
            complete_restore(data, &lock)?;
            return Err(UpkeepError::Ended(holder.number()));
        }
        let serves = Holder::read(&data.lock_file()).is_some_and(|holder| holder.serves);
        if serves && !data.staged().exists() {
            return Ok(true);
        }
    }
    Err(UpkeepError::Slow(holder.number()))
}

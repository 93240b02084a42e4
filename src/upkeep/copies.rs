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
    DataFolder, LockError, Summary, Tell, UpkeepError,
    examine::{Mending, examine},
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
    if !is_free(to)? {
        return Err(UpkeepError::NotEmpty(to.to_owned()));
    }
    let partial = Partial::make(to)?;
    let copy = DataFolder::at(&partial.0);
    let source = file_at(&data.database())?;
    SqliteStore::copy(&data.database(), &copy.database()).await?;
    if file_at(&data.database())? != source {
        return Err(UpkeepError::Replaced);
    }
    copy_keys(data, &copy)?;
    let store = SqliteStore::open_to_read(&copy.database()).await?;
    let summary = examine(&store, Mending::No, tell).await;
    store.close().await;
    let (summary, bytes) = (summary?, fs::metadata(copy.database())?.len());
    partial.complete(to)?;
    Ok(BackedUp { summary, bytes })
}

/// Tells one file from another that takes its name.
fn file_at(path: &Path) -> Result<u64, UpkeepError> {
    let found = fs::metadata(path);
    found.map(|found| found.ino()).map_err(|_| UpkeepError::NoDatabase(path.to_owned()))
}

fn is_free(folder: &Path) -> io::Result<bool> {
    match fs::read_dir(folder) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

/// A folder that is not complete: it goes away again unless it becomes so.
struct Partial(PathBuf);

impl Partial {
    fn make(to: &Path) -> io::Result<Self> {
        let mut name = to.as_os_str().to_owned();
        name.push(format!(".partial-{}", std::process::id()));
        let partial = Self(name.into());
        // Of a process that had the same number and was killed.
        if partial.0.exists() {
            fs::remove_dir_all(&partial.0)?;
        }
        DataFolder::make(&partial.0)?;
        Ok(partial)
    }

    fn complete(self, to: &Path) -> io::Result<()> {
        sync_folder(&self.0)?;
        fs::rename(&self.0, to)?;
        let parent = to.parent().filter(|parent| !parent.as_os_str().is_empty());
        sync_folder(parent.unwrap_or(Path::new(".")))
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // After `complete` there is nothing of this name.
        fs::remove_dir_all(&self.0).ok();
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
    DataFolder::make(data.path())?;
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
    let store = SqliteStore::open_to_read(partial).await?;
    let summary = examine(&store, Mending::No, tell).await;
    store.close().await;
    let summary = summary?;
    if summary.findings > 0 && findings == Findings::Refuse {
        return Err(UpkeepError::Findings(summary.findings));
    }
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

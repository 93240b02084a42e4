//! A database whose file is damaged is put together anew from what can be read of it, and the new file takes its place.

use std::{fs, io, path::PathBuf};

use super::{
    error::UpkeepError,
    examine::{Mending, Summary, Tell, examine},
    folder::{DataFolder, Lock},
    swap::{complete_restore, sync_folder},
};
use crate::store::sqlite::{Rebuilt, SqliteStore};

/// Rebuilds the file, and mends what can be mended in it. The old one is put aside. Nothing is changed if
/// nothing can be read.
pub(super) async fn rebuild(
    data: &DataFolder,
    lock: &Lock,
    tell: Tell<'_>,
) -> Result<Summary, UpkeepError> {
    let fresh = Fresh::at(data)?;
    let Rebuilt { rows, damaged, orphans } =
        SqliteStore::rebuild(&data.database(), &fresh.0).await?;
    if rows == 0 {
        return Err(UpkeepError::Beyond(data.database()));
    }
    data.give(&fresh.0)?;
    tell(&format!(
        "the database: put together anew from {rows} rows; {damaged} could not be read, {orphans} belonged to \
         nothing any more"
    ));
    let store = SqliteStore::open(&fresh.0).await?;
    let examined = examine(&store, Mending::Yes, tell).await;
    store.close().await;
    let summary = examined?;
    fs::rename(&fresh.0, data.staged())?;
    sync_folder(data.path())?;
    if let Some(old) = complete_restore(data, lock)? {
        tell(&format!("the database: the old file is kept as {}", old.display()));
    }
    Ok(summary)
}

/// The file that is being made; it goes away again unless it is given another name.
struct Fresh(PathBuf);

impl Fresh {
    fn at(data: &DataFolder) -> io::Result<Self> {
        let fresh = Self(data.staging());
        fresh.remove()?;
        Ok(fresh)
    }

    fn remove(&self) -> io::Result<()> {
        for suffix in ["", "-wal", "-shm", "-journal"] {
            let mut path = self.0.clone().into_os_string();
            path.push(suffix);
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        // After it was given its name nothing of this one is there.
        self.remove().ok();
    }
}

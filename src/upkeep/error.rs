//! Why something could not be done to a data folder.

use std::{io, path::PathBuf};

use super::{access::AccessError, folder::LockError};
use crate::store::StoreError;

/// Why something could not be done to a data folder.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// It was replaced while it was copied.
    #[error("the database was restored meanwhile: try again")]
    Replaced,
    /// Files can't be read or written.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The database can't be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody else works on it.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// There is no way to what is to be worked on.
    #[error("there is no way to the data: {0}")]
    Data(AccessError),
    /// There is no way to where a back-up is to be.
    #[error("the back-up can't be written there: {0}")]
    Target(AccessError),
    /// The copy failed halfway.
    #[error("the back-up can't be written to {0}: {1}. Nothing of it was left there")]
    Copy(PathBuf, StoreError),
    /// What was named is no back-up.
    #[error("there is no back-up in {0}: name the folder that `moim backup` made")]
    NoBackup(PathBuf),
    /// Another back-up goes there, or went there and was killed.
    #[error("a back-up goes there just now, or was cut short: remove {0} if none is under way")]
    CutShort(PathBuf),
    /// Nothing is left of a database.
    #[error("nothing of {0} can be read, and nothing was changed: restore a back-up")]
    Beyond(PathBuf),
    /// A name that leads nowhere.
    #[error("{0} leads nowhere: name a folder")]
    Nowhere(PathBuf),
    /// There is nothing to look at.
    #[error("there is no database {0}: name the data folder with --data")]
    NoDatabase(PathBuf),
    /// A back-up is never written over anything.
    #[error("{0} is not empty: name an empty folder, or one that is not there yet")]
    NotEmpty(PathBuf),
    /// The old database is on its way out.
    #[error(
        "a restore is staged and not complete: start the server, which completes it, and try again"
    )]
    RestoreUnderWay,
    /// A back-up is not what it should be.
    #[error(
        "{0} things are wrong in the back-up, nothing was changed: take another one, mend this one by \
         `moim doctor --repair`, or take it as it is by --despite-findings"
    )]
    Findings(usize),
    /// The lock doesn't say who holds it.
    #[error("the restore is staged, and nobody knows which process serves: start that again")]
    Unknown,
    /// The server could not be told.
    #[error(
        "the restore is staged; the server, process {0}, could not be told: start it again ({1})"
    )]
    Untold(i32, io::Error),
    /// The server ended instead of starting again.
    #[error("it is restored; the server, process {0}, has ended: its log says why. Start it again")]
    Ended(i32),
    /// The server takes too long.
    #[error("the restore is staged; the server, process {0}, still works on it: its log says more")]
    Slow(i32),
}

//! What a failure of the driver or of the server means for who called.

use mongodb::error::{Error, ErrorKind, WriteFailure};

use crate::store::{StoreError, conflict};

/// The server's code for a key that is there already.
pub(super) const DUPLICATE_KEY: i32 = 11_000;

impl From<Error> for StoreError {
    /// Says codes and names, never the server's answer in full: that may quote the record.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the kinds are the driver's, and it adds")]
    fn from(error: Error) -> Self {
        match *error.kind {
            ErrorKind::Write(WriteFailure::WriteError(failed)) if failed.code == DUPLICATE_KEY => {
                Self::Conflict(conflict::EXISTS)
            }
            ErrorKind::Write(WriteFailure::WriteError(failed)) => refused(failed.code),
            ErrorKind::Write(WriteFailure::WriteConcernError(failed)) => {
                unconfirmed(failed.code, &failed.code_name)
            }
            ErrorKind::Command(failed) => Self::Unavailable(format!(
                "the server refused a command: {} ({})",
                failed.code_name, failed.code
            )),
            // A record that this program did not write so.
            ErrorKind::Bson(_) => Self::Corrupt("a record is not as it was written".to_owned()),
            ErrorKind::Io(error) => Self::Unavailable(error.to_string()),
            ErrorKind::InsertMany(_) | ErrorKind::BulkWrite(_) => {
                Self::Unavailable("the server did not take all records".to_owned())
            }
            kind => Self::Unavailable(kind.to_string()),
        }
    }
}

/// The server did not carry out a write.
pub(super) fn refused(code: i32) -> StoreError {
    StoreError::Unavailable(format!("the server refused a write with code {code}"))
}

/// The server carried out a write, but not on enough of its members in time.
pub(super) fn unconfirmed(code: i32, name: &str) -> StoreError {
    StoreError::Unavailable(format!("a majority did not confirm a write: {name} ({code})"))
}

//! What a failure of SQLite means for who called.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::{StoreError, conflict};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if let Error::SqliteFailure(failure, _) = &error {
            return from_code(*failure, &error);
        }
        if is_unreadable(&error) {
            Self::Corrupt(error.to_string())
        } else {
            Self::Unavailable(error.to_string())
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the codes are SQLite's, and it adds to them")]
fn from_code(failure: ffi::Error, error: &Error) -> StoreError {
    match failure.code {
        ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
            StoreError::Corrupt(error.to_string())
        }
        ErrorCode::ConstraintViolation => match failure.extended_code {
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE => {
                StoreError::Conflict(conflict::EXISTS)
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => StoreError::Conflict(conflict::MISSING),
            _ => StoreError::Unavailable(error.to_string()),
        },
        ErrorCode::DiskFull => StoreError::Unavailable("the disk is full".to_owned()),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
            StoreError::Unavailable("another process holds the database".to_owned())
        }
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// Whether a column holds what this program never writes there.
fn is_unreadable(error: &Error) -> bool {
    matches!(
        error,
        Error::FromSqlConversionFailure(..)
            | Error::IntegralValueOutOfRange(..)
            | Error::InvalidColumnType(..)
            | Error::Utf8Error(..)
    )
}

//! What a failure of SQLite means for who called.

use rusqlite::{Error, ErrorCode, ffi};

use crate::store::{StoreError, conflict};

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        if let Error::SqliteFailure(failure, text) = &error {
            // Every table is made at the start: one that is not there any more was lost with its definition.
            if text.as_ref().is_some_and(|text| text.starts_with("no such table")) {
                return Self::Corrupt(error.to_string());
            }
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

/// Whether it says that something in the file is not what it was.
pub(super) fn is_damage(error: &Error) -> bool {
    let is_corrupt = matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
    );
    is_corrupt || is_unreadable(error)
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

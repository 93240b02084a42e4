//! How the values of records are written in columns, and checked when they are read back.

use std::str::FromStr;

use bytes::Bytes;
use jiff::{Timestamp, civil::Date};
use rusqlite::{
    Result, Row,
    types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef},
};

use crate::{
    ids::{DocId, FamilyId, InviteId, UserId, VersionId},
    store::{
        AsideCause, Counts, Language, NoticeKind, PlanStatus, Role, Salt, StoreError, TokenHash,
    },
};

macro_rules! id_columns {
    ($($id:ident),*) => {$(
        impl ToSql for $id {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(self.to_string().into())
            }
        }

        impl FromSql for $id {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                Self::from_str(value.as_str()?).map_err(FromSqlError::other)
            }
        }
    )*};
}

id_columns!(DocId, FamilyId, InviteId, UserId, VersionId);

/// A time, as nanoseconds since 1970: exact, and good until the year 2262, where later times end up.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl ToSql for Time {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let nanoseconds = self.0.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(nanoseconds)
            .map(Into::into)
            .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
    }
}

impl FromSql for Time {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Timestamp::from_nanosecond(value.as_i64()?.into()).map(Self).map_err(FromSqlError::other)
    }
}

/// The time in this column.
pub(super) fn time(row: &Row<'_>, column: &str) -> Result<Timestamp> {
    row.get(column).map(|Time(time)| time)
}

/// The time in this column, if there is one.
pub(super) fn optional_time(row: &Row<'_>, column: &str) -> Result<Option<Timestamp>> {
    row.get::<_, Option<Time>>(column).map(|found| found.map(|Time(time)| time))
}

macro_rules! word_columns {
    ($($type:ident { $($variant:ident = $word:literal),* $(,)? })*) => {$(
        impl ToSql for $type {
            fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
                Ok(match self { $(Self::$variant => $word),* }.into())
            }
        }

        impl FromSql for $type {
            fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
                match value.as_str()? {
                    $($word => Ok(Self::$variant),)*
                    other => Err(FromSqlError::other(UnknownWord(other.to_owned()))),
                }
            }
        }
    )*};
}

word_columns! {
    AsideCause { Fatal = "fatal", Unreadable = "unreadable", Damaged = "damaged" }
    Language { Ko = "ko", En = "en" }
    NoticeKind {
        Joined = "joined",
        Left = "left",
        RoleChanged = "role changed",
        Removed = "removed",
        Trashed = "trashed",
        Untrashed = "untrashed",
        VersionRestored = "version restored",
        BeganAnew = "began anew",
    }
    PlanStatus { Active = "active", Archived = "archived", Trashed = "trashed" }
    Role { Viewer = "viewer", Commenter = "commenter", Editor = "editor", Owner = "owner" }
}

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is none of the words that may stand here")]
struct UnknownWord(String);

impl ToSql for TokenHash {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for TokenHash {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

impl ToSql for Salt {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        self.0.to_sql()
    }
}

impl FromSql for Salt {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        FromSql::column_result(value).map(Self)
    }
}

/// The date in this column.
pub(super) fn date(row: &Row<'_>, column: &str) -> Result<Option<Date>> {
    row.get::<_, Option<DateColumn>>(column).map(|found| found.map(|DateColumn(date)| date))
}

/// A date as `YYYY-MM-DD`.
pub(super) struct DateColumn(pub(super) Date);

impl ToSql for DateColumn {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl FromSql for DateColumn {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// The columns `days`, `cards` and `places`.
pub(super) fn counts(row: &Row<'_>) -> Result<Counts> {
    Ok(Counts { days: row.get("days")?, cards: row.get("cards")?, places: row.get("places")? })
}

/// What is written beside bytes, to know them again.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

/// The bytes, if they are those that were written. `what` says in the error whose they are.
pub(super) fn verified(
    bytes: Vec<u8>,
    written: u32,
    what: impl FnOnce() -> String,
) -> Result<Bytes, StoreError> {
    if checksum(&bytes) == written {
        Ok(bytes.into())
    } else {
        Err(StoreError::Corrupt(format!("{} does not fit its checksum", what())))
    }
}

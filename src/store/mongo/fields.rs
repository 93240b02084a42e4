//! How values stand in records, and how they are checked when they are read back.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use mongodb::bson::Bson;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

use crate::{
    ids::{DocId, FamilyId, InviteId, UserId, VersionId},
    store::{Language, PlanStatus, Salt, TokenHash},
};

macro_rules! id_fields {
    ($($id:ident),*) => {$(
        impl From<$id> for Bson {
            fn from(id: $id) -> Self {
                Self::String(id.to_string())
            }
        }
    )*};
}

id_fields!(DocId, FamilyId, InviteId, UserId, VersionId);

/// A time, as nanoseconds since 1970: exact, where the database's own times have milliseconds. Good until the
/// year 2262, where later times end up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(pub(super) Timestamp);

impl Time {
    /// As it is written.
    pub(super) fn nanoseconds(self) -> i64 {
        let nanoseconds = self.0.as_nanosecond().clamp(i64::MIN.into(), i64::MAX.into());
        i64::try_from(nanoseconds).unwrap_or(i64::MAX)
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_i64(self.nanoseconds())
    }
}

impl<'de> Deserialize<'de> for Time {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let nanoseconds = i64::deserialize(from)?;
        Timestamp::from_nanosecond(nanoseconds.into()).map(Self).map_err(D::Error::custom)
    }
}

impl From<Time> for Bson {
    fn from(time: Time) -> Self {
        Self::Int64(time.nanoseconds())
    }
}

/// A hash as a text: not every server finds a record by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hash(pub(super) TokenHash);

impl Hash {
    /// As it is written.
    pub(super) fn text(self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.0.0)
    }
}

impl Serialize for Hash {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Hash {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        let hash = bytes.try_into().map_err(|_| D::Error::custom("a hash has 32 bytes"))?;
        Ok(Self(TokenHash(hash)))
    }
}

/// The salt of a successor, likewise as a text.
#[derive(Clone, Copy)]
pub(super) struct SaltField(pub(super) Salt);

impl SaltField {
    /// As it is written.
    pub(super) fn text(self) -> String {
        Hash(TokenHash(self.0.0)).text()
    }
}

impl Serialize for SaltField {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for SaltField {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Hash::deserialize(from).map(|Hash(TokenHash(bytes))| Self(Salt(bytes)))
    }
}

impl From<Hash> for Bson {
    fn from(hash: Hash) -> Self {
        Self::String(hash.text())
    }
}

/// The word for a status, as serde writes it.
pub(super) fn status(status: PlanStatus) -> &'static str {
    match status {
        PlanStatus::Active => "active",
        PlanStatus::Archived => "archived",
        PlanStatus::Trashed => "trashed",
    }
}

/// The word for a language, as serde writes it.
pub(super) fn language(language: Language) -> &'static str {
    match language {
        Language::Ko => "ko",
        Language::En => "en",
    }
}

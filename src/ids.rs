//! The identifiers and small value types that every layer shares, each parsed once at the edge.

use std::{
    fmt,
    str::FromStr,
    sync::{LazyLock, Mutex, PoisonError},
};

use serde::{Deserialize, Serialize};
use ulid::{Generator, Overflow, Ulid};
use utoipa::ToSchema;

/// Why a text is not the identifier that it should be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct ParseIdError {
    text: String,
    expected: &'static str,
}

impl ParseIdError {
    fn new(text: &str, expected: &'static str) -> Self {
        // An id that a stranger sent may be long: an error message is not the place for it.
        Self { text: text.chars().take(64).collect(), expected }
    }
}

/// A fresh ULID. Of one millisecond, or while the clock is set back, each is greater than the one before: lists are in
/// the order in which things came to be.
fn fresh() -> Ulid {
    static GENERATOR: LazyLock<Mutex<Generator>> = LazyLock::new(Mutex::default);
    let mut generator = GENERATOR.lock().unwrap_or_else(PoisonError::into_inner);
    generator.generate().unwrap_or_else(Overflow::commit_overflow_increment)
}

macro_rules! ulid_id {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Ulid);

        impl $name {
            /// The id with these 128 bits.
            pub const fn from_ulid(ulid: Ulid) -> Self {
                Self(ulid)
            }

            /// The id with these 16 bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Ulid::from_bytes(bytes))
            }

            /// A fresh id, after all that this process has made.
            #[expect(clippy::new_without_default, reason = "two defaults would not be equal")]
            pub fn new() -> Self {
                Self(fresh())
            }

            /// As 16 bytes, for what is not read by people.
            pub const fn to_bytes(self) -> [u8; 16] {
                self.0.to_bytes()
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                parse_ulid(text).map(Self).ok_or_else(|| ParseIdError::new(text, $expected))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, out)
            }
        }

        text_id!($name);
    };
}

/// What every id that is written as a text has in common.
macro_rules! text_id {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, out)
            }
        }

        impl Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = String::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

ulid_id!(
    /// A person with an account.
    UserId,
    "a user id (26 characters, a ULID)"
);
ulid_id!(
    /// A saved version of a document.
    VersionId,
    "a version id (26 characters, a ULID)"
);
ulid_id!(
    /// An invitation into a plan.
    InviteId,
    "an invite id (26 characters, a ULID)"
);
ulid_id!(
    /// The refresh tokens that descend from one login.
    FamilyId,
    "a session id (26 characters, a ULID)"
);

ulid_id!(
    /// A process that serves documents, from its start to its end.
    NodeId,
    "a node id (26 characters, a ULID)"
);

/// What a shared document describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DocKind {
    /// A trip: days, cards, a map.
    Trip,
}

impl DocKind {
    /// The prefix of the document's name, without the colon.
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Trip => "trip",
        }
    }
}

/// The name of a shared document, `trip:<ULID>`: its address on the wire and its key in the store.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocId {
    kind: DocKind,
    ulid: Ulid,
}

impl DocId {
    /// A fresh name for a document of this kind.
    pub fn new(kind: DocKind) -> Self {
        Self { kind, ulid: fresh() }
    }

    /// What the document describes.
    pub const fn kind(&self) -> DocKind {
        self.kind
    }
}

impl FromStr for DocId {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let expected = "a document name (`trip:` and a ULID of 26 characters)";
        let (kind, ulid) = text
            .split_once(':')
            .filter(|(kind, _)| *kind == DocKind::Trip.prefix())
            .and_then(|(_, ulid)| Some((DocKind::Trip, parse_ulid(ulid)?)))
            .ok_or_else(|| ParseIdError::new(text, expected))?;
        Ok(Self { kind, ulid })
    }
}

impl fmt::Display for DocId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.kind.prefix(), self.ulid)
    }
}

text_id!(DocId);

/// The epoch in which a document begins.
pub const FIRST_EPOCH: u64 = 1;

/// The random bits of an epoch; those above them count.
const EPOCH_RANDOM_BITS: u32 = 32;

/// An epoch after this one: greater than it and random, so that two histories (the one before a back-up
/// was restored, and the one after) never have the same. It stays below 2^53, which is what JSON and varUint
/// carry, for two million of them.
pub fn epoch_after(before: u64) -> u64 {
    let random = Ulid::generate().random() & u128::from(u32::MAX);
    let random = u64::try_from(random).unwrap_or(0);
    (((before >> EPOCH_RANDOM_BITS) + 1) << EPOCH_RANDOM_BITS) | random
}

/// What a member may do, weakest first.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and comments.
    Commenter,
    /// Edits the document and saves versions.
    Editor,
    /// Also invites, removes, archives and trashes.
    Owner,
}

impl Role {
    /// All of them, weakest first.
    pub const ALL: [Self; 4] = [Self::Viewer, Self::Commenter, Self::Editor, Self::Owner];

    /// As JSON and the wire write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Commenter => "commenter",
            Self::Editor => "editor",
            Self::Owner => "owner",
        }
    }
}

/// Only the canonical spelling is taken, so that one id never has two names.
fn parse_ulid(text: &str) -> Option<Ulid> {
    Ulid::from_string(text).ok().filter(|ulid| ulid.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_name_survives_printing_and_parsing() {
        let id = DocId::new(DocKind::Trip);
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().starts_with("trip:"));
    }

    #[test]
    fn what_is_made_later_has_a_greater_id_also_within_one_millisecond() {
        let versions: Vec<_> = (0..1_000).map(|_| VersionId::new()).collect();
        assert!(versions.is_sorted_by(|one, next| one < next));
        let documents: Vec<_> = (0..1_000).map(|_| DocId::new(DocKind::Trip).to_string()).collect();
        assert!(documents.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn no_two_histories_come_to_the_same_epoch() {
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..1_000 {
            let second = epoch_after(FIRST_EPOCH);
            let third = epoch_after(second);
            assert!(FIRST_EPOCH < second && second < third && third < 1 << 53);
            assert!(seen.insert(second) && seen.insert(third));
        }
        // Epochs were counted from 1 before they were random.
        assert!(epoch_after(70_000) > 70_000);
        let last = epoch_after((1 << 53) - (2 << EPOCH_RANDOM_BITS));
        assert!(last < 1 << 53);
    }

    #[test]
    fn a_name_has_one_spelling() {
        let name = "trip:01JABCDEFGHJKMNPQRSTVWXYZ0";
        assert!(name.parse::<DocId>().is_ok());
        let crooked = [name.to_lowercase(), name.replace('0', "O"), format!("{name}0")];
        for text in crooked.iter().map(String::as_str).chain(["", "trip:", "room", "plan:x"]) {
            assert!(text.parse::<DocId>().is_err(), "{text}");
        }
    }
}

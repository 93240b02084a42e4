//! The kinds of documents, the one list of them: what a kind means lives in a folder of its own.

use serde::Serialize;
use utoipa::ToSchema;
use yrs::Transaction;

use super::{
    schema::Schema,
    stamp::Stamp,
    trip::{self, TripDraft},
};
use crate::{ids::DocKind, summary::Summary};

/// What everybody who may read a document sees. As JSON it is that of its kind.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = AnyProjection)]
pub enum Projection {
    /// A trip.
    Trip(trip::Projection),
}

impl Projection {
    /// Reads one that was written as JSON.
    pub fn parse(kind: DocKind, json: &str) -> Result<Self, serde_json::Error> {
        match kind {
            DocKind::Trip => serde_json::from_str(json).map(Self::Trip),
        }
    }
}

/// What a new document begins with.
#[derive(Debug, Clone, PartialEq)]
pub enum Draft {
    /// A trip.
    Trip(TripDraft),
}

impl Draft {
    /// A document that begins as another one stands. What is in it gets fresh ids and says what it is a copy of.
    pub fn copy_of(content: Projection, fresh_id: impl FnMut() -> String) -> Self {
        match content {
            Projection::Trip(trip) => Self::Trip(TripDraft::copy_of(trip, fresh_id)),
        }
    }

    /// What the document describes.
    pub const fn kind(&self) -> DocKind {
        match self {
            Self::Trip(_) => DocKind::Trip,
        }
    }

    /// The document by another name.
    #[must_use]
    pub fn titled(mut self, title: String) -> Self {
        match &mut self {
            Self::Trip(trip) => trip.content_mut().title = title,
        }
        self
    }

    /// Says who made what is in it, and when.
    #[must_use]
    pub fn by(self, stamp: Stamp) -> Self {
        match self {
            Self::Trip(trip) => Self::Trip(trip.by(stamp)),
        }
    }

    /// The document, as one update.
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::Trip(trip) => trip.encode(),
        }
    }
}

/// The roots of a kind of document.
pub(super) const fn schema(kind: DocKind) -> &'static Schema {
    match kind {
        DocKind::Trip => &trip::SCHEMA,
    }
}

/// What everybody who may read a document of this kind sees.
pub(super) fn project(kind: DocKind, txn: &Transaction<'_>) -> Projection {
    match kind {
        DocKind::Trip => Projection::Trip(trip::project(txn)),
    }
}

/// What lists show of a document of this kind.
pub(super) fn summarize(kind: DocKind, txn: &Transaction<'_>) -> Summary {
    match kind {
        DocKind::Trip => trip::summarize(txn),
    }
}

//! A plan in a few words and numbers: what lists show of a document without opening it.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A plan in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Days.
    pub days: u32,
    /// Cards that are not in the trash.
    pub cards: u32,
    /// Those of them that have a place.
    pub places: u32,
}

/// What a list shows of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// The plan's name.
    pub title: String,
    /// Of the first day.
    pub start: Option<Date>,
    /// Of the last day.
    pub end: Option<Date>,
    /// In numbers.
    pub counts: Counts,
    /// The name of a cover picture or colour theme.
    pub cover: Option<String>,
    /// `#rrggbb`.
    pub color: Option<String>,
}

//! Looks rows up by an index, and where that is damaged by looking at every row.

use crate::store::{Result, StoreError};

/// How rows are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// By an index.
    Index,
    /// By looking at all of them.
    Scan,
}

impl Way {
    /// The statement that goes this way.
    pub(super) fn of<'a>(self, [index, scan]: &[&'a str; 2]) -> &'a str {
        match self {
            Self::Index => index,
            Self::Scan => scan,
        }
    }
}

/// Reads by an index; if that turns out to be damaged, by a scan. What an index says is not believed: a row that it
/// leads to has to say the same of itself (`is_the_one`), or somebody might get what belongs to another.
pub(super) fn look_up<T>(read: impl Fn(Way) -> Result<T>) -> Result<T> {
    match read(Way::Index) {
        Err(StoreError::Corrupt(text)) => {
            metrics::counter!("moim_damaged_indexes_total").increment(1);
            tracing::error!(%text, "an index is damaged, every row is looked at");
            read(Way::Scan)
        }
        other => other,
    }
}

/// `Corrupt` unless a row that was found is the one that was looked for.
pub(super) fn is_the_one<T: PartialEq>(found: &T, wanted: &T) -> Result<()> {
    if found == wanted {
        Ok(())
    } else {
        Err(StoreError::Corrupt("an index leads to another row".to_owned()))
    }
}

//! Who did something to a document, and when: what `by`, `ts` and `del` hold.

use yrs::{Any, any};

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// A user id.
    pub by: String,
    /// Milliseconds since 1970.
    pub ts: i64,
}

impl Stamp {
    pub(super) fn to_any(&self) -> Any {
        any!({"by": self.by.as_str(), "ts": self.ts})
    }
}

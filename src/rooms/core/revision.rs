//! The count of a room's edits.

/// Counts the edits of a room since it was opened: the first one makes revision 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision(pub u64);

//! The numbers of the wire: message types, what follows them, and why an update was not applied.

/// Message types, the first integer of a message.
pub(super) mod kind {
    pub(in crate::protocol) const SYNC: u64 = 0;
    pub(in crate::protocol) const AWARENESS: u64 = 1;
    pub(in crate::protocol) const AUTH: u64 = 2;
    pub(in crate::protocol) const ASK_AWARENESS: u64 = 3;
    pub(in crate::protocol) const STORED: u64 = 100;
    pub(in crate::protocol) const REFUSED: u64 = 101;
    pub(in crate::protocol) const PROBE: u64 = 102;
    pub(in crate::protocol) const PASSED_OVER: u64 = 103;
}

/// What follows `kind::SYNC`.
pub(super) mod sync {
    pub(in crate::protocol) const STEP1: u64 = 0;
    pub(in crate::protocol) const STEP2: u64 = 1;
    pub(in crate::protocol) const UPDATE: u64 = 2;
}

/// What follows `kind::AUTH`. Stock clients know `DENIED` and pass over the others.
pub(super) mod auth {
    pub(in crate::protocol) const DENIED: u64 = 0;
    pub(in crate::protocol) const TOKEN_WANTED: u64 = 1;
    pub(in crate::protocol) const TOKEN: u64 = 2;
    pub(in crate::protocol) const TOKEN_ACCEPTED: u64 = 3;
    pub(in crate::protocol) const ACCESS: u64 = 4;
}

/// Why an update was not applied (W4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u64)]
pub enum RefusedStatus {
    /// The member may only read.
    ReadOnly = 1,
    /// Not a well-formed Yjs update.
    Malformed = 2,
    /// The update or the document would be too large.
    TooLarge = 3,
    /// Too many cards, days or the like.
    TooMany = 4,
    /// It does something that this member may not.
    Forbidden = 5,
    /// It builds on edits that the server does not have; a step 1 follows.
    Missing = 6,
}

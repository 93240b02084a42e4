//! The y-websocket wire protocol, pure: frames to messages, messages to frames, and why a connection ends.
//!
//! Source of the format: y-protocols 1.0 (`sync.js`, `awareness.js`, `auth.js`) and y-websocket 3
//! (`y-websocket.js`); what Moim adds is in `docs/PROTOCOL.md`, whose rule ids (W1 …) stand here too.

mod close;
mod decode;
mod encode;
mod varint;

pub use close::CloseCode;
pub use decode::{DecodeError, Message, Messages, messages};
pub use encode::{
    access, ask_awareness, awareness, denied, passed_over, probe, refused, step1, step2, stored,
    token, token_accepted, token_wanted, update,
};

/// Message types, the first integer of a message.
mod kind {
    pub(super) const SYNC: u64 = 0;
    pub(super) const AWARENESS: u64 = 1;
    pub(super) const AUTH: u64 = 2;
    pub(super) const ASK_AWARENESS: u64 = 3;
    pub(super) const STORED: u64 = 100;
    pub(super) const REFUSED: u64 = 101;
    pub(super) const PROBE: u64 = 102;
    pub(super) const PASSED_OVER: u64 = 103;
}

/// What follows `kind::SYNC`.
mod sync {
    pub(super) const STEP1: u64 = 0;
    pub(super) const STEP2: u64 = 1;
    pub(super) const UPDATE: u64 = 2;
}

/// What follows `kind::AUTH`. Stock clients know `DENIED` and pass over the others.
mod auth {
    pub(super) const DENIED: u64 = 0;
    pub(super) const TOKEN_WANTED: u64 = 1;
    pub(super) const TOKEN: u64 = 2;
    pub(super) const TOKEN_ACCEPTED: u64 = 3;
    pub(super) const ACCESS: u64 = 4;
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

#[cfg(test)]
mod tests;

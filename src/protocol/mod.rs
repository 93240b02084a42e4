//! The y-websocket wire protocol, pure: frames to messages, messages to frames, and why a connection ends.
//!
//! Source of the format: y-protocols 1.0 (`sync.js`, `awareness.js`, `auth.js`) and y-websocket 3
//! (`y-websocket.js`); what Moim adds is in `docs/PROTOCOL.md`, whose rule ids (W1 …) stand here too.

mod close;
mod decode;
mod encode;
mod error;
mod kinds;
mod varint;

pub use close::CloseCode;
pub use decode::{Message, Messages, messages};
pub(crate) use encode::as_update;
pub use encode::{
    access, ask_awareness, awareness, denied, passed_over, probe, refused, step1, step2, stored,
    token, token_accepted, token_wanted, update,
};
pub use error::DecodeError;
pub use kinds::RefusedStatus;

#[cfg(test)]
mod tests;

//! The task of one room, and what it takes along: `actor` feeds the core and carries out what it wants.
//!
//! `command` is what a room is asked. `persist` takes edits to the journal, `mirror` what lists show of a document;
//! `outbox` is what waits for one connection; `doubts` asks what people may do now, `link` is the room's end of the bus.

mod actor;
mod beside;
mod command;
mod doubts;
mod link;
mod mirror;
mod outbox;
mod persist;

pub(crate) use self::{
    actor::Actor,
    command::{Command, MAILBOX, Restoring},
    link::Listener,
};
pub use self::{
    command::Joining,
    outbox::{Bounds, Receiver, Sender, Waiting, outbox},
};

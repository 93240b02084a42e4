//! Rooms: one task owns a document and the people in it; a pure core decides, the shell carries out.
//!
//! `core` (pure) knows no task and no clock: events in, effects out. `room` is the task around it, `fleet` the node among
//! the nodes, and `neighbours` carries what is said there to the rooms. `registry` opens each room once; `handle` is the
//! only door to one. `context` is what all rooms share, `changes` tells who is in a document and whose access was changed.

mod changes;
mod context;
mod core;
mod error;
mod fleet;
mod handle;
mod limits;
mod neighbours;
mod registry;
mod room;

pub use self::{
    changes::Change,
    core::{
        Acks, Effect, Event, Frame, FrameKind, Haste, Life, MAX_UNSTORED_BYTES, ParticipantId,
        Revision, Room,
    },
    error::RoomError,
    handle::{Handle, Permit, Renewed, Restored, Said, Seat},
    limits::Limits,
    registry::Rooms,
    room::{Bounds, Joining, Receiver, Sender, Waiting, outbox},
};

//! Documents at rest: reading, folding and keeping them, within the memory that this node has.
//!
//! `states` reads, folds, saves and renews what the store has of a document; `backlog` says when a fold is due. `memory` says whether one more fits, `turns`
//! when work that takes much may begin. `flight` notes what is handed to yrs, `trial` tries it after a process has died over it.

mod backlog;
mod error;
mod flight;
mod memory;
pub(crate) mod states;
mod stores;
pub(crate) mod trial;
mod turns;

pub(crate) use self::{backlog::Backlog, flight::Flight, memory::growth, turns::Turns};
pub use self::{
    error::DocumentError,
    flight::{Cargo, FlightLog, Found, Wreck},
    memory::{Memory, Share, estimate},
    states::Saved,
    stores::DocumentStores,
    trial::{Court, attempt},
    turns::Turn,
};

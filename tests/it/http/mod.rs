//! The REST interface of a real server.

mod connections;
mod guards;
mod log_ins;
mod members;
mod process;
mod races;
mod readers;
mod sessions;
mod shared;
mod site;
pub(crate) mod sockets;
pub(crate) mod trips;
mod versions;

pub(crate) use members::join;
pub(crate) use trips::new_trip;

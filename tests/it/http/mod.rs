//! The REST interface of a real server.

mod connections;
mod members;
mod process;
mod sessions;
mod site;
mod sockets;
mod trips;
mod versions;

pub(crate) use trips::new_trip;

//! The REST interface of a real server.

mod members;
mod process;
mod sessions;
mod site;
mod trips;
mod versions;

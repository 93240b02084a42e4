//! The REST interface of a real server.

mod sessions;
mod site;

//! What the test binaries share: people over REST, the program as a process, peers and their sockets.
#![allow(dead_code, reason = "each test binary uses its part")]

pub(crate) mod client;
pub(crate) mod peer;
pub(crate) mod person;
pub(crate) mod program;

//! The integration tests, one binary: the sources against their rules, and the server as a whole.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod accounts;
mod allocations;
mod architecture;
mod bus_contract;
mod bytes;
mod chaos;
#[path = "../common/mod.rs"]
mod common;
mod cost;
mod description;
mod documents;
mod events;
mod faults;
mod fuzzed;
mod golden;
mod histories;
mod honest;
mod hostile;
mod http;
mod late_roles;
mod limits;
mod memory;
mod mongo;
mod mutation;
mod nodes;
mod operations;
mod peers;
mod permissions;
mod redis;
mod renewals;
mod rooms;
mod rooms_of_nodes;
mod scene;
mod serving;
mod simulation;
mod socket;
mod stops;
mod store_contract;
mod traffic;
mod two_servers;
mod upkeep;
mod users;
mod weights;
mod wire;
mod wrecks;

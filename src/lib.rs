//! Moim: people plan trips and appointments together, live. The crate's map, in import order.

pub mod address;
pub mod bucket;
pub mod config;
pub mod fields;
pub mod ids;
pub mod language;
pub mod mail;
pub mod origin;
pub mod quota;
pub mod summary;
pub mod text;

pub mod telemetry;

pub mod auth;
pub mod bus;
pub mod crdt;
pub mod protocol;
pub mod store;

pub mod access;
pub mod documents;
pub mod redis;

pub mod accounts;
pub mod notify;
pub mod rooms;
pub mod upkeep;

pub mod plans;

pub mod connection;
pub mod events;
pub mod http;

mod server;
pub mod users;

pub use server::{ServeError, Stop, run};

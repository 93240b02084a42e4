//! Every limit at its edge, on a real server: what is just below passes, what is just above hears what it should.

mod client;
mod requests;
mod rooms;
mod said;
mod sockets;
mod visits;
mod work;

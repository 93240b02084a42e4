//! Connections to documents, from the upgrade of `GET /sync/{document}` to the close.
//!
//! `handshake` makes a WebSocket of a request, `admission` decides who may come in, `line` when, `session` (pure) what a
//! client may say and when, `socket` moves frames through a `websocket` (`metered` reckons what comes in), `holds` slows down who does not heed a close.

mod admission;
pub(crate) mod handshake;
mod holds;
mod line;
mod metered;
mod role;
pub(crate) mod session;
mod silence;
pub(crate) mod socket;
mod state;
pub(crate) mod upgrade;
pub(crate) mod websocket;

pub use admission::{Admission, Origins};
use axum::{Router, routing::any};
pub(crate) use holds::Caller;
pub use holds::Holds;
pub use line::Line;
pub(crate) use metered::Meter;
pub use silence::Arrivals;
pub use state::{ConnectionState, Limits};

/// `GET /sync/{document}`. Needs `ConnectInfo<SocketAddr>`.
pub fn router(state: ConnectionState) -> Router {
    // Without a document, or with a longer path, it is a connection to none.
    Router::new()
        .route("/sync", any(upgrade::sync_nowhere))
        .route("/sync/", any(upgrade::sync_nowhere))
        .route("/sync/{*document}", any(upgrade::sync))
        .with_state(state)
}

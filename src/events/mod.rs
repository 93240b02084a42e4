//! `GET /events`: what happens around a person, as JSON over one socket a window, from the upgrade to the close.
//!
//! `frames` (pure) is the wire, `session` (pure) what one window has asked for and is owed, `socket` moves frames,
//! `hub` tells the sockets of this node what has changed in rooms.

mod frames;
mod hub;
mod session;
mod socket;
mod state;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Query, State},
    http::HeaderMap,
    response::Response,
    routing::any,
};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::Instrument;

use crate::{
    address::Neighbourhood,
    auth::EventsTicket,
    connection::{ConnectionState, handshake::Upgrade, socket::refuse},
    protocol::CloseCode,
};

pub use hub::Hub;
pub use state::EventsState;

/// The most bytes of what a client says at once.
const REQUEST_BYTES: usize = 4 * 1024;

/// `GET /events`. Needs `ConnectInfo<SocketAddr>`.
pub fn router(state: EventsState) -> Router {
    Router::new().route("/events", any(upgrade)).with_state(state)
}

/// What stands behind the `?`. It is never logged: the token is in it.
#[derive(Deserialize)]
struct EventsQuery {
    token: Option<String>,
}

async fn upgrade(
    State(state): State<EventsState>,
    upgrade: Upgrade,
    Query(query): Query<EventsQuery>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    let connections = &state.connections;
    let address = match connections.place_at(peer, &headers) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let token = upgrade.token(query.token, &headers);
    let ticket = ticket(connections, token.as_deref());
    let user = match connections.place_of(ticket.as_ref().ok().map(|ticket| ticket.user)) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let share = match connections.share() {
        Ok(share) => share,
        Err(refused) => return *refused,
    };
    let from = Neighbourhood::of(peer.ip());
    let caller = connections.holds.caller(from, "events", token.as_deref());
    let tasks = connections.tasks.clone();
    upgrade.serve(REQUEST_BYTES, share, &tasks, async move |websocket| {
        let _places = (address, user);
        match ticket {
            Ok(ticket) => {
                let span = tracing::info_span!("events", user.id = %ticket.user);
                socket::serve(state, websocket, &caller, ticket).instrument(span).await;
            }
            Err(code) => refuse(&state.connections, websocket, &caller, code).await,
        }
    })
}

/// The ticket, if it is good.
fn ticket(state: &ConnectionState, token: Option<&str>) -> Result<EventsTicket, CloseCode> {
    let token = token.ok_or(CloseCode::Token)?;
    state.keys.verify_events_ticket(token, Timestamp::now()).map_err(|_| CloseCode::Token)
}

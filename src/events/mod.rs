//! `GET /events`: what happens around a person, as JSON over one socket a window, from the upgrade to the close.
//!
//! `frames` (pure) is the wire, `session` (pure) what one window has asked for and is owed, `socket` moves frames,
//! `hub` tells the sockets of this node what has changed in rooms.

mod frames;
mod hub;
mod session;
mod socket;

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Query, State, WebSocketUpgrade},
    http::{HeaderMap, header},
    response::Response,
    routing::get,
};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::Instrument;

use crate::{
    auth::EventsTicket,
    connection::{ConnectionState, socket::refuse, upgrade::bounded},
    notify::Notifier,
    protocol::CloseCode,
};

pub use hub::Hub;

/// The most bytes of what a client says at once.
const REQUEST_BYTES: usize = 4 * 1024;
/// What may wait to be written: a page of notices, and what is said beside it.
const UNWRITTEN_BYTES: usize = 1024 * 1024;

/// What the sockets need.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is its type")]
pub struct EventsState {
    /// What they have in common with the sockets of documents.
    pub connections: ConnectionState,
    pub notify: Notifier,
    pub hub: Hub,
}

/// `GET /events`. Needs `ConnectInfo<SocketAddr>`.
pub fn router(state: EventsState) -> Router {
    Router::new().route("/events", get(upgrade)).with_state(state)
}

/// What stands behind the `?`. It is never logged: the token is in it.
#[derive(Deserialize)]
struct EventsQuery {
    token: Option<String>,
}

async fn upgrade(
    State(state): State<EventsState>,
    Query(query): Query<EventsQuery>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let connections = &state.connections;
    let address = match connections.place_at(peer, &headers) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let ticket = ticket(connections, query.token.as_deref(), &headers);
    let user = match connections.place_of(ticket.as_ref().ok().map(|ticket| ticket.user)) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let tasks = connections.tasks.clone();
    bounded(upgrade, REQUEST_BYTES, UNWRITTEN_BYTES).on_upgrade(move |websocket| {
        tasks.track_future(async move {
            let _places = (address, user);
            match ticket {
                Ok(ticket) => {
                    let span = tracing::info_span!("events", user.id = %ticket.user);
                    socket::serve(state, websocket, ticket).instrument(span).await;
                }
                Err(code) => refuse(websocket, code).await,
            }
        })
    })
}

/// The ticket, if it is good.
fn ticket(
    state: &ConnectionState,
    token: Option<&str>,
    headers: &HeaderMap,
) -> Result<EventsTicket, CloseCode> {
    let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let token = token.or(bearer).ok_or(CloseCode::Token)?;
    state.keys.verify_events_ticket(token, Timestamp::now()).map_err(|_| CloseCode::Token)
}

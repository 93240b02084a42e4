//! `GET /sync/{document}`: who may come in is decided here, before and right after the upgrade.

use std::{net::SocketAddr, time::Duration};

use axum::{
    extract::{ConnectInfo, Extension, Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::Deserialize;
use tracing::Instrument;

use super::{
    admission::Place,
    handshake::Upgrade,
    holds::Caller,
    line::{LONGEST_WAIT, TooLong},
    role::{code_of, current_role, tell_role},
    silence::Arrivals,
    socket::{self, Admitted},
    state::ConnectionState,
    websocket::{TAKES, WebSocket},
};
use crate::{
    address::Neighbourhood,
    auth::Ticket,
    crdt::Presence,
    documents::Share,
    ids::{DocId, UserId},
    protocol::CloseCode,
    rooms::{Acks, Joining, RoomError, Seat},
};

/// What stands behind the `?`. It is never logged: the token is in it.
#[derive(Deserialize)]
pub(super) struct SyncQuery {
    token: Option<String>,
    ack: Option<u8>,
    epoch: Option<u64>,
}

/// The handler. What a browser can't see of a refused upgrade comes as a close code after it.
pub(super) async fn sync(
    State(state): State<ConnectionState>,
    upgrade: Upgrade,
    Path(document): Path<String>,
    Query(query): Query<SyncQuery>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    arrivals: Option<Extension<Arrivals>>,
    headers: HeaderMap,
) -> Response {
    let address = match state.place_at(peer, &headers) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let token = upgrade.token(query.token, &headers);
    let ticket = ticket(&state, &document, token.as_deref());
    let user = match state.place_of(ticket.as_ref().ok().map(|ticket| ticket.user)) {
        Ok(place) => place,
        Err(refused) => return *refused,
    };
    let share = match state.share() {
        Ok(share) => share,
        Err(refused) => return *refused,
    };
    // Who is turned away opens no room and needs no turn.
    if ticket.is_ok() {
        match state.draining.run_until_cancelled(state.line.turn()).await {
            Some(Ok(())) => {}
            Some(Err(TooLong)) => return later("joins_per_second", LONGEST_WAIT),
            None => return stopping(),
        }
    }
    let caller = state.holds.caller(Neighbourhood::of(peer.ip()), &document, token.as_deref());
    let (tasks, frame_bytes) = (state.tasks.clone(), state.limits.frame_bytes);
    upgrade.serve(frame_bytes, share, &tasks, async move |websocket| {
        let _places = (address, user);
        let acks = if query.ack == Some(1) { Acks::Counted } else { Acks::Echoed };
        let arrivals = arrivals.map(|Extension(arrivals)| arrivals).unwrap_or_default();
        enter(state, websocket, ticket, &caller, (acks, query.epoch), arrivals).await;
    })
}

/// A connection to no document.
pub(super) async fn sync_nowhere(
    state: State<ConnectionState>,
    upgrade: Upgrade,
    query: Query<SyncQuery>,
    peer: ConnectInfo<SocketAddr>,
    headers: HeaderMap,
) -> Response {
    sync(state, upgrade, Path(String::new()), query, peer, None, headers).await
}

/// The answer to who may not connect. Boxed: a response is large, and mostly there is none.
type Refused = Box<Response>;

impl ConnectionState {
    /// A place for one more connection from this address, if its page may connect.
    pub(crate) fn place_at(
        &self,
        peer: SocketAddr,
        headers: &HeaderMap,
    ) -> Result<Place<Neighbourhood>, Refused> {
        if !self.origins.admit(headers) {
            self.origins.log_refusal(headers);
            let why =
                "pages of this origin may not connect: the operator allows them with --origins";
            let refused = (StatusCode::FORBIDDEN, why);
            return Err(Box::new(refused.into_response()));
        }
        if self.draining.is_cancelled() {
            return Err(Box::new(stopping()));
        }
        let place = self.admission.address(Neighbourhood::of(peer.ip()), self.limits.per_address);
        place.ok_or_else(|| Box::new(too_many("sockets_per_address")))
    }

    /// The memory for one more connection.
    pub(crate) fn share(&self) -> Result<Share, Refused> {
        let share = self.rooms.memory().take(TAKES);
        share.ok_or_else(|| Box::new(later("memory_mb", LONGEST_WAIT)))
    }

    /// A place for one more connection of this person; who is unknown needs none.
    pub(crate) fn place_of(&self, user: Option<UserId>) -> Result<Option<Place<UserId>>, Refused> {
        let Some(user) = user else { return Ok(None) };
        let place = self.admission.user(user, self.limits.per_user);
        place.map(Some).ok_or_else(|| Box::new(too_many("sockets_per_user")))
    }
}

fn stopping() -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, "the server is stopping").into_response()
}

fn too_many(limit: &'static str) -> Response {
    metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
    (StatusCode::TOO_MANY_REQUESTS, "too many connections").into_response()
}

fn later(limit: &'static str, wait: Duration) -> Response {
    metrics::counter!("moim_limited_total", "limit" => limit).increment(1);
    let wait = [(header::RETRY_AFTER, wait.as_secs())];
    (StatusCode::SERVICE_UNAVAILABLE, wait, "too many come at once").into_response()
}

/// The ticket, if it is good for this document.
fn ticket(
    state: &ConnectionState,
    document: &str,
    token: Option<&str>,
) -> Result<Ticket, CloseCode> {
    let doc: DocId = document.parse().map_err(|_| CloseCode::Missing)?;
    let token = token.ok_or(CloseCode::Token)?;
    let ticket = state.keys.verify_ticket(token, Timestamp::now()).map_err(|_| CloseCode::Token)?;
    if ticket.doc == doc { Ok(ticket) } else { Err(CloseCode::Forbidden) }
}

async fn enter(
    state: ConnectionState,
    websocket: WebSocket,
    ticket: Result<Ticket, CloseCode>,
    caller: &Caller,
    (acks, epoch): (Acks, Option<u64>),
    arrivals: Arrivals,
) {
    let ticket = match ticket {
        Ok(ticket) => ticket,
        Err(code) => return socket::refuse(&state, websocket, caller, code).await,
    };
    match join(&state, &ticket, acks, epoch).await {
        Ok(seat) => {
            let span = tracing::info_span!("conn", conn.id = seat.id().0, user.id = %ticket.user);
            let admitted = Admitted { ticket, seat, acks, arrivals };
            socket::serve(state, websocket, caller, admitted).instrument(span).await;
        }
        Err(code) => socket::refuse(&state, websocket, caller, code).await,
    }
}

async fn join(
    state: &ConnectionState,
    ticket: &Ticket,
    acks: Acks,
    epoch: Option<u64>,
) -> Result<Seat, CloseCode> {
    let seen = state.rooms.access_changes();
    // The ticket may be minutes old: what counts is the role that the member has now.
    let role = current_role(state, ticket).await?;
    let role = role.ok_or(CloseCode::Forbidden)?;
    let (name, color) = (ticket.name.clone(), ticket.color.clone());
    let person = Presence { id: ticket.user, name, color };
    if epoch.is_some_and(|epoch| epoch != ticket.epoch) {
        return Err(CloseCode::Epoch);
    }
    let joining = Joining { person, role, acks, epoch: Some(ticket.epoch) };
    let joined = async { state.rooms.open_for(ticket.doc, ticket.user).await?.join(joining).await };
    let seat = joined.await.map_err(|error: RoomError| code_of(&error))?;
    if state.rooms.access_changes() != seen {
        tell_role(state, ticket, &seat).await?;
    }
    Ok(seat)
}

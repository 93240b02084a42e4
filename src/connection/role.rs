//! What a member may do now, as the store says, and how a connection ends where that is not to be had.

use super::state::ConnectionState;
use crate::{
    auth::Ticket,
    ids::Role,
    protocol::CloseCode,
    rooms::{RoomError, Said, Seat},
    store::StoreError,
};

/// Tells the room what the member may do, again if that has changed in between: the news must be the last it hears.
pub(super) async fn tell_role(
    state: &ConnectionState,
    ticket: &Ticket,
    seat: &Seat,
) -> Result<(), CloseCode> {
    loop {
        let seen = state.rooms.access_changes();
        let role = current_role(state, ticket).await?;
        let told = seat.tell(Said::Role(role)).await;
        told.map_err(|error| code_of(&error))?;
        if state.rooms.access_changes() == seen {
            return Ok(());
        }
    }
}

/// What the member may do now.
pub(super) async fn current_role(
    state: &ConnectionState,
    ticket: &Ticket,
) -> Result<Option<Role>, CloseCode> {
    let role = state.access.role_now(ticket.doc, ticket.user).await;
    role.map_err(|error| code_of(&error.into()))
}

pub(super) fn code_of(error: &RoomError) -> CloseCode {
    match error {
        RoomError::NotFound => CloseCode::Missing,
        RoomError::OtherEpoch => CloseCode::Epoch,
        RoomError::Draining => CloseCode::GoingAway,
        RoomError::Full(_) | RoomError::Closed => CloseCode::TryAgainLater,
        RoomError::Refused(_) => CloseCode::TooLarge,
        RoomError::Store(StoreError::Unavailable(_) | StoreError::Conflict(_)) => {
            tracing::warn!(%error, "a connection was sent away");
            CloseCode::TryAgainLater
        }
        RoomError::Unreadable(_) | RoomError::Store(StoreError::Corrupt(_)) => {
            tracing::error!(%error, "a document can't be read");
            CloseCode::Internal
        }
    }
}

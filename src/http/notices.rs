//! What the caller was told of what others did, and tickets for the socket on which it comes by itself.

use std::sync::Arc;

use axum::{Json, extract::State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::{Body, NoBody},
    error::{ApiError, Problem},
    extract::{Asked, Session},
};
use crate::{
    auth::Issued,
    notify::{MAX_PAGE, NoticesPage, ReadView},
};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(ticket)).routes(routes!(list)).routes(routes!(read))
}

/// The right to open the socket of the events.
#[derive(Serialize, ToSchema)]
#[schema(as = EventsTicket)]
struct EventsTicketView {
    /// For `/events?token=…`.
    token: String,
    expires: Timestamp,
}

/// The number of a notice: no more than a signed integer of 64 bits holds, as it is described and stored.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
struct Number(u64);

impl TryFrom<u64> for Number {
    type Error = String;

    fn try_from(number: u64) -> Result<Self, String> {
        i64::try_from(number).map(|_| Self(number)).map_err(|_| format!("at most {}", i64::MAX))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticesQuery {
    /// Those after this number; all that are kept if not given.
    #[serde(default)]
    after: Number,
    /// 1 to 100; 100 if not given.
    limit: Option<usize>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadForm {
    /// The number of the last notice that was read.
    #[schema(value_type = u64)]
    until: Number,
}

/// A ticket for the socket of the events, good for ten minutes.
#[utoipa::path(
    post, path = "/events/tickets", tag = "events",
    responses((status = 200, body = EventsTicketView), (status = 401, body = Problem))
)]
async fn ticket(
    State(app): State<Arc<App>>,
    me: Session,
    _: NoBody,
) -> Result<Json<EventsTicketView>, ApiError> {
    let Issued { token, expires } = app.accounts.events_ticket(me.user, Timestamp::now())?;
    Ok(Json(EventsTicketView { token, expires }))
}

/// What others did that concerns the caller, oldest first.
#[utoipa::path(
    get, path = "/notices", tag = "events",
    params(
        ("after" = Option<u64>, Query, description = "Those after this number; all if not given"),
        ("limit" = Option<usize>, Query, description = "1 to 100; 100 if not given"),
    ),
    responses((status = 200, body = NoticesPage), (status = 401, body = Problem))
)]
async fn list(
    State(app): State<Arc<App>>,
    me: Session,
    Asked(NoticesQuery { after, limit }): Asked<NoticesQuery>,
) -> Result<Json<NoticesPage>, ApiError> {
    let limit = limit.unwrap_or(MAX_PAGE).clamp(1, MAX_PAGE);
    Ok(Json(app.notify.since(me.user, after.0, limit).await?))
}

/// Note that everything up to this number was read. It never goes back.
#[utoipa::path(
    post, path = "/notices/read", tag = "events", request_body = ReadForm,
    responses((status = 200, body = ReadView), (status = 401, body = Problem))
)]
async fn read(
    State(app): State<Arc<App>>,
    me: Session,
    Body(ReadForm { until }): Body<ReadForm>,
) -> Result<Json<ReadView>, ApiError> {
    Ok(Json(app.notify.mark_read(me.user, until.0).await?))
}

//! Trips over REST: make, list, see, rename, put away, and the projection.

#![expect(unused_qualifications, reason = "utoipa's macro writes them")]

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::Body,
    error::{ApiError, Problem},
    extract::{Asked, Member, Session},
    idempotency::{Repeatable, Told},
    members::MemberView,
    paging::{Page, PageQuery},
};
use crate::{
    auth::Act,
    crdt::{
        Projection,
        trip::{self, NewTrip, Sample},
    },
    ids::{DocId, Role, UserId},
    plans::{Overview, PlanChange},
    store::{Language, PlanCursor, PlanStatus},
    summary::Counts,
};

/// How many members a list shows of each trip.
const FIRST_MEMBERS: usize = 5;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(see, change))
        .routes(routes!(projection))
}

/// A trip as one of its members sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Trip)]
pub(crate) struct TripView {
    /// Also the name of its document.
    #[schema(value_type = String)]
    id: DocId,
    title: String,
    status: PlanStatus,
    /// Of who asks.
    role: Role,
    #[schema(value_type = Option<String>, format = Date, required)]
    start: Option<Date>,
    #[schema(value_type = Option<String>, format = Date, required)]
    end: Option<Date>,
    counts: Counts,
    #[schema(required)]
    cover: Option<String>,
    #[schema(required)]
    color: Option<String>,
    created: Timestamp,
    touched: Timestamp,
    /// How many people are inside now.
    here: usize,
    /// In the order of joining; in lists the first five.
    members: Vec<MemberView>,
    member_count: usize,
}

impl TripView {
    /// As it stands in a list.
    fn brief(overview: Overview) -> Self {
        let mut trip = Self::from(overview);
        trip.members.truncate(FIRST_MEMBERS);
        trip
    }
}

impl From<Overview> for TripView {
    fn from(overview: Overview) -> Self {
        let Overview { plan, role, members, here } = overview;
        Self {
            id: plan.id,
            title: plan.summary.title,
            status: plan.status,
            role,
            start: plan.summary.start,
            end: plan.summary.end,
            counts: plan.summary.counts,
            cover: plan.summary.cover,
            color: plan.summary.color,
            created: plan.created,
            touched: plan.touched,
            here,
            member_count: members.len(),
            members: members.into_iter().map(MemberView::from).collect(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TripForm {
    /// 1 to 120 characters; a sample has one of its own.
    title: Option<String>,
    /// Of the first day.
    #[schema(value_type = Option<String>, format = Date)]
    start: Option<Date>,
    /// At most 366.
    days: Option<u16>,
    /// IANA zone, like `Asia/Seoul`.
    tz: Option<String>,
    /// ISO 4217, like `KRW`.
    cur: Option<String>,
    /// Of a sample.
    #[serde(default)]
    language: Language,
    /// Begin with a trip that comes with the program.
    sample: Option<Sample>,
}

impl From<TripForm> for NewTrip {
    fn from(form: TripForm) -> Self {
        let TripForm { title, start, days, tz, cur, language, sample } = form;
        Self { title, start, days, tz, cur, language, sample }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TripPatch {
    /// An edit of the document, which everybody inside sees at once.
    title: Option<String>,
    status: Option<PlanStatus>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct TripQuery {
    /// `active` if not given.
    #[serde(default)]
    status: PlanStatus,
    /// `next` of the page before.
    cursor: Option<String>,
    /// 1 to 100, 30 if not given.
    limit: Option<usize>,
}

/// Make a trip.
#[utoipa::path(
    post, path = "/trips", tag = "trips", request_body = TripForm,
    params(("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 201, body = TripView),
        (status = 409, description = "`too_many_trips`", body = Problem),
        (status = 422, body = Problem),
    )
)]
async fn create(
    State(app): State<Arc<App>>,
    me: Session,
    trip: Repeatable<TripForm>,
) -> Result<Told, ApiError> {
    let make = async |form: TripForm| {
        app.limits.trip(me.user).await?;
        let made = app.plans.create(me.user, form.into(), Timestamp::now()).await?;
        Ok((StatusCode::CREATED, TripView::from(made)))
    };
    trip.once(&app, me.user, make, |body| still_mine(&app, me.user, body)).await
}

/// Whether the trip that an answer is about is one that the person may see now.
pub(super) async fn still_mine(app: &App, user: UserId, answer: String) -> Result<(), ApiError> {
    #[derive(Deserialize)]
    struct Made {
        id: DocId,
    }
    let made: Made =
        serde_json::from_str(&answer).map_err(|error| ApiError::Internal(error.to_string()))?;
    app.plans.permit(user, made.id, Act::Read).await?;
    Ok(())
}

/// My trips, the last touched first.
#[utoipa::path(
    get, path = "/trips", tag = "trips", params(TripQuery),
    responses((status = 200, body = Page<TripView>), (status = 400, body = Problem))
)]
async fn list(
    State(app): State<Arc<App>>,
    me: Session,
    Asked(TripQuery { status, cursor, limit }): Asked<TripQuery>,
) -> Result<Json<Page<TripView>>, ApiError> {
    let page = PageQuery { cursor, limit };
    let after = page.after::<(Timestamp, DocId)>()?.map(|(touched, id)| PlanCursor { touched, id });
    let listed = app.plans.list(me.user, status, after, page.limit() + 1).await?;
    let page = Page::new(listed, page.limit(), |last| (last.plan.touched, last.plan.id));
    Ok(Json(page.map(TripView::brief)))
}

/// One trip, with all of its members.
#[utoipa::path(
    get, path = "/trips/{id}", tag = "trips", params(("id" = String, Path)),
    responses((status = 200, body = TripView), (status = 404, body = Problem))
)]
async fn see(State(app): State<Arc<App>>, Member(me): Member) -> Result<Json<TripView>, ApiError> {
    Ok(Json(app.plans.get(&me).await?.into()))
}

/// Rename a trip (editors), or archive it, trash it, take it back (owners).
#[utoipa::path(
    patch, path = "/trips/{id}", tag = "trips", params(("id" = String, Path)),
    request_body = TripPatch,
    responses(
        (status = 200, body = TripView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`trashed`: take it back first", body = Problem),
    )
)]
async fn change(
    State(app): State<Arc<App>>,
    Member(me): Member,
    Body(TripPatch { title, status }): Body<TripPatch>,
) -> Result<Json<TripView>, ApiError> {
    let change = PlanChange { title, status };
    Ok(Json(app.plans.change(&me, change, Timestamp::now()).await?.into()))
}

/// The whole trip as plain JSON, without what is private.
#[utoipa::path(
    get, path = "/trips/{id}/projection", tag = "trips", params(("id" = String, Path)),
    responses((status = 200, body = trip::Projection), (status = 404, body = Problem))
)]
async fn projection(
    State(app): State<Arc<App>>,
    Member(me): Member,
) -> Result<Json<Arc<Projection>>, ApiError> {
    Ok(Json(app.plans.project(&me).await?))
}

//! Documents over REST: tickets for their sockets, and their versions.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::{NoBody, Nothing},
    error::{ApiError, Problem},
    extract::{Asked, At, Member, Session},
    idempotency::{Repeatable, Told, of_the_same_plan},
    paging::{Page, PageQuery},
    trips::{TripView, still_mine},
};
use crate::{
    auth::Act,
    crdt::{Limits, Projection},
    ids::{DocId, Role, UserId, VersionId},
    plans::{OpenTicket, SavedVersion},
    store::VersionCause,
    summary::Counts,
};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(ticket))
        .routes(routes!(save, list))
        .routes(routes!(see))
        .routes(routes!(restore))
        .routes(routes!(copy))
        .routes(routes!(renew))
}

/// The right to open a document's socket.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ticket)]
struct TicketView {
    /// For `/sync/{document}?token=…`.
    token: String,
    expires: Timestamp,
    /// Whose it is: who asked.
    #[schema(value_type = String)]
    user: UserId,
    role: Role,
    /// Of the document, and of the ticket: a local copy of another epoch is of no use.
    epoch: u64,
    limits: LimitsView,
}

/// What the document takes at most, so that a client can say so before it is refused.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = DocumentLimits)]
struct LimitsView {
    /// Cards outside the trash.
    cards: usize,
    days: usize,
    /// UTF-16 code units of one text.
    text: u32,
    /// Bytes of one update message; what is larger goes as a step 2.
    update: usize,
}

impl From<Limits> for LimitsView {
    fn from(limits: Limits) -> Self {
        Self {
            cards: limits.trip.cards,
            days: limits.trip.days,
            text: limits.note_chars,
            update: limits.update_bytes,
        }
    }
}

impl TicketView {
    fn new(ticket: OpenTicket, user: UserId) -> Self {
        let OpenTicket { issued, role, epoch, limits } = ticket;
        let limits = limits.into();
        Self { token: issued.token, expires: issued.expires, user, role, epoch, limits }
    }
}

/// A saved version.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Version)]
struct VersionView {
    #[schema(value_type = String)]
    id: VersionId,
    #[schema(value_type = String)]
    document: DocId,
    #[schema(required)]
    name: Option<String>,
    cause: Cause,
    /// The version that was restored, if `cause` is `restored`.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<VersionId>,
    by: Author,
    at: Timestamp,
    counts: Counts,
}

/// Why a version was made.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
enum Cause {
    Saved,
    BeforeRestore,
    BeforeRenewal,
    Restored,
}

/// Who made a version. Name and colour are empty for an account that is gone.
#[derive(Debug, Serialize, ToSchema)]
struct Author {
    #[schema(value_type = String)]
    user: UserId,
    name: String,
    color: String,
}

impl From<SavedVersion> for VersionView {
    fn from(SavedVersion { version, by }: SavedVersion) -> Self {
        let (cause, from) = match version.cause {
            VersionCause::Saved => (Cause::Saved, None),
            VersionCause::BeforeRestore => (Cause::BeforeRestore, None),
            VersionCause::BeforeRenewal => (Cause::BeforeRenewal, None),
            VersionCause::Restored { from } => (Cause::Restored, Some(from)),
        };
        let (name, color) = by.map(|account| (account.name, account.color)).unwrap_or_default();
        Self {
            id: version.id,
            document: version.doc,
            name: version.name,
            cause,
            from,
            by: Author { user: version.by, name, color },
            at: version.at,
            counts: version.counts,
        }
    }
}

/// A version and what it shows.
#[derive(Debug, Serialize, ToSchema)]
struct WholeVersion {
    #[serde(flatten)]
    version: VersionView,
    projection: Projection,
}

/// What a restore left behind.
#[derive(Debug, Serialize, ToSchema)]
struct RestoredView {
    /// The state before, to undo it with.
    before: VersionView,
    after: VersionView,
}

/// What the beginning of an epoch left behind.
#[derive(Debug, Serialize, ToSchema)]
struct RenewedView {
    /// The epoch that has begun.
    epoch: u64,
    /// The state before, with its trash.
    before: VersionView,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VersionForm {
    /// 1 to 80 characters.
    name: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CopyForm {
    /// That of the version if not given.
    title: Option<String>,
}

/// A ticket for the document's socket, good for ten minutes.
#[utoipa::path(
    post, path = "/documents/{id}/tickets", tag = "documents", params(("id" = String, Path)),
    responses((status = 200, body = TicketView), (status = 404, body = Problem))
)]
async fn ticket(
    State(app): State<Arc<App>>,
    Member(me): Member,
    _: NoBody,
) -> Result<Json<TicketView>, ApiError> {
    let ticket = app.plans.ticket(&me, Timestamp::now()).await?;
    Ok(Json(TicketView::new(ticket, me.user)))
}

/// Save the document as it is now (editors).
#[utoipa::path(
    post, path = "/documents/{id}/versions", tag = "documents", request_body = VersionForm,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 201, body = VersionView),
        (status = 200, description = "The newest version has just this already.", body = VersionView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`versions_full`, `trashed`", body = Problem),
    )
)]
async fn save(
    State(app): State<Arc<App>>,
    Member(me): Member,
    version: Repeatable<VersionForm>,
) -> Result<Told, ApiError> {
    app.plans.permit(me.user, me.doc, Act::Save).await?;
    let make = async |VersionForm { name }| {
        app.limits.save(me.doc).await?;
        let (saved, is_new) = app.plans.save(&me, name.as_deref()).await?;
        let status = if is_new { StatusCode::CREATED } else { StatusCode::OK };
        Ok((status, VersionView::from(saved)))
    };
    version.once(&app, me.user, make, of_the_same_plan).await
}

/// Versions, newest first.
#[utoipa::path(
    get, path = "/documents/{id}/versions", tag = "documents",
    params(("id" = String, Path), PageQuery),
    responses((status = 200, body = Page<VersionView>), (status = 404, body = Problem))
)]
async fn list(
    State(app): State<Arc<App>>,
    Member(me): Member,
    Asked(page): Asked<PageQuery>,
) -> Result<Json<Page<VersionView>>, ApiError> {
    let versions = app.plans.versions(&me, page.after()?, page.limit() + 1).await?;
    let page = Page::new(versions, page.limit(), |last| last.version.id);
    Ok(Json(page.map(VersionView::from)))
}

/// One version and what it shows.
#[utoipa::path(
    get, path = "/versions/{id}", tag = "documents", params(("id" = String, Path)),
    responses((status = 200, body = WholeVersion), (status = 404, body = Problem))
)]
async fn see(
    State(app): State<Arc<App>>,
    me: Session,
    At(id): At<VersionId>,
) -> Result<Response, ApiError> {
    let (_, version, projection, _turn) = app.plans.version(me.user, id).await?;
    Ok(Json(WholeVersion { version: version.into(), projection }).into_response())
}

/// Make the document what it was then (editors): an edit like others, which everybody inside sees.
#[utoipa::path(
    post, path = "/versions/{id}/restore", tag = "documents",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 200, body = RestoredView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`trashed`, `document_full`", body = Problem),
    )
)]
async fn restore(
    State(app): State<Arc<App>>,
    me: Session,
    At(id): At<VersionId>,
    restore: Repeatable<Nothing>,
) -> Result<Told, ApiError> {
    let doc = app.plans.permit_with_version(me.user, id, Act::Save).await?;
    let carry_out = async |Nothing {}| {
        app.limits.save(doc).await?;
        let (before, after) = app.plans.restore(me.user, id).await?;
        let restored = RestoredView { before: before.into(), after: after.into() };
        Ok((StatusCode::OK, restored))
    };
    restore.once(&app, me.user, carry_out, of_the_same_plan).await
}

/// Make a trip of one's own out of a version. What is private in it stays behind.
#[utoipa::path(
    post, path = "/versions/{id}/copy", tag = "documents", request_body = CopyForm,
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 201, body = TripView),
        (status = 404, body = Problem),
        (status = 409, description = "`too_many_trips`", body = Problem),
    )
)]
async fn copy(
    State(app): State<Arc<App>>,
    me: Session,
    At(id): At<VersionId>,
    copy: Repeatable<CopyForm>,
) -> Result<Told, ApiError> {
    app.plans.permit_with_version(me.user, id, Act::Read).await?;
    let make = async |CopyForm { title }| {
        app.limits.trip(me.user).await?;
        let copied = app.plans.copy(me.user, id, title.as_deref(), Timestamp::now()).await?;
        Ok((StatusCode::CREATED, TripView::from(copied)))
    };
    copy.once(&app, me.user, make, |body| still_mine(&app, me.user, body)).await
}

/// Have the document begin anew, without its trash and its editing history (owners).
///
/// A version is saved first. Everybody inside is sent away with 4409: what they hold of the document can't be
/// merged with it any more. What they had not been told is stored is not in it.
#[utoipa::path(
    post, path = "/documents/{id}/renewals", tag = "documents",
    params(("id" = String, Path), ("Idempotency-Key" = Option<String>, Header)),
    responses(
        (status = 200, body = RenewedView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`began_anew`, `trashed`", body = Problem),
    )
)]
async fn renew(
    State(app): State<Arc<App>>,
    Member(me): Member,
    renew: Repeatable<Nothing>,
) -> Result<Told, ApiError> {
    app.plans.permit(me.user, me.doc, Act::Renew).await?;
    let carry_out = async |Nothing {}| {
        app.limits.renewal(me.doc).await?;
        let (epoch, before) = app.plans.renew(&me).await?;
        Ok((StatusCode::OK, RenewedView { epoch, before: before.into() }))
    };
    renew.once(&app, me.user, carry_out, of_the_same_plan).await
}

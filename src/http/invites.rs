//! Invitations over REST: make, list, take back; look at one, come in by one.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::{Body, NoBody},
    error::{ApiError, Problem},
    extract::{At, Member, Session, Visitor},
    trips::TripView,
};
use crate::{
    ids::{DocId, InviteId, Role},
    plans::{Invitation, NewInvite},
    store::Invite,
};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create, list))
        .routes(routes!(revoke))
        .routes(routes!(see))
        .routes(routes!(accept))
}

/// An invitation as those who manage it see it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invite)]
struct InviteView {
    #[schema(value_type = String)]
    id: InviteId,
    /// What it makes of who accepts.
    role: Role,
    expires: Timestamp,
    created: Timestamp,
}

impl From<Invite> for InviteView {
    fn from(invite: Invite) -> Self {
        let Invite { id, role, expires, created, .. } = invite;
        Self { id, role, expires, created }
    }
}

/// An invitation that was just made: its token is in no later answer.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct NewInviteView {
    #[serde(flatten)]
    invite: InviteView,
    token: String,
    /// Of the link to send.
    path: String,
}

/// An invitation as who holds its link sees it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Invitation)]
struct InvitationView {
    trip: InvitedTrip,
    role: Role,
    /// The name of who invites.
    inviter: String,
    expires: Timestamp,
    /// Whether who asks is in already.
    member: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct InvitedTrip {
    #[schema(value_type = String)]
    id: DocId,
    title: String,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        let Invitation { invite, plan, inviter, current } = invitation;
        Self {
            trip: InvitedTrip { id: plan.id, title: plan.summary.title },
            role: invite.role,
            inviter: inviter.name,
            expires: invite.expires,
            member: current.is_some(),
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct InviteForm {
    /// `viewer`, `commenter` or `editor`.
    role: Role,
    /// In seven days if not given, in ninety at most.
    expires: Option<Timestamp>,
}

/// Which one the path names.
#[derive(Deserialize)]
struct InvitePath {
    invite: InviteId,
}

/// Make an invitation link (owners). Its token is in this answer alone and is not kept, so there is no
/// `Idempotency-Key`: sent again, it makes another invitation.
#[utoipa::path(
    post, path = "/trips/{id}/invites", tag = "invites", request_body = InviteForm,
    params(("id" = String, Path)),
    responses(
        (status = 201, body = NewInviteView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`too_many_invites`", body = Problem),
        (status = 422, body = Problem),
    )
)]
async fn create(
    State(app): State<Arc<App>>,
    Member(me): Member,
    Body(InviteForm { role, expires }): Body<InviteForm>,
) -> Result<(StatusCode, Json<NewInviteView>), ApiError> {
    let new = NewInvite { role, expires };
    let (invite, secret) = app.plans.invite(&me, new, Timestamp::now()).await?;
    let token = secret.reveal().to_owned();
    let path = format!("/invite/{token}");
    Ok((StatusCode::CREATED, Json(NewInviteView { invite: invite.into(), token, path })))
}

/// The invitations of a trip that are not taken back, newest first (owners).
#[utoipa::path(
    get, path = "/trips/{id}/invites", tag = "invites", params(("id" = String, Path)),
    responses((status = 200, body = Vec<InviteView>), (status = 403, body = Problem))
)]
async fn list(
    State(app): State<Arc<App>>,
    Member(me): Member,
) -> Result<Json<Vec<InviteView>>, ApiError> {
    let invites = app.plans.invites(&me).await?;
    Ok(Json(invites.into_iter().map(InviteView::from).collect()))
}

/// Take an invitation back (owners).
#[utoipa::path(
    delete, path = "/trips/{id}/invites/{invite}", tag = "invites",
    params(("id" = String, Path), ("invite" = String, Path)),
    responses(
        (status = 204, description = "The link leads nowhere from now on."),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
async fn revoke(
    State(app): State<Arc<App>>,
    Member(me): Member,
    At(InvitePath { invite }): At<InvitePath>,
) -> Result<StatusCode, ApiError> {
    app.plans.revoke(&me, invite).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What an invitation leads to. Who has no account yet may look, too.
#[utoipa::path(
    get, path = "/invites/{token}", tag = "invites", security((), ("access" = [])),
    params(("token" = String, Path)),
    responses(
        (status = 200, body = InvitationView),
        (status = 404, body = Problem),
        (status = 410, description = "`invite_over`, `invite_spent`", body = Problem),
        (status = 429, description = "`too_many`", body = Problem),
    )
)]
async fn see(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    me: Option<Session>,
    At(token): At<String>,
) -> Result<Json<InvitationView>, ApiError> {
    app.limits.invite(address).await?;
    let me = me.map(|me| me.user);
    Ok(Json(app.plans.invitation(&token, me, Timestamp::now()).await?.into()))
}

/// Come in. A role that one has already is never lowered; and what an owner decided about somebody after the
/// invitation was made (another role, or that they are out) counts for more than it.
#[utoipa::path(
    post, path = "/invites/{token}/accept", tag = "invites", params(("token" = String, Path)),
    responses(
        (status = 200, body = TripView),
        (status = 404, body = Problem),
        (status = 409, description = "`full`, `too_many_trips`", body = Problem),
        (status = 410, description = "`invite_over`, `invite_spent`", body = Problem),
        (status = 429, description = "`too_many`", body = Problem),
    )
)]
async fn accept(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    me: Session,
    At(token): At<String>,
    _: NoBody,
) -> Result<Json<TripView>, ApiError> {
    app.limits.invite(address).await?;
    Ok(Json(app.plans.accept(&token, me.user, Timestamp::now()).await?.into()))
}

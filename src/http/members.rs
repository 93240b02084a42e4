//! Members over REST: who is in, as what, and out.

use std::sync::Arc;

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::Body,
    error::{ApiError, Problem},
    extract::{self, At},
};
use crate::{
    ids::{Role, UserId},
    store::{Account, Member, RoleChange},
};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list)).routes(routes!(set_role, remove))
}

/// A member as the others see them.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Member)]
pub(crate) struct MemberView {
    #[schema(value_type = String)]
    user: UserId,
    name: String,
    color: String,
    role: Role,
}

impl From<(Member, Account)> for MemberView {
    fn from((member, account): (Member, Account)) -> Self {
        let Account { name, color, .. } = account;
        Self { user: member.user, name, color, role: member.role }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoleForm {
    role: Role,
    /// The role that they have as far as the caller knows: where it is another one by now, nothing is changed.
    from: Option<Role>,
}

/// Whom the path names.
#[derive(Deserialize)]
struct MemberPath {
    user: UserId,
}

/// Everybody in a trip, in the order of joining.
#[utoipa::path(
    get, path = "/trips/{id}/members", tag = "members", params(("id" = String, Path)),
    responses((status = 200, body = Vec<MemberView>), (status = 404, body = Problem))
)]
async fn list(
    State(app): State<Arc<App>>,
    extract::Member(me): extract::Member,
) -> Result<Json<Vec<MemberView>>, ApiError> {
    let members = app.plans.members(&me).await?;
    Ok(Json(members.into_iter().map(MemberView::from).collect()))
}

/// Give a member another role (owners). It takes effect at once, also where they are connected.
#[utoipa::path(
    patch, path = "/trips/{id}/members/{user}", tag = "members",
    params(("id" = String, Path), ("user" = String, Path)), request_body = RoleForm,
    responses(
        (status = 200, body = MemberView),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`last_owner`, `role_changed`", body = Problem),
    )
)]
async fn set_role(
    State(app): State<Arc<App>>,
    extract::Member(me): extract::Member,
    At(MemberPath { user }): At<MemberPath>,
    Body(RoleForm { role: to, from }): Body<RoleForm>,
) -> Result<Json<MemberView>, ApiError> {
    Ok(Json(app.plans.set_role(&me, RoleChange { user, from, to }).await?.into()))
}

/// Take a member out (owners), or leave.
#[utoipa::path(
    delete, path = "/trips/{id}/members/{user}", tag = "members",
    params(("id" = String, Path), ("user" = String, Path)),
    responses(
        (status = 204, description = "Out, also where they were connected."),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "`last_owner`", body = Problem),
    )
)]
async fn remove(
    State(app): State<Arc<App>>,
    extract::Member(me): extract::Member,
    At(MemberPath { user }): At<MemberPath>,
) -> Result<StatusCode, ApiError> {
    app.plans.remove(&me, user).await?;
    Ok(StatusCode::NO_CONTENT)
}

//! A new password by a link over REST.

use std::sync::Arc;

use axum::{extract::State, http::HeaderMap, response::Response};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    app::App,
    body::Body,
    error::{ApiError, Problem},
    extract::Visitor,
    sessions::{SessionView, answer},
};
use crate::accounts::AccountError;

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(reset))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewPassword {
    /// What stands behind the `#` of the link.
    token: String,
    /// 8 characters at least, 128 bytes at most.
    password: String,
}

/// Choose a new password by a link of `moim user reset-link`. The link is good once; all sessions of the account end, and
/// one begins, as after a log-in.
#[utoipa::path(
    post, path = "/password-resets", tag = "sessions", security(()), request_body = NewPassword,
    responses(
        (status = 200, body = SessionView),
        (status = 410, description = "`reset_over`", body = Problem),
        (status = 422, description = "`invalid`: the password; the link stays good", body = Problem),
        (status = 429, description = "`too_many`", body = Problem),
        (status = 503, description = "`busy`", body = Problem),
    )
)]
async fn reset(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    headers: HeaderMap,
    Body(NewPassword { token, password }): Body<NewPassword>,
) -> Result<Response, ApiError> {
    let now = Timestamp::now();
    let attempt = app.limits.guess(address).await?;
    let session = app.accounts.reset_password(&token, password, now).await;
    if !matches!(session, Err(AccountError::ResetOver)) {
        app.limits.forget(attempt).await;
    }
    answer(&app, &headers, session?, now)
}

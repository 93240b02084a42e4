//! Sessions over REST: the access token travels in the body, the refresh token in a cookie that no script sees.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{HeaderMap, StatusCode, request::Parts},
    response::{AppendHeaders, IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::AccountView,
    app::App,
    body::{Body, NoBody},
    error::{ApiError, Problem},
    extract::Visitor,
    limits::Visit,
};
use crate::accounts::{self, AccountError};

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(refresh)).routes(routes!(log_out))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Credentials {
    mail: String,
    password: String,
}

/// A session: what to send as `Authorization: Bearer`, and until when.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// The access token.
    access: String,
    /// Of the access token.
    expires: Timestamp,
    account: AccountView,
}

/// Log in. The refresh token comes as a cookie, and another one by which this browser is known to the account later.
/// Only what fails counts for the limits; a browser that is known has one of its own, so that nobody who tries
/// passwords elsewhere keeps it out.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", security(()), request_body = Credentials,
    responses(
        (status = 200, body = SessionView),
        (status = 401, description = "`wrong_credentials`", body = Problem),
        (status = 429, description = "`too_many`", body = Problem),
        (status = 503, description = "`busy`: many people log in at this moment", body = Problem),
    )
)]
async fn log_in(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    headers: HeaderMap,
    Body(Credentials { mail, password }): Body<Credentials>,
) -> Result<Response, ApiError> {
    let now = Timestamp::now();
    let candidate = app.accounts.find(&mail).await?;
    let is_known = |user| app.cookies.is_known(&headers, user, &app.accounts, now);
    let known_to = candidate.user().filter(|user| is_known(*user));
    let visit = Visit { from: address, mail: candidate.mail(), known_to };
    let attempt = app.limits.log_in(visit).await?;
    let session = app.accounts.log_in(candidate, password, now).await;
    if !matches!(session, Err(AccountError::WrongCredentials)) {
        app.limits.forget(attempt).await;
    }
    answer(&app, &headers, session?, now)
}

/// Go on with a session. The refresh token in the cookie is exchanged for a new one. For 60 seconds after that the old
/// one still leads to the same new one, for windows that ask at once and answers that are lost; later it ends the session.
#[utoipa::path(
    post, path = "/sessions/refresh", tag = "sessions", security(()),
    responses(
        (status = 200, body = SessionView),
        (status = 401, description = "`session_over`, or `session_stolen`: the token had been \
            exchanged more than 60 seconds before, so the session has ended for everybody", body = Problem),
    )
)]
async fn refresh(
    State(app): State<Arc<App>>,
    OwnPages(headers): OwnPages,
    _: NoBody,
) -> Result<Response, ApiError> {
    let presented = app.cookies.refresh_token(&headers);
    let token = presented.ok_or_else(|| ApiError::unauthorized("no_session", "log in"))?.token;
    let now = Timestamp::now();
    let session = app.accounts.refresh(token, now).await?;
    answer(&app, &headers, session, now)
}

/// Log out. Ends the session wherever its tokens went.
#[utoipa::path(
    delete, path = "/sessions/current", tag = "sessions", security(()),
    responses((status = 204, description = "The session is over, if there was one."))
)]
async fn log_out(
    State(app): State<Arc<App>>,
    OwnPages(headers): OwnPages,
) -> Result<Response, ApiError> {
    if let Some(presented) = app.cookies.refresh_token(&headers) {
        app.accounts.log_out(presented.token).await?;
    }
    let cookies = AppendHeaders(app.cookies.end(&headers));
    Ok((StatusCode::NO_CONTENT, cookies).into_response())
}

pub(super) fn answer(
    app: &App,
    headers: &HeaderMap,
    session: accounts::Session,
    now: Timestamp,
) -> Result<Response, ApiError> {
    let accounts::Session { account, access, refresh } = session;
    let device = app.accounts.device_token(account.id, now)?;
    let cookies = app.cookies.begin(headers, account.id, refresh.reveal(), &device);
    let view =
        SessionView { access: access.token, expires: access.expires, account: account.into() };
    Ok((AppendHeaders(cookies), Json(view)).into_response())
}

/// The headers of a request that a page of ours sent, or no page at all.
pub(super) struct OwnPages(pub(super) HeaderMap);

impl FromRequestParts<Arc<App>> for OwnPages {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, ApiError> {
        // `SameSite` lets pages of neighbouring hosts in; browsers tell them apart here.
        let site = parts.headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
        if matches!(site, Some("cross-site" | "same-site")) {
            return Err(ApiError::forbidden(
                "cross_site",
                "sessions are for this site's own pages",
            ));
        }
        Ok(Self(parts.headers.clone()))
    }
}

//! Sessions over REST: the access token travels in the body, the refresh token in a cookie that no script sees.

use std::sync::Arc;

use axum::{
    Json,
    extract::{FromRequestParts, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{COOKIE, SET_COOKIE},
        request::Parts,
    },
    response::{AppendHeaders, IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    accounts::AccountView,
    app::App,
    error::{ApiError, Problem},
    extract::{Body, Visitor},
};
use crate::accounts::{self, REFRESH_LIFE};

const COOKIE_NAME: &str = "moim_refresh";

/// Nothing but the sessions gets to see the refresh token.
const COOKIE_PATH: &str = "/api/v1/sessions";

pub(super) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(log_in)).routes(routes!(refresh)).routes(routes!(log_out))
}

#[derive(Deserialize, ToSchema)]
struct Credentials {
    mail: String,
    password: String,
}

/// A session: what to send as `Authorization: Bearer`, and until when.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Session)]
struct SessionView {
    /// The access token.
    access: String,
    /// Of the access token.
    expires: Timestamp,
    account: AccountView,
}

/// Log in. The refresh token comes as a cookie.
#[utoipa::path(
    post, path = "/sessions", tag = "sessions", security(()), request_body = Credentials,
    responses(
        (status = 200, body = SessionView),
        (status = 401, description = "`wrong_credentials`", body = Problem),
        (status = 429, description = "`too_many`", body = Problem),
    )
)]
async fn log_in(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    Body(Credentials { mail, password }): Body<Credentials>,
) -> Result<Response, ApiError> {
    app.limits.log_in(address, &mail).await?;
    let session = app.accounts.log_in(&mail, password, Timestamp::now()).await?;
    Ok(answer(&app, session))
}

/// Go on with a session. The refresh token in the cookie is used up; a new one comes.
#[utoipa::path(
    post, path = "/sessions/refresh", tag = "sessions", security(()),
    responses(
        (status = 200, body = SessionView),
        (status = 401, description = "`session_over`, or `session_stolen`: the token had been used \
            before, so the session has ended for everybody", body = Problem),
    )
)]
async fn refresh(
    State(app): State<Arc<App>>,
    RefreshCookie(token): RefreshCookie,
) -> Result<Response, ApiError> {
    let token = token.ok_or_else(|| ApiError::unauthorized("no_session", "log in"))?;
    let session = app.accounts.refresh(&token, Timestamp::now()).await?;
    Ok(answer(&app, session))
}

/// Log out. Ends the session wherever its tokens went.
#[utoipa::path(
    delete, path = "/sessions/current", tag = "sessions", security(()),
    responses((status = 204, description = "The session is over, if there was one."))
)]
async fn log_out(
    State(app): State<Arc<App>>,
    RefreshCookie(token): RefreshCookie,
) -> Result<(StatusCode, AppendHeaders<[(HeaderName, HeaderValue); 1]>), ApiError> {
    if let Some(token) = token {
        app.accounts.log_out(&token).await?;
    }
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(SET_COOKIE, cookie(&app, "", 0))])))
}

fn answer(app: &App, session: accounts::Session) -> Response {
    let accounts::Session { account, access, refresh } = session;
    let view =
        SessionView { access: access.token, expires: access.expires, account: account.into() };
    let cookie = cookie(app, refresh.reveal(), REFRESH_LIFE.as_secs());
    (AppendHeaders([(SET_COOKIE, cookie)]), Json(view)).into_response()
}

fn cookie(app: &App, token: &str, seconds: i64) -> HeaderValue {
    let secure = if app.site.cookies_need_tls { "; Secure" } else { "" };
    let text = format!(
        "{COOKIE_NAME}={token}; Path={COOKIE_PATH}; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}"
    );
    let mut value = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
    value.set_sensitive(true);
    value
}

/// The refresh token, if the browser sent one, and sent it for a page of ours.
struct RefreshCookie(Option<String>);

impl FromRequestParts<Arc<App>> for RefreshCookie {
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
        Ok(Self(find_cookie(&parts.headers).map(str::to_owned)))
    }
}

fn find_cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == COOKIE_NAME && !value.is_empty())
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_found_among_others() {
        let find = |line: &'static str| {
            let headers = HeaderMap::from_iter([(COOKIE, HeaderValue::from_static(line))]);
            find_cookie(&headers).map(str::to_owned)
        };
        assert_eq!(find("theme=dark; moim_refresh=abc; x=1").as_deref(), Some("abc"));
        assert_eq!(find("xmoim_refresh=abc"), None);
        assert_eq!(find("moim_refresh="), None);
    }
}

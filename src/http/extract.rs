//! What a request proves before a handler sees it: a session, an address, a well-formed path.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{
        ConnectInfo, FromRequestParts, OptionalFromRequestParts, RawPathParams,
        rejection::{PathRejection, QueryRejection},
    },
    http::{HeaderMap, header::AUTHORIZATION, request::Parts},
};
use jiff::Timestamp;

use super::{app::App, error::ApiError};
use crate::{access, ids::UserId};

/// Who calls: somebody whose session lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Session {
    pub(crate) user: UserId,
}

impl FromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let token = bearer(&parts.headers).ok_or_else(|| {
            ApiError::unauthorized("no_token", "send `Authorization: Bearer` and an access token")
        })?;
        let access = app.accounts.authenticate(token, Timestamp::now()).await?;
        Ok(Self { user: access.user })
    }
}

/// Who calls, where strangers may call, too. A token that is no good is still refused.
impl OptionalFromRequestParts<Arc<App>> for Session {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut Parts,
        app: &Arc<App>,
    ) -> Result<Option<Self>, ApiError> {
        match bearer(&parts.headers) {
            Some(_) => {
                <Self as FromRequestParts<_>>::from_request_parts(parts, app).await.map(Some)
            }
            None => Ok(None),
        }
    }
}

/// Somebody who is in the plan that `{id}` in the path names.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Member(pub(crate) access::Member);

impl FromRequestParts<Arc<App>> for Member {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, ApiError> {
        let me = <Session as FromRequestParts<_>>::from_request_parts(parts, app).await?;
        let path = RawPathParams::from_request_parts(parts, app).await.ok();
        let id = path.iter().flatten().find(|(name, _)| *name == "id").map(|(_, id)| id.parse());
        let Some(Ok(doc)) = id else { return Err(ApiError::not_found("trip")) };
        Ok(Self(app.plans.member(me.user, doc).await?))
    }
}

/// The token of `Authorization: Bearer`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address that the request comes from, as far as it can be believed: see `layers::locate`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visitor(pub(crate) IpAddr);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let unknown = || ApiError::Internal("the peer's address is not known".to_owned());
        peer.map(|ConnectInfo(peer)| Self(peer.ip())).ok_or_else(unknown)
    }
}

/// What stands in the path. An id that is none names nothing.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Path), rejection(ApiError))]
pub(crate) struct At<T>(pub(crate) T);

impl From<PathRejection> for ApiError {
    fn from(_: PathRejection) -> Self {
        Self::not_found("thing")
    }
}

/// What stands after the question mark.
#[derive(FromRequestParts)]
#[from_request(via(axum::extract::Query), rejection(ApiError))]
pub(crate) struct Asked<T>(pub(crate) T);

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request("malformed_query", rejection.body_text())
    }
}

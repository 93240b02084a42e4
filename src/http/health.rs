//! What watchers of this node ask: whether it lives, whether it takes visitors, and its numbers.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};

use super::{app::App, error::ApiError, extract::bearer};
use crate::auth::digest;

/// The process runs and answers.
pub(super) async fn alive() -> &'static str {
    "alive\n"
}

/// Visitors may be sent here.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    match app.unready().await {
        None if app.is_cut_off() => "ready, but degraded: no connection to Redis\n".into_response(),
        None => "ready\n".into_response(),
        Some(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n")).into_response(),
    }
}

/// The numbers, in Prometheus' text format.
pub(super) async fn metrics(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(token) = &app.site.metrics_token {
        // Digests are compared, so that the time it takes tells nothing about the token.
        let given = bearer(&headers).map(digest);
        if given != Some(digest(token.reveal())) {
            return Err(ApiError::unauthorized("no_token", "send the metrics token as a bearer"));
        }
    }
    let metrics = app.metrics.ok_or_else(|| ApiError::not_found("page"))?;
    let text = [(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
    Ok((text, metrics.render()).into_response())
}

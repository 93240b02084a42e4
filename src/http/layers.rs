//! What happens around every request: an id, a span, numbers, a time limit, headers.

use std::{
    any::Any,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{
        HeaderName, HeaderValue, Method,
        header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, LOCATION, RETRY_AFTER},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::cors::{AllowMethods, AllowOrigin, CorsLayer};
use tracing::Instrument;
use ulid::Ulid;

use super::{app::App, error::ApiError, extract::Visitor, idempotency::IDEMPOTENCY_KEY};
use crate::origin::WebOrigin;

/// How long a request may take. The longest honest one is a restore of a large document.
const REQUEST_TIME: Duration = Duration::from_secs(30);

/// How long a browser may remember what another site's pages may do.
const PREFLIGHT_LIFE: Duration = Duration::from_secs(2 * 60 * 60);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request an id, a span and its place in the numbers. Of its address only the route is told: the
/// rest may hold tokens and the names of people's documents.
pub(super) async fn observe(request: Request, next: Next) -> Response {
    let id = Ulid::generate().to_string();
    let method = method_label(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("other", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("http", request.id = id, method, route);
    let began = Instant::now();
    let mut response = next.run(request).instrument(span.clone()).await;
    let (status, took) = (response.status(), began.elapsed());
    span.in_scope(|| tracing::debug!(status = status.as_u16(), ?took, "answered"));
    let status = status.as_str().to_owned();
    metrics::counter!(
        "moim_http_requests_total", "method" => method, "route" => route.clone(), "status" => status
    )
    .increment(1);
    metrics::histogram!("moim_http_request_seconds", "route" => route).record(took);
    if let Ok(id) = HeaderValue::try_from(id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

/// A name for the numbers: whoever calls may make up methods, and each name is kept for ever.
fn method_label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        _ => "other",
    }
}

/// Puts the visitor's address in the place of a proxy's, for everything that counts by address.
pub(super) async fn locate(
    State(app): State<Arc<App>>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(ConnectInfo(peer)) = request.extensions().get::<ConnectInfo<SocketAddr>>().copied()
    {
        let visitor = app.site.visitor(peer.ip(), request.headers());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(visitor, peer.port())));
    }
    next.run(request).await
}

/// Holds back who asks too often.
pub(super) async fn limit(
    State(app): State<Arc<App>>,
    Visitor(address): Visitor,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    app.limits.request(address)?;
    Ok(next.run(request).await)
}

/// Ends what takes too long.
pub(super) async fn time(request: Request, next: Next) -> Result<Response, ApiError> {
    tokio::time::timeout(REQUEST_TIME, next.run(request))
        .await
        .map_err(|_| ApiError::Unavailable("a request took too long".to_owned()))
}

/// Does to the end what changes something.
pub(super) async fn finish(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    if request.method().is_safe() {
        return Ok(next.run(request).await);
    }
    app.requests.finish(next.run(request)).await
}

/// Adds what every response carries; what a handler set itself stays.
pub(super) async fn secure(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in &app.site.headers {
        response.headers_mut().entry(name).or_insert_with(|| value.clone());
    }
    response
}

/// Answers about people are not for caches.
pub(super) async fn keep_private(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let private = HeaderValue::from_static("no-store");
    response.headers_mut().entry(CACHE_CONTROL).or_insert(private);
    response
}

/// Lets pages of the configured sites use the interface with their tokens. There are no cookies in it for them: the
/// session's own is `SameSite=Strict`.
pub(super) fn share(origins: &[WebOrigin]) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::try_from(origin.as_str()).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods(AllowMethods::mirror_request())
        .allow_headers([AUTHORIZATION, CONTENT_TYPE, IDEMPOTENCY_KEY])
        .expose_headers([RETRY_AFTER, LOCATION, REQUEST_ID])
        .max_age(PREFLIGHT_LIFE)
}

/// The answer to a request whose handler panicked. The panic itself was told where it happened.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::Internal("a handler panicked".to_owned()).into_response()
}

/// Holds large answers back while too many others are not read yet.
pub(super) async fn hold_large(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    app.answers.hold(next.run(request).await).await
}

//! What happens around every request: an id, a span, numbers, a time limit, headers.

use std::{
    any::Any,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderName, HeaderValue, Method, header::CACHE_CONTROL},
    middleware::Next,
    response::{IntoResponse, Response},
};
use tracing::Instrument;
use ulid::Ulid;

use super::{app::App, error::ApiError, extract::Visitor};

/// How long a request may take. The longest honest one is a restore of a large document.
const REQUEST_TIME: Duration = Duration::from_secs(30);

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

/// The answer to a request whose handler panicked. The panic itself was told where it happened.
pub(super) fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    ApiError::Internal("a handler panicked".to_owned()).into_response()
}

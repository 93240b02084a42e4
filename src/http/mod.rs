//! The HTTP interface: the router, what surrounds every request, and thin handlers.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, State},
    middleware::{from_fn, from_fn_with_state},
    routing::{any, get},
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, services::ServeFile,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};

mod accept;
mod accounts;
mod answers;
mod app;
mod assets;
mod body;
mod cookies;
mod documents;
mod error;
mod extract;
mod files;
mod forwarded;
mod health;
mod idempotency;
mod invites;
mod layers;
mod limits;
mod listen;
mod members;
mod notices;
mod openapi;
mod paging;
mod probe;
mod requests;
mod resets;
mod sessions;
mod site;
mod trips;
mod turns;

pub use accept::{DoorLimits, serve};
pub use app::{App, Parts};
use error::ApiError;
pub use listen::{listen, shown_address};
pub use probe::{ProbeError, probe};
use site::SiteView;

/// Everything that is served: the REST interface, the sockets, the client.
pub fn router(app: Arc<App>, sockets: Router) -> serde_json::Result<Router> {
    let (api, mut description) = OpenApiRouter::with_openapi(openapi::Description::openapi())
        .nest("/api/v1", api())
        .split_for_parts();
    openapi::complete(&mut description);
    let api = api
        .merge(openapi::routes(&description)?)
        .route("/api/{*rest}", any(async || ApiError::not_found("endpoint")))
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(DefaultBodyLimit::max(app.body_bytes))
        .layer(from_fn(layers::keep_private))
        .layer(from_fn(layers::time))
        .layer(from_fn_with_state(Arc::clone(&app), layers::finish))
        .layer(from_fn_with_state(Arc::clone(&app), layers::limit))
        .layer(from_fn_with_state(Arc::clone(&app), layers::hold_large))
        .layer(CompressionLayer::new());
    let api = match &app.site.origins[..] {
        [] => api,
        origins => api.layer(layers::share(origins)),
    };
    Ok(Router::new()
        .merge(api)
        .merge(watched())
        .merge(maps(&app))
        .fallback(get(assets::serve))
        .with_state(Arc::clone(&app))
        .merge(sockets)
        .layer(CatchPanicLayer::custom(layers::panicked))
        .layer(from_fn_with_state(Arc::clone(&app), layers::secure))
        .layer(from_fn_with_state(app, layers::locate))
        .layer(from_fn(layers::observe)))
}

/// The first version of the REST interface.
fn api() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .merge(accounts::router())
        .merge(sessions::router())
        .merge(resets::router())
        .merge(trips::router())
        .merge(members::router())
        .merge(invites::router())
        .merge(documents::router())
        .merge(notices::router())
        .routes(routes!(config))
}

/// For whoever watches this node.
fn watched() -> Router<Arc<App>> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
}

/// The operator's own map, in pieces as the client asks for them.
fn maps(app: &App) -> Router<Arc<App>> {
    match &app.site.pmtiles_file {
        Some(file) => Router::new().route_service(site::PMTILES_PATH, ServeFile::new(file)),
        None => Router::new(),
    }
}

/// What a client should know of this server before anything else.
#[utoipa::path(
    get, path = "/config", tag = "site", security(()),
    responses((status = 200, body = SiteView))
)]
async fn config(State(app): State<Arc<App>>) -> Json<SiteView> {
    Json(app.site.view.clone())
}

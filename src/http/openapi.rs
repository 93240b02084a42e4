//! The description of the REST interface (OpenAPI 3.1), gathered from the handlers, and its page.

use std::sync::Arc;

use axum::{
    Router,
    extract::Path,
    http::{
        StatusCode,
        header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE},
    },
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, ContentBuilder, OpenApi as OpenApiDocument, PathItem, Ref, RefOr, ResponseBuilder,
        path::{Operation, Parameter, ParameterIn},
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};
use utoipa_swagger_ui::Config;

use super::error::ApiError;

/// Where the description lies.
const DESCRIPTION_PATH: &str = "/api/openapi.json";

const JSON: &str = "application/json";
const PROBLEM_JSON: &str = "application/problem+json";

/// The page is held to as much as ours, but for one style sheet that its script makes: this one and no other.
const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; \
    style-src 'self' 'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='; \
    img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";

/// The frame that the handlers' descriptions are put into.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Moim",
        description = "People plan trips together, live. The document itself is edited over \
            `/sync/{document}?token=…` with the y-websocket protocol, and what happens by itself at \
            `/events?token=…`; tickets for both come from here. \
            Errors are problem documents (RFC 9457). Lists page by cursor. Where a creation takes an \
            `Idempotency-Key` and is sent again within a day, the first answer is given again."
    ),
    security(("access" = [])),
    modifiers(&Bearer),
    tags(
        (name = "accounts", description = "People"),
        (name = "sessions", description = "Logging in, staying so, logging out"),
        (name = "trips", description = "Trips as things that people have"),
        (name = "members", description = "Who is in a trip, and as what"),
        (name = "invites", description = "Links that make members"),
        (name = "documents", description = "The shared document: tickets and versions"),
        (name = "events", description = "What others did that concerns the caller"),
        (name = "site", description = "This server")
    )
)]
pub(super) struct Description;

/// The access token.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let mut bearer = Http::new(HttpAuthScheme::Bearer);
        bearer.bearer_format = Some("JWT".to_owned());
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme("access", SecurityScheme::Http(bearer));
    }
}

/// Adds to every operation what the layers around all handlers and the extractors answer, and says that problems are
/// problem documents. What a handler says itself stays.
pub(super) fn complete(openapi: &mut OpenApiDocument) {
    for (path, item) in &mut openapi.paths.paths {
        let has_path_parameter = path.contains('{');
        let PathItem { get, put, post, delete, patch, .. } = item;
        for operation in [get, put, post, delete, patch].into_iter().flatten() {
            complete_operation(operation, has_path_parameter);
            name_operation(operation);
        }
    }
}

/// Handlers of several resources have the same name; with the resource's it stands for one operation.
fn name_operation(operation: &mut Operation) {
    let tag = operation.tags.iter().flatten().next();
    if let (Some(tag), Some(handler)) = (tag, &operation.operation_id) {
        operation.operation_id = Some(format!("{tag}_{handler}"));
    }
}

fn complete_operation(operation: &mut Operation, has_path_parameter: bool) {
    // An operation that anybody may call says so; the others inherit that a token is needed.
    let is_open = operation.security.is_some();
    let has_body = operation.request_body.is_some();
    let has = |place| operation.parameters.iter().flatten().any(|one| is_in(one, &place));
    let is_repeatable = has(ParameterIn::Header);
    let is_read = has_body || is_repeatable || has(ParameterIn::Query);
    let answers = [
        (is_read, "400", "What was sent can't be read: `malformed`, `malformed_key`"),
        (!is_open, "401", "`no_token`, `session_over`"),
        (has_path_parameter, "404", "`not_found`: it is not there, or not for the caller"),
        (is_repeatable, "409", "`in_progress`: the first request with this `Idempotency-Key`"),
        (has_body, "413", "`too_large`: the body"),
        (has_body, "415", "`not_json`: send `Content-Type: application/json`"),
        (has_body, "422", "`invalid`, with the fields"),
        (true, "429", "`too_many`: wait for as long as `Retry-After` says"),
        (true, "500", "`internal`: our fault"),
        (true, "503", "`unavailable`: wait for as long as `Retry-After` says"),
    ];
    let responses = &mut operation.responses.responses;
    for (_, status, description) in answers.into_iter().filter(|(applies, ..)| *applies) {
        responses.entry(status.to_owned()).or_insert_with(|| problem(description).into());
    }
    for response in responses.values_mut() {
        if let RefOr::T(response) = response {
            name_problem(response);
        }
    }
}

fn is_in(parameter: &RefOr<Parameter>, place: &ParameterIn) -> bool {
    match parameter {
        RefOr::T(parameter) => parameter.parameter_in == *place,
        RefOr::Ref(_) => false,
    }
}

fn problem(description: &str) -> utoipa::openapi::Response {
    let schema = Ref::from_schema_name("Problem");
    ResponseBuilder::new()
        .description(description)
        .content(JSON, ContentBuilder::new().schema(Some(schema)).build())
        .build()
}

/// A problem has a content type of its own.
fn name_problem(response: &mut utoipa::openapi::Response) {
    let is_problem = |content: &RefOr<Content>| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) => {
            schema.ref_location.ends_with("/Problem")
        }
        RefOr::T(_) | RefOr::Ref(_) => false,
    };
    if response.content.get(JSON).is_some_and(is_problem)
        && let Some(content) = response.content.shift_remove(JSON)
    {
        response.content.insert(PROBLEM_JSON.to_owned(), content);
    }
}

/// The description and the page that shows it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>(
    description: &utoipa::openapi::OpenApi,
) -> serde_json::Result<Router<S>> {
    let json: Arc<str> = description.to_json()?.into();
    // Its badge would ask a validator on another host.
    let page = Arc::new(Config::from(DESCRIPTION_PATH).validator_url("none"));
    let show = |path: String| async move { file(&path, page) };
    Ok(Router::new()
        .route(
            DESCRIPTION_PATH,
            get(move || async move { ([(CONTENT_TYPE, "application/json")], json.to_string()) }),
        )
        .route("/api/docs", get(async || Redirect::permanent("/api/docs/")))
        .route(
            "/api/docs/",
            get({
                let show = show.clone();
                move || show(String::new())
            }),
        )
        .route("/api/docs/{*path}", get(move |Path(path): Path<String>| show(path))))
}

/// A file of the page.
fn file(path: &str, config: Arc<Config<'static>>) -> Response {
    match utoipa_swagger_ui::serve(path, config) {
        Ok(Some(file)) => {
            let headers = [
                (CONTENT_TYPE, file.content_type),
                (CONTENT_SECURITY_POLICY, PAGE_POLICY.to_owned()),
            ];
            (StatusCode::OK, headers, file.bytes).into_response()
        }
        Ok(None) => ApiError::not_found("file").into_response(),
        Err(error) => ApiError::Internal(error.to_string()).into_response(),
    }
}

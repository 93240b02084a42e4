//! The browser client, carried inside the binary: compressed beforehand, and cached as long as is true.

use axum::{
    http::{
        HeaderMap, HeaderValue, StatusCode, Uri,
        header::{
            ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
            VARY,
        },
    },
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::error::ApiError;

/// What the client's build leaves behind. A debug build reads it from the disk at each request.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/static/dist"]
struct Client;

/// The page that all routes of the client share.
const INDEX: &str = "index.html";

/// Files with a hash of their content in their name are below this folder.
const HASHED: &str = "assets/";

/// What is shown in place of a client that was not built.
const NOT_BUILT: &str = "<!doctype html><meta charset=\"utf-8\"><title>Moim</title>\
    <h1>The server runs, but its browser client was not built.</h1>\
    <p>Stop it and start it with <code>make run</code>, which builds both. \
    The programming interface is described at <a href=\"/api/docs/\">/api/docs</a>.</p>";

/// A file of the client, or the page, for whatever looks like one of its routes.
pub(super) async fn serve(uri: Uri, headers: HeaderMap) -> Response {
    respond::<Client>(uri.path().trim_start_matches('/'), &headers)
}

fn respond<F: RustEmbed>(path: &str, headers: &HeaderMap) -> Response {
    let is_route = !path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if let Some(response) = file::<F>(path, headers) {
        response
    } else if !is_route {
        ApiError::not_found("file").into_response()
    } else if let Some(page) = file::<F>(INDEX, headers) {
        page
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, Html(NOT_BUILT)).into_response()
    }
}

/// The file in the best encoding that the browser takes.
fn file<F: RustEmbed>(path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.is_empty() || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let accepted = |encoding| accepts(headers, encoding);
    let packed = |encoding: &'static str, ending| {
        let file = accepted(encoding).then(|| F::get(&format!("{path}{ending}"))).flatten();
        file.map(|file| (file, Some(encoding)))
    };
    let (file, encoding) = packed("br", ".br")
        .or_else(|| packed("gzip", ".gz"))
        .or_else(|| F::get(path).map(|file| (file, None)))?;
    Some(answer(path, &file, encoding, headers))
}

fn answer(
    path: &str,
    file: &EmbeddedFile,
    encoding: Option<&'static str>,
    headers: &HeaderMap,
) -> Response {
    let tag = format!("\"{}\"", BASE64_URL_SAFE_NO_PAD.encode(file.metadata.sha256_hash()));
    let known = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|tags| tags.to_str().is_ok_and(|tags| tags.contains(&tag)));
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.clone().into_response()
    };
    let lasting =
        if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    let more = response.headers_mut();
    more.insert(CACHE_CONTROL, HeaderValue::from_static(lasting));
    more.insert(VARY, HeaderValue::from_static("accept-encoding"));
    more.insert(CONTENT_TYPE, content_type(path));
    if let Some(encoding) = encoding {
        more.insert(CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        more.insert(ETAG, tag);
    }
    response
}

/// Of the file itself, however it is packed.
fn content_type(path: &str) -> HeaderValue {
    let kind = match path.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("webp") => "image/webp",
        Some("ico") => "image/x-icon",
        Some("woff2") => "font/woff2",
        Some("txt") => "text/plain; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some(_) | None => "application/octet-stream",
    };
    HeaderValue::from_static(kind)
}

/// Whether the browser takes this encoding; one with `q=0` is refused.
fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|entry| {
        let (name, weight) = entry.split_once(';').unwrap_or((entry, ""));
        let refused = weight.trim().trim_start_matches("q=").parse() == Ok(0.0_f32);
        name.trim().eq_ignore_ascii_case(encoding) && !refused
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderName;

    use super::*;

    #[test]
    fn an_encoding_is_taken_only_from_who_names_it() {
        let takes = |line: &'static str, encoding| {
            let line = HeaderValue::from_static(line);
            accepts(&HeaderMap::from_iter([(ACCEPT_ENCODING, line)]), encoding)
        };
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("gzip;q=0.5,BR;q=1.0", "br"));
        assert!(!takes("gzip, br;q=0", "br"));
        assert!(!takes("gzip", "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }

    /// What a build leaves behind, in small.
    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/tests/assets"]
    struct Built;

    /// A folder in which nothing was built.
    #[derive(RustEmbed)]
    #[folder = "$CARGO_MANIFEST_DIR/tests/nothing"]
    #[allow_missing = true]
    struct NotBuilt;

    fn get(path: &str, headers: &[(HeaderName, &'static str)]) -> Response {
        let headers = headers.iter().cloned().map(|(name, value)| (name, value.parse().unwrap()));
        respond::<Built>(path, &headers.collect())
    }

    fn header(response: &Response, name: HeaderName) -> &str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[test]
    fn hashed_files_last_for_ever_and_the_page_is_asked_for_again() {
        let script = get("assets/app-1a2b3c.js", &[]);
        assert_eq!(header(&script, CACHE_CONTROL), "public, max-age=31536000, immutable");
        assert_eq!(header(&script, CONTENT_TYPE), "text/javascript; charset=utf-8");
        for path in ["", "index.html", "trip/trip:01JABCDEFGHJKMNPQRSTVWXYZ0", "invite/ab-c_d"] {
            let page = get(path, &[]);
            assert_eq!(page.status(), StatusCode::OK, "{path}");
            assert_eq!(header(&page, CACHE_CONTROL), "no-cache", "{path}");
            assert_eq!(header(&page, CONTENT_TYPE), "text/html; charset=utf-8", "{path}");
        }
    }

    #[test]
    fn the_best_packing_that_the_browser_takes_is_sent() {
        let packing = |accepted| {
            let response = get("assets/app-1a2b3c.js", &[(ACCEPT_ENCODING, accepted)]);
            assert_eq!(header(&response, VARY), "accept-encoding");
            assert_eq!(header(&response, CONTENT_TYPE), "text/javascript; charset=utf-8");
            header(&response, CONTENT_ENCODING).to_owned()
        };
        assert_eq!(packing("gzip, br"), "br");
        assert_eq!(packing("gzip"), "gzip");
        assert_eq!(packing("zstd"), "");
    }

    #[test]
    fn what_a_browser_has_already_is_not_sent_again() {
        let tag = header(&get("index.html", &[]), ETAG).to_owned();
        let again = HeaderMap::from_iter([(IF_NONE_MATCH, tag.parse().unwrap())]);
        assert_eq!(respond::<Built>("index.html", &again).status(), StatusCode::NOT_MODIFIED);
        let other = get("index.html", &[(IF_NONE_MATCH, "\"other\"")]);
        assert_eq!(other.status(), StatusCode::OK);
    }

    #[test]
    fn a_file_that_is_missing_is_not_the_page() {
        for path in ["assets/app-old.js", "assets/app-1a2b3c.js.br", "favicon.ico"] {
            assert_eq!(get(path, &[]).status(), StatusCode::NOT_FOUND, "{path}");
        }
    }

    #[test]
    fn a_server_without_a_client_says_what_to_do() {
        let response = respond::<NotBuilt>("", &HeaderMap::new());
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(NOT_BUILT.contains("make run"));
    }
}

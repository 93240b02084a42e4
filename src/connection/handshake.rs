//! The handshake of RFC 6455: what may become a WebSocket, its subprotocol, and the token that comes with it.

use axum::{
    Json,
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use hyper::upgrade::OnUpgrade;
use serde_json::json;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_util::task::TaskTracker;

use super::websocket::{self, WebSocket};
use crate::documents::Share;

/// The only version of the protocol that there is.
const VERSION: HeaderValue = HeaderValue::from_static("13");
/// A subprotocol that begins so is a ticket: browsers can't set other headers of a handshake.
const TICKET: &str = "moim.ticket.";
/// The subprotocol that follows this one is a ticket.
const BEARER: &str = "bearer";
/// The answer to the handshake must be written within this time.
const SWITCH_WITHIN: std::time::Duration = std::time::Duration::from_secs(10);

/// A request that asks to become a WebSocket.
pub(crate) struct Upgrade {
    accept: String,
    switching: OnUpgrade,
    offered: Offered,
}

/// The subprotocols that a client offers.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offered {
    /// Browsers end a connection whose server selects none of them.
    selected: Option<String>,
    ticket: Option<String>,
}

impl Upgrade {
    /// The token of the connection, from the query (`token`), the `Authorization` header or a subprotocol.
    pub(crate) fn token(&self, query: Option<String>, headers: &HeaderMap) -> Option<String> {
        query.or_else(|| bearer(headers)).or_else(|| self.offered.ticket.clone())
    }

    /// Answers the handshake and serves the connection, whose messages have so many bytes at most.
    pub(crate) fn serve<F: Future<Output = ()> + Send + 'static>(
        self,
        frame_bytes: usize,
        share: Share,
        tasks: &TaskTracker,
        serve: impl FnOnce(WebSocket) -> F + Send + 'static,
    ) -> Response {
        let Self { accept, switching, offered } = self;
        tasks.spawn(async move {
            // Whoever is gone by now needs nothing.
            if let Ok(Ok(upgraded)) = timeout(SWITCH_WITHIN, switching).await {
                serve(websocket::server(upgraded, frame_bytes, share).await).await;
            }
        });
        let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
        let selected = offered.selected.and_then(|name| HeaderValue::try_from(name).ok());
        let accept = HeaderValue::try_from(accept).ok();
        for (name, value) in
            [(header::SEC_WEBSOCKET_ACCEPT, accept), (header::SEC_WEBSOCKET_PROTOCOL, selected)]
        {
            if let Some(value) = value {
                headers.insert(name, value);
            }
        }
        response
    }
}

impl<S: Sync> FromRequestParts<S> for Upgrade {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        if parts.method != Method::GET {
            return Err(method_not_allowed());
        }
        let headers = &parts.headers;
        let is_asked = names(headers, &header::CONNECTION, "upgrade")
            && names(headers, &header::UPGRADE, "websocket")
            && headers.get(header::SEC_WEBSOCKET_VERSION) == Some(&VERSION);
        let key = headers.get(header::SEC_WEBSOCKET_KEY).filter(|_| is_asked);
        let accept =
            key.map(|key| derive_accept_key(key.as_bytes())).ok_or_else(upgrade_required)?;
        let offered = Offered::read(headers);
        let switching = parts.extensions.remove().ok_or_else(upgrade_required)?;
        Ok(Self { accept, switching, offered })
    }
}

impl Offered {
    fn read(headers: &HeaderMap) -> Self {
        let mut names = listed(headers, &header::SEC_WEBSOCKET_PROTOCOL).peekable();
        // A client that offers its ticket and nothing else is to have that selected: it knows it already.
        let first = names.peek().copied();
        let (mut selected, mut ticket) = (None, None);
        while let Some(name) = names.next() {
            if let Some(token) = name.strip_prefix(TICKET) {
                ticket.get_or_insert(token);
                continue;
            }
            selected.get_or_insert(name);
            if name.eq_ignore_ascii_case(BEARER)
                && let Some(token) = names.next()
            {
                ticket.get_or_insert(token);
            }
        }
        Self { selected: selected.or(first).map(str::to_owned), ticket: ticket.map(str::to_owned) }
    }
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim().to_owned())
}

/// The entries of a list that may stand in several headers of this name.
fn listed<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    let values = headers.get_all(name).into_iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).map(str::trim).filter(|entry| !entry.is_empty())
}

fn names(headers: &HeaderMap, name: &HeaderName, entry: &str) -> bool {
    listed(headers, name).any(|one| one.eq_ignore_ascii_case(entry))
}

fn upgrade_required() -> Response {
    let detail =
        "this address is for WebSockets: connect with ws:// or wss://, see docs/PROTOCOL.md";
    let mut response = problem(StatusCode::UPGRADE_REQUIRED, "upgrade_required", detail);
    let headers = response.headers_mut();
    headers.insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
    headers.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(header::SEC_WEBSOCKET_VERSION, VERSION);
    response
}

fn method_not_allowed() -> Response {
    let detail = "a WebSocket begins with GET";
    let mut response = problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail);
    response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET"));
    response
}

/// A problem document (RFC 9457), as the REST interface answers with.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    let body = json!({
        "type": format!("urn:moim:problem:{code}"),
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
    });
    let json = HeaderValue::from_static("application/problem+json");
    let mut response = (status, Json(body)).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(headers: &[&str]) -> (Option<String>, Option<String>) {
        let mut map = HeaderMap::new();
        for value in headers {
            map.append(header::SEC_WEBSOCKET_PROTOCOL, value.parse().unwrap());
        }
        let Offered { selected, ticket } = Offered::read(&map);
        (selected, ticket)
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn the_first_subprotocol_is_selected_and_none_where_none_is_offered() {
        assert_eq!(offered(&[]), (None, None));
        assert_eq!(offered(&[" , "]), (None, None));
        assert_eq!(offered(&["yjs"]), (some("yjs"), None));
        assert_eq!(offered(&["y-sync.v2, yjs", "other"]), (some("y-sync.v2"), None));
    }

    #[test]
    fn a_ticket_among_the_subprotocols_is_read_and_not_sent_back() {
        assert_eq!(offered(&["yjs, moim.ticket.a.b.c"]), (some("yjs"), some("a.b.c")));
        assert_eq!(offered(&["moim.ticket.a.b.c", "yjs"]), (some("yjs"), some("a.b.c")));
        assert_eq!(offered(&["bearer, a.b.c"]), (some("bearer"), some("a.b.c")));
        assert_eq!(offered(&["yjs,Bearer,a.b.c"]), (some("yjs"), some("a.b.c")));
        assert_eq!(offered(&["bearer"]), (some("bearer"), None));
    }

    #[test]
    fn a_client_that_offers_its_ticket_alone_has_it_selected() {
        assert_eq!(offered(&["moim.ticket.a"]), (some("moim.ticket.a"), some("a")));
    }

    #[test]
    fn lists_of_tokens_are_read_in_any_case_and_spread_over_headers() {
        let mut headers = HeaderMap::new();
        headers.append(header::CONNECTION, "keep-alive".parse().unwrap());
        headers.append(header::CONNECTION, "foo, Upgrade".parse().unwrap());
        assert!(names(&headers, &header::CONNECTION, "upgrade"));
        assert!(!names(&headers, &header::CONNECTION, "close"));
        headers.insert(header::AUTHORIZATION, "bearer  a.b".parse().unwrap());
        assert_eq!(bearer(&headers), some("a.b"));
    }
}

//! The bodies of requests: JSON objects, of which each field is known, or else the answer names the field.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::{HeaderMap, StatusCode, header::CONTENT_TYPE},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::error::Category;

use super::{app::App, error::ApiError};
use crate::{fields::Invalid, text};

/// The most characters of a field's name that are said again.
const NAME_SAID: usize = 64;

/// A form.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        read(&bytes(request, app).await?).map(Self)
    }
}

/// The form of a request that needs none: nothing, or an object without fields.
pub(crate) struct NoBody;

/// The same, where it is read together with others.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Nothing {}

impl FromRequest<Arc<App>> for NoBody {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        read_optional::<Nothing>(&headers, &bytes(request, app).await?).map(|Nothing {}| Self)
    }
}

/// All of a body, which is bounded.
pub(super) async fn bytes(request: Request, app: &Arc<App>) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, app).await.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => ApiError::too_large(rejection.body_text()),
        _ => ApiError::bad_request("malformed", rejection.body_text()),
    })
}

/// Reads a form that may be left out: nothing to say is the same as an empty form.
pub(super) fn read_optional<T: DeserializeOwned>(
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<T, ApiError> {
    if bytes.is_empty() {
        return read(b"{}");
    }
    require_json(headers)?;
    read(bytes)
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let named = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = named.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let is_json = essence == "application/json"
        || essence.strip_prefix("application/").is_some_and(|kind| kind.ends_with("+json"));
    is_json.then_some(()).ok_or_else(|| ApiError::Refused {
        status: StatusCode::UNSUPPORTED_MEDIA_TYPE,
        code: "not_json",
        detail: "send JSON, with `Content-Type: application/json`".into(),
    })
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    let malformed = |error: &serde_json::Error| {
        ApiError::bad_request("malformed", format!("not JSON: {error}"))
    };
    // A struct would be read from a list as well, field by field.
    if bytes.iter().find(|byte| !byte.is_ascii_whitespace()).is_some_and(|byte| *byte != b'{') {
        serde_json::from_slice::<serde::de::IgnoredAny>(bytes)
            .map_err(|error| malformed(&error))?;
        return Err(Invalid::field("", "the body must be an object").into());
    }
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let form = serde_path_to_error::deserialize(&mut json).map_err(|error| -> ApiError {
        match error.inner().classify() {
            Category::Data => invalid(&error.path().to_string(), &error.inner().to_string()).into(),
            Category::Syntax | Category::Eof | Category::Io => malformed(error.inner()),
        }
    })?;
    json.end().map_err(|error| malformed(&error))?;
    Ok(form)
}

/// What serde says of the data, as an error of the field that it is about.
fn invalid(path: &str, said: &str) -> Invalid {
    let said = said.rsplit_once(" at line ").map_or(said, |(said, _)| said);
    let within = |name: &str| if path == "." { name.to_owned() } else { format!("{path}.{name}") };
    if let Some((name, rest)) = said.strip_prefix("unknown field `").and_then(split_name) {
        // The path leads to the field itself then.
        let field = if path == "." { name } else { path };
        let field = text::cut(field, NAME_SAID).to_owned();
        return Invalid::field(field, format!("is not known here: {rest}"));
    }
    for (beginning, message) in
        [("missing field `", "must be given"), ("duplicate field `", "must be given once")]
    {
        if let Some(rest) = said.strip_prefix(beginning) {
            return Invalid::field(within(rest.trim_end_matches('`')), message);
        }
    }
    let field = if path == "." { String::new() } else { path.to_owned() };
    Invalid::field(field, said.to_owned())
}

/// A name that a stranger chose may hold anything: what is expected comes after it.
fn split_name(rest: &str) -> Option<(&str, &str)> {
    let ends = ["`, expected ", "`, there are no fields"];
    let end = ends.iter().filter_map(|end| rest.rfind(end)).max()?;
    Some((&rest[..end], &rest[end + 3..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused is looked at")]
    struct Form {
        name: String,
        days: Option<u16>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only what is refused is looked at")]
    struct Inner {
        zone: String,
    }

    fn wrong(body: &str) -> (String, String) {
        match read::<Form>(body.as_bytes()) {
            Err(ApiError::Invalid(Invalid(errors))) => {
                (errors[0].field.to_string(), errors[0].message.clone())
            }
            other => panic!("{body}: {other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_the_field_that_it_is_about() {
        for (body, field) in [
            (r#"{"name": "x", "password": "y"}"#, "password"),
            (r#"{"name": "x", "a`, expected b": 1}"#, "a`, expected b"),
            (r#"{"days": 3}"#, "name"),
            (r#"{"name": "x", "name": "y"}"#, "name"),
            (r#"{"name": 3}"#, "name"),
            (r#"{"name": "x", "days": -1}"#, "days"),
            (r#"{"name": "x", "inner": {"zone": "y", "more": 1}}"#, "inner.more"),
            (r#"{"name": "x", "inner": {}}"#, "inner.zone"),
            (r#"["x", 3, null]"#, ""),
            ("null", ""),
        ] {
            assert_eq!(wrong(body).0, field, "{body}");
        }
        let (_, message) = wrong(r#"{"name": "x", "password": "y"}"#);
        assert_eq!(message, "is not known here: expected one of `name`, `days`, `inner`");
        let long = format!(r#"{{"{}": 1}}"#, "x".repeat(10_000));
        assert_eq!(wrong(&long).0.len(), NAME_SAID);
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["", "{", r#"{"name": "x"} {}"#, "{\"name\": \"x\"", "nonsense"] {
            let read = read::<Form>(body.as_bytes());
            assert!(
                matches!(read, Err(ApiError::Refused { status: StatusCode::BAD_REQUEST, .. })),
                "{body}: {read:?}"
            );
        }
    }
}

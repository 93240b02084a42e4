//! Requests that may be sent again: with an `Idempotency-Key` the second one gets the first one's answer.

use std::{
    future::{Future, Ready, ready},
    sync::Arc,
};

use axum::{
    extract::{FromRequest, Request},
    http::{
        HeaderName, HeaderValue, StatusCode,
        header::{CONTENT_TYPE, HeaderMap},
    },
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};

use super::{app::App, body, error::ApiError};
use crate::{
    auth::digest_of,
    ids::UserId,
    store::{Begun, StoredAnswer, TokenHash},
};

/// The header, as of draft-ietf-httpapi-idempotency-key-header.
pub(super) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The longest key.
const KEY_MAX: usize = 200;

/// A request that makes something, and what it is recognised by when it comes again.
pub(crate) struct Repeatable<T> {
    body: T,
    claim: Option<Claim>,
}

/// A key and the request that it came with first.
struct Claim {
    key: String,
    fingerprint: TokenHash,
}

impl<T: DeserializeOwned + Send> FromRequest<Arc<App>> for Repeatable<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        let key = key(request.headers())?;
        let place = format!("{} {}\n", request.method(), request.uri().path());
        let headers = request.headers().clone();
        let bytes = body::bytes(request, app).await?;
        let claim = key.map(|key| {
            let fingerprint = TokenHash(digest_of(&[place.as_bytes(), &bytes]));
            Claim { key, fingerprint }
        });
        let body = body::read_optional(&headers, &bytes)?;
        Ok(Self { body, claim })
    }
}

fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    match value.to_str() {
        Ok(text) if (1..=KEY_MAX).contains(&text.len()) => Ok(Some(text.to_owned())),
        Ok(_) | Err(_) => Err(ApiError::bad_request(
            "malformed_key",
            "an Idempotency-Key has 1 to 200 visible ASCII characters",
        )),
    }
}

impl<T> Repeatable<T> {
    /// Carries it out, or tells again what came of it. A failure is not kept: after it the same key may try
    /// again. Whoever calls this has made sure that the person may do it now; `may_hear` says whether they may
    /// also hear the answer of then, which may be about something that is none of theirs any more.
    pub(crate) async fn once<U, F, H>(
        self,
        app: &App,
        user: UserId,
        carry_out: impl FnOnce(T) -> F,
        may_hear: impl FnOnce(String) -> H,
    ) -> Result<Told, ApiError>
    where
        U: Serialize,
        F: Future<Output = Result<(StatusCode, U), ApiError>>,
        H: Future<Output = Result<(), ApiError>>,
    {
        let Some(Claim { key, fingerprint }) = self.claim else {
            let answer = answer(carry_out(self.body).await?)?;
            return Ok(Told { answer, again: false });
        };
        let claimed = Timestamp::now();
        match app.idempotency.begin(user, &key, fingerprint, claimed).await? {
            Begun::New => {}
            Begun::Replay(answer) => {
                may_hear(answer.body.clone()).await?;
                return Ok(Told { answer, again: true });
            }
            Begun::InProgress => {
                let detail = "the first request with this key is still under way";
                return Err(ApiError::conflict("in_progress", detail));
            }
            Begun::Mismatch => {
                let detail = "this Idempotency-Key was used for another request";
                return Err(ApiError::conflict("key_reused", detail));
            }
        }
        match carry_out(self.body).await.and_then(answer) {
            Ok(answer) => {
                app.idempotency.finish(user, &key, claimed, &answer).await?;
                Ok(Told { answer, again: false })
            }
            Err(error) => {
                app.idempotency.abandon(user, &key, claimed).await?;
                Err(error)
            }
        }
    }
}

/// An answer about a plan that the request is about itself: who may ask may hear it.
pub(crate) fn of_the_same_plan(_: String) -> Ready<Result<(), ApiError>> {
    ready(Ok(()))
}

/// The answer to a request that may have come before.
pub(crate) struct Told {
    answer: StoredAnswer,
    again: bool,
}

impl IntoResponse for Told {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.answer.status).unwrap_or(StatusCode::OK);
        let json = [(CONTENT_TYPE, "application/json")];
        let mut response = (status, json, self.answer.body).into_response();
        if self.again {
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}

fn answer<U: Serialize>((status, made): (StatusCode, U)) -> Result<StoredAnswer, ApiError> {
    let body = serde_json::to_string(&made);
    let body = body.map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(StoredAnswer { status: status.as_u16(), body })
}

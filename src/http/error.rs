//! What goes wrong over HTTP: one error, one mapping to a problem document (RFC 9457), one log line.

use std::{borrow::Cow, time::Duration};

use axum::{
    Json,
    http::{
        HeaderValue, StatusCode,
        header::{CONTENT_TYPE, RETRY_AFTER},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    access::Denied,
    accounts::AccountError,
    fields::{FieldError, Invalid},
    plans::PlanError,
    rooms::RoomError,
    store::{StoreError, conflict},
};

/// An error as a caller gets it.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// The caller has to do something else, and is told what.
    Refused {
        /// 4xx.
        status: StatusCode,
        /// For programs; never changes.
        code: &'static str,
        /// For people.
        detail: Cow<'static, str>,
    },
    /// A form that can't be taken as it is.
    Invalid(Invalid),
    /// Too much at once; it may be tried again after a while.
    Limited {
        /// The name of the limit.
        limit: &'static str,
        /// How long to wait.
        wait: Duration,
    },
    /// There are too many others just now; it may be tried again after a while.
    Busy {
        /// What has no place left.
        what: &'static str,
        /// How long to wait.
        wait: Duration,
    },
    /// Something that we need is away; it may be tried again.
    Unavailable(String),
    /// We failed. What happened is for the log alone.
    Internal(String),
}

impl ApiError {
    pub(crate) fn bad_request(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused { status: StatusCode::BAD_REQUEST, code, detail: detail.into() }
    }

    pub(crate) fn unauthorized(code: &'static str, detail: &'static str) -> Self {
        Self::Refused { status: StatusCode::UNAUTHORIZED, code, detail: detail.into() }
    }

    pub(crate) fn forbidden(code: &'static str, detail: &'static str) -> Self {
        Self::Refused { status: StatusCode::FORBIDDEN, code, detail: detail.into() }
    }

    /// Also for what is there, but not for this caller.
    pub(crate) fn not_found(what: &'static str) -> Self {
        let detail = format!("there is no such {what}, or you are not in it").into();
        Self::Refused { status: StatusCode::NOT_FOUND, code: "not_found", detail }
    }

    pub(crate) fn conflict(code: &'static str, detail: &'static str) -> Self {
        Self::Refused { status: StatusCode::CONFLICT, code, detail: detail.into() }
    }

    /// A body that was not read to its end.
    pub(crate) fn too_large(detail: String) -> Self {
        metrics::counter!("moim_limited_total", "limit" => "body_bytes").increment(1);
        let (status, code) = (StatusCode::PAYLOAD_TOO_LARGE, "too_large");
        Self::Refused { status, code, detail: detail.into() }
    }

    pub(crate) fn method_not_allowed() -> Self {
        let (code, detail) = ("method_not_allowed", "see /api/docs for what this endpoint does");
        Self::Refused { status: StatusCode::METHOD_NOT_ALLOWED, code, detail: detail.into() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Refused { status, .. } => *status,
            Self::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Self::Limited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Busy { .. } | Self::Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code,
            Self::Invalid(_) => "invalid",
            Self::Limited { .. } => "too_many",
            Self::Busy { .. } => "busy",
            Self::Unavailable(_) => "unavailable",
            Self::Internal(_) => "internal",
        }
    }

    /// The one place where an error is logged. What a caller filled in is content, so it isn't.
    fn log(&self) {
        let code = self.code();
        match self {
            Self::Refused { status, .. } => tracing::debug!(%status, code, "refused"),
            Self::Invalid(_) => tracing::debug!(code, "refused"),
            Self::Limited { limit, .. } => tracing::info!(limit, "limited"),
            Self::Busy { what, .. } => tracing::info!(limit = what, "busy"),
            Self::Unavailable(cause) => tracing::warn!(cause, "unavailable"),
            Self::Internal(cause) => tracing::error!(cause, "failed"),
        }
    }

    /// What the caller may know. A 5xx says nothing of what is inside.
    fn problem(self) -> Problem {
        let (status, code) = (self.status(), self.code());
        let (detail, errors) = match self {
            Self::Refused { detail, .. } => (detail, Vec::new()),
            Self::Invalid(invalid) => (Cow::from(invalid.to_string()), invalid.0),
            Self::Limited { .. } => ("slow down, and try again later".into(), Vec::new()),
            Self::Busy { .. } => {
                ("many people log in just now: try again in some seconds".into(), Vec::new())
            }
            Self::Unavailable(_) => ("try again in a moment".into(), Vec::new()),
            Self::Internal(_) => ("something went wrong here".into(), Vec::new()),
        };
        Problem {
            kind: format!("urn:moim:problem:{code}"),
            title: status.canonical_reason().unwrap_or_default().to_owned(),
            status: status.as_u16(),
            detail: detail.into_owned(),
            code: code.to_owned(),
            errors,
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        self.log();
        let status = self.status();
        let wait = match &self {
            Self::Limited { wait, .. } | Self::Busy { wait, .. } => Some(wait.as_secs() + 1),
            Self::Unavailable(_) => Some(1),
            Self::Refused { .. } | Self::Invalid(_) | Self::Internal(_) => None,
        };
        let mut response = (status, Json(self.problem())).into_response();
        let json = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        if let Some(seconds) = wait {
            response.headers_mut().insert(RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// `urn:moim:problem:` and the code.
    #[serde(rename = "type")]
    kind: String,
    /// Of the status.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What to do about it, for people.
    detail: String,
    /// What it is, for programs.
    code: String,
    /// What is wrong with which field, if the request was a form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

impl From<Invalid> for ApiError {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(cause) => Self::Unavailable(cause),
            StoreError::Corrupt(cause) => Self::Internal(cause),
            StoreError::Conflict(conflict::VERSIONS) => Self::conflict(
                "versions_full",
                "as many versions of this document have a name as may: save this one without a name",
            ),
            StoreError::Conflict(_) => Self::conflict("conflict", "somebody else was faster"),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Invalid(invalid) => invalid.into(),
            AccountError::WrongCredentials => {
                Self::unauthorized("wrong_credentials", "mail address or password is wrong")
            }
            AccountError::SessionOver => Self::unauthorized("session_over", "log in again"),
            AccountError::SessionStolen => Self::unauthorized(
                "session_stolen",
                "this session was used in two places and has ended: log in again",
            ),
            AccountError::ResetOver => Self::Refused {
                status: StatusCode::GONE,
                code: "reset_over",
                detail: "this link has run out or was used: ask who runs the server for another"
                    .into(),
            },
            AccountError::Busy => Self::Busy { what: "passwords", wait: Duration::from_secs(2) },
            AccountError::Failed(cause) => Self::Internal(cause.to_owned()),
            AccountError::Store(error) => error.into(),
        }
    }
}

impl From<PlanError> for ApiError {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::NotFound(what) => Self::not_found(what),
            PlanError::Denied(denied) => denied.into(),
            PlanError::Invalid(invalid) => invalid.into(),
            PlanError::InviteOver => Self::Refused {
                status: StatusCode::GONE,
                code: "invite_over",
                detail: "this invitation has run out or was taken back: ask for another".into(),
            },
            PlanError::InviteSpent => Self::Refused {
                status: StatusCode::GONE,
                code: "invite_spent",
                detail: "an owner took you out after this invitation was made: ask for a new one"
                    .into(),
            },
            PlanError::OtherRole => Self::conflict(
                "role_changed",
                "somebody else has just changed this role: look again",
            ),
            PlanError::ManyInvites => Self::conflict(
                "too_many_invites",
                "the trip has as many open invitations as it may have: take one back first",
            ),
            PlanError::ManyPlans => Self::conflict(
                "too_many_trips",
                "you have as many trips as you may have: leave one, or put one into the trash, first",
            ),
            PlanError::LastOwner => {
                Self::conflict("last_owner", "make somebody else an owner first")
            }
            PlanError::Full => {
                Self::conflict("full", "the trip has as many members as it may have")
            }
            PlanError::Failed(cause) => Self::Internal(cause),
            PlanError::Room(error) => error.into(),
            PlanError::Store(error) => error.into(),
        }
    }
}

impl From<Denied> for ApiError {
    fn from(denied: Denied) -> Self {
        match denied {
            Denied::Role => {
                Self::forbidden("role", "your role in this trip does not go so far: ask an owner")
            }
            Denied::Trashed => {
                Self::conflict("trashed", "the trip is in the trash: take it back first")
            }
        }
    }
}

impl From<RoomError> for ApiError {
    fn from(error: RoomError) -> Self {
        match error {
            RoomError::NotFound => Self::not_found("document"),
            RoomError::OtherEpoch => {
                Self::conflict("began_anew", "the document has just begun anew: look at it first")
            }
            RoomError::Unreadable(_) => Self::Internal(error.to_string()),
            RoomError::Refused(_) => Self::conflict(
                "document_full",
                "the document has reached a limit: remove something",
            ),
            RoomError::Full(limit) => Self::Limited { limit, wait: Duration::from_secs(5) },
            RoomError::Draining | RoomError::Closed => Self::Unavailable(error.to_string()),
            RoomError::Store(error) => error.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_of_ours_says_nothing_of_its_cause() {
        for error in [
            ApiError::Internal("disk 7 at /data is damaged".into()),
            ApiError::Unavailable("disk 7 at /data is full".into()),
        ] {
            let problem = serde_json::to_string(&error.problem()).unwrap();
            assert!(!problem.contains("disk"), "{problem}");
        }
    }

    #[test]
    fn a_problem_document_has_the_members_of_its_standard() {
        let problem = ApiError::conflict("trashed", "take it back").problem();
        let expected = serde_json::json!({
            "type": "urn:moim:problem:trashed", "title": "Conflict", "status": 409,
            "detail": "take it back", "code": "trashed",
        });
        assert_eq!(serde_json::to_value(problem).unwrap(), expected);
    }

    #[test]
    fn who_is_limited_learns_how_long() {
        let wait = Duration::from_millis(2500);
        let response = ApiError::Limited { limit: "logins", wait }.into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "3");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
    }
}

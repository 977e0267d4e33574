//! What goes wrong, as RFC 9457 problems. The status of every code stands in one table.

use std::borrow::Cow;

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

/// An answer that says no. [`crate::front::seal`] adds the request's id and path.
#[derive(Debug, Clone)]
pub struct Problem {
    pub code: Cow<'static, str>,
    pub detail: Option<Cow<'static, str>>,
    pub errors: Vec<Fault>,
    /// Seconds after which a repetition may succeed.
    pub retry_after: Option<i64>,
    /// Overrides the table, for codes that come from a job.
    pub status: Option<StatusCode>,
}

/// One value that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// JSON pointer of the value in the request.
    pub pointer: String,
    pub code: String,
    pub message: String,
}

/// The body of every refusal (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    pub status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    pub instance: String,
    /// Stable, for programs.
    pub code: String,
    pub request_id: String,
    /// Whether the same request may succeed later.
    pub retryable: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
}

/// Status and title of a code. A code that is not here is a conflict with what is stored.
fn known(code: &str) -> (StatusCode, &'static str) {
    use StatusCode as S;
    match code {
        "MALFORMED" => (S::BAD_REQUEST, "The request cannot be read"),
        "BAD_CURSOR" => (S::BAD_REQUEST, "The cursor is not one of ours"),
        "UNAUTHENTICATED" => (S::UNAUTHORIZED, "Sign in first"),
        "BAD_CREDENTIALS" => (S::UNAUTHORIZED, "Unknown name or wrong password"),
        "BARRED" => (S::FORBIDDEN, "That number may not be called"),
        "FUNCTION_HIDDEN" => (S::FORBIDDEN, "Agents do not have this function"),
        "FORBIDDEN" => (S::FORBIDDEN, "Your role does not allow this"),
        "NO_DEPARTMENT" => (S::FORBIDDEN, "Your account belongs to no department"),
        "ALLOC_FORBIDDEN" => (S::FORBIDDEN, "You may not allocate to this target"),
        "CSRF" => (S::FORBIDDEN, "The page's token is missing or old"),
        "ORIGIN" => (S::FORBIDDEN, "The request comes from another site"),
        "NOT_FOUND" | "NO_SUCH_CALL" => (S::NOT_FOUND, "There is no such thing"),
        "BAD_NUMBER" => (S::UNPROCESSABLE_ENTITY, "That is no number to dial"),
        "BAD_DIGITS" => (S::UNPROCESSABLE_ENTITY, "Those are no keys"),
        "NO_SUCH_AGENT" => (S::NOT_FOUND, "There is no such agent"),
        "NO_SUCH_MEMBER" => (S::NOT_FOUND, "There is no such party in that call"),
        "METHOD_NOT_ALLOWED" => (S::METHOD_NOT_ALLOWED, "This cannot be done here"),
        "TOO_LARGE" => (S::PAYLOAD_TOO_LARGE, "The request is too large"),
        "BAD_RANGE" => (S::RANGE_NOT_SATISFIABLE, "There are no such bytes"),
        "UNSUPPORTED_MEDIA" => (S::UNSUPPORTED_MEDIA_TYPE, "The body is of another kind"),
        "INVALID" => (S::UNPROCESSABLE_ENTITY, "Some values cannot be taken"),
        "IDEMPOTENCY_MISMATCH" => (
            S::UNPROCESSABLE_ENTITY,
            "The Idempotency-Key was used with another request",
        ),
        "IDEMPOTENCY_IN_PROGRESS" => (S::CONFLICT, "The first request still runs"),
        "NO_PHONE_FIELD" => (
            S::UNPROCESSABLE_ENTITY,
            "No field is marked as phone number",
        ),
        "RUN_EXPIRED" => (
            S::GONE,
            "The run's leads are no longer kept; run the filter again",
        ),
        "FILE_EXPIRED" => (S::GONE, "The file is no longer kept"),
        "OUT_OF_STOCK" => (S::CONFLICT, "There are not that many"),
        "GATE_REFUSED" => (S::CONFLICT, "The number may not be called now"),
        "GATEWAY_MISSING" => (
            S::UNPROCESSABLE_ENTITY,
            "The campaign has no usable gateway",
        ),
        "BAD_PATTERN" => (
            S::UNPROCESSABLE_ENTITY,
            "The pattern is no number and no regular expression",
        ),
        "NO_SUCH_QUEUE" => (S::NOT_FOUND, "There is no such queue"),
        "NO_SUCH_MENU" => (S::NOT_FOUND, "There is no such voice menu"),
        "BAD_DISPOSITION" => (S::UNPROCESSABLE_ENTITY, "The disposition cannot be taken"),
        "FILE_MISSING" => (S::UNPROCESSABLE_ENTITY, "The upload has no file"),
        "SCRIPT_INVALID" => (S::UNPROCESSABLE_ENTITY, "The script cannot be used"),
        "SOUND_UNUSABLE" => (
            S::UNPROCESSABLE_ENTITY,
            "The file is no sound that can be used",
        ),
        "LOCKED_OUT" => (S::TOO_MANY_REQUESTS, "Too many failed sign-ins"),
        "TOO_MANY" => (S::TOO_MANY_REQUESTS, "Too many requests"),
        "INTERNAL" => (S::INTERNAL_SERVER_ERROR, "Something failed on our side"),
        "PHONE_UNREACHABLE" => (S::BAD_GATEWAY, "The phone does not answer"),
        "DRAINING" => (S::SERVICE_UNAVAILABLE, "The server is shutting down"),
        _ => (S::CONFLICT, "This does not fit the present state"),
    }
}

impl Problem {
    #[must_use]
    pub fn of(code: &'static str) -> Self {
        Self {
            code: Cow::Borrowed(code),
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            status: None,
        }
    }

    #[must_use]
    pub fn because(code: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..Self::of(code)
        }
    }

    #[must_use]
    pub fn not_found() -> Self {
        Self::of("NOT_FOUND")
    }

    /// Values that cannot be taken.
    #[must_use]
    pub fn invalid(errors: Vec<Fault>) -> Self {
        Self {
            errors,
            ..Self::of("INVALID")
        }
    }

    /// One value that cannot be taken.
    #[must_use]
    pub fn at(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self::invalid(vec![Fault::new(pointer, code, message)])
    }

    /// A failure of ours: the cause goes to the log, not to the caller.
    #[must_use]
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut chain = cause.to_string();
        let mut source = cause.source();
        while let Some(inner) = source {
            chain = format!("{chain}: {inner}");
            source = inner.source();
        }
        tracing::error!(cause = %chain, "a request failed");
        Self::of("INTERNAL")
    }

    /// What a job reported that could not use what it was given.
    #[must_use]
    pub fn of_job(code: Option<String>, text: Option<String>) -> Self {
        Self {
            code: code.map_or(Cow::Borrowed("JOB_FAILED"), Cow::Owned),
            detail: text.map(Cow::Owned),
            status: Some(StatusCode::UNPROCESSABLE_ENTITY),
            ..Self::of("INVALID")
        }
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status.unwrap_or_else(|| known(&self.code).0)
    }

    /// The whole body, for the request with this id and path.
    #[must_use]
    pub fn body(&self, request_id: &str, instance: &str) -> ProblemBody {
        let (status, title) = (self.status(), known(&self.code).1);
        let retryable = status.is_server_error()
            || status == StatusCode::TOO_MANY_REQUESTS
            || self.code == "IDEMPOTENCY_IN_PROGRESS";
        ProblemBody {
            kind: "about:blank".into(),
            title: title.into(),
            status: status.as_u16(),
            detail: self.detail.as_deref().map(Into::into),
            instance: instance.into(),
            code: self.code.clone().into(),
            request_id: request_id.into(),
            retryable,
            errors: self.errors.clone(),
        }
    }
}

impl Fault {
    #[must_use]
    pub fn new(pointer: &str, code: &str, message: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        if let Some(seconds) = self.retry_after {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(self);
        response
    }
}

impl From<store::Error> for Problem {
    fn from(error: store::Error) -> Self {
        match error.code() {
            Some(code) => Self::of(code),
            None => Self::internal(&error),
        }
    }
}

impl From<live::Refusal> for Problem {
    fn from(refusal: live::Refusal) -> Self {
        Self::because(refusal.code, refusal.message)
    }
}

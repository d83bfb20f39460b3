//! What refuses.

use axum::Json;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// The `data` of an answer, or why there is none.
pub(super) type Answer = Result<Value, Refusal>;

/// An error answer.
pub(super) struct Refusal {
    status: StatusCode,
    detail: String,
    /// Seconds.
    retry_after: Option<u64>,
    /// Whether the store asked something that the page does not allow.
    is_wrong: bool,
}

/// What is against the page.
impl From<String> for Refusal {
    fn from(detail: String) -> Self {
        Self { is_wrong: true, ..Self::of(StatusCode::BAD_REQUEST, detail) }
    }
}

impl Refusal {
    /// A refusal with a status of the caller's choice.
    pub(super) fn of(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), retry_after: None, is_wrong: false }
    }

    /// What cannot be done as things stand. The page has no status for it; 400 is our own assumption.
    pub(super) fn impossible(detail: impl Into<String>) -> Self {
        Self::of(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::of(StatusCode::NOT_FOUND, format!("{what} not found"))
    }

    pub(super) fn token() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, "The access token is invalid")
    }

    pub(super) fn token_missing() -> Self {
        Self { is_wrong: true, ..Self::token() }
    }

    /// Too many calls; how long to wait in seconds.
    pub(super) fn too_fast(wait: u64) -> Self {
        Self { retry_after: Some(wait), ..Self::of(StatusCode::TOO_MANY_REQUESTS, "You reached the limit") }
    }

    pub(super) fn no_such_path() -> Self {
        Self { is_wrong: true, ..Self::not_found("the path is") }
    }

    pub(super) fn wrong_method() -> Self {
        Self { is_wrong: true, ..Self::of(StatusCode::METHOD_NOT_ALLOWED, "the page knows no such method here") }
    }

    /// What the store did wrong, if it did.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.is_wrong.then_some(self.detail.as_str())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({
            "type": "about:blank", "status": self.status.as_u16(), "title": title, "detail": self.detail,
        });
        let mut response = (self.status, Json(body)).into_response();
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        response
    }
}

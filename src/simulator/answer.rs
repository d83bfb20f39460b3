//! What the simulated parties answer when they do not do what was asked.

use std::time::Duration;

use axum::Json;
use axum::http::header::{AUTHORIZATION, RETRY_AFTER};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use serde_json::json;

/// The longest a simulated party hangs; a caller gives up earlier.
const HANG: Duration = Duration::from_secs(30);

/// An error answer: a status and `{"error":{"code","message"}}`.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", "a valid bearer token is needed")
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("no such {what}"))
    }

    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "OTHER", message)
    }

    pub fn broken() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "something went wrong")
    }

    pub fn too_many() -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", "slow down")
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": {"code": self.code, "message": self.message}}));
        let mut response = (self.status, body).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            response.headers_mut().insert(RETRY_AFTER, 1.into());
        }
        response
    }
}

/// Says nothing until the caller goes away (which drops this future) or half a minute is
/// over.
pub async fn hang() -> Refusal {
    tokio::time::sleep(HANG).await;
    Refusal::new(StatusCode::GATEWAY_TIMEOUT, "TIMEOUT", "took too long")
}

/// Whether the request carries this bearer token.
pub fn bears(headers: &HeaderMap, token: &str) -> bool {
    let header = headers.get(AUTHORIZATION).and_then(|it| it.to_str().ok());
    header.and_then(|it| it.strip_prefix("Bearer ")).is_some_and(|it| it == token)
}

/// The `Idempotency-Key` of a POST, 1 to 255 characters.
pub fn idempotency_key(headers: &HeaderMap) -> Result<String, Refusal> {
    let header = headers.get("idempotency-key").and_then(|it| it.to_str().ok());
    header.filter(|it| (1..=255).contains(&it.len())).map(str::to_owned).ok_or_else(|| {
        Refusal::new(StatusCode::BAD_REQUEST, "IDEMPOTENCY_KEY_MISSING", "the header Idempotency-Key is needed")
    })
}

/// A JSON body, or 422 with where it is wrong.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("the body cannot be read: {error}")))
}

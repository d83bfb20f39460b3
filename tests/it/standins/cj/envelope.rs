//! The envelope around every answer: `{code, result, message, data, requestId}`, and what refuses.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// What the page gives for an unknown order. For other unknown things and for wrong parameters it
/// gives none, and that they share it is our own assumption: only a query of an order may read it as
/// *there is no such order*.
const NOT_FOUND: i64 = 1_600_300;
/// Too many calls a second.
const TOO_FAST: i64 = 1_600_200;
/// Our own assumption: the page has no number for a bad token.
const BAD_TOKEN: i64 = 1_600_001;
/// Our own assumption: any other refusal has a number that nobody knows.
const OTHER: i64 = 1_600_999;

/// Endpoints that answer `code:0, success:true`. The page says that there are some; which is our own
/// assumption.
const ZERO: [&str; 3] = ["shopping/pay/", "webhook/", "logistic/trackInfo"];

/// The `data` of an answer, or why there is none.
pub(super) type Answer = Result<Value, Refusal>;

/// An error answer.
pub(super) struct Refusal {
    status: StatusCode,
    code: i64,
    message: String,
    points: Option<Value>,
    /// Whether the store asked something that the page does not allow.
    is_wrong: bool,
}

/// What is against the page.
impl From<String> for Refusal {
    fn from(message: String) -> Self {
        Self { is_wrong: true, ..Self::coded(NOT_FOUND, message) }
    }
}

impl Refusal {
    /// A refusal with a number of the caller's choice.
    pub(super) fn coded(code: i64, message: impl Into<String>) -> Self {
        Self { status: StatusCode::OK, code, message: message.into(), points: None, is_wrong: false }
    }

    pub(super) fn not_found(what: &str) -> Self {
        Self::coded(NOT_FOUND, format!("{what} not found"))
    }

    pub(super) fn other(message: impl Into<String>) -> Self {
        Self::coded(OTHER, message)
    }

    pub(super) fn too_fast() -> Self {
        Self::coded(TOO_FAST, "Too Many Requests, QPS limit")
    }

    /// A token that is none. The page gives neither status nor number: HTTP 401 here and 200 in
    /// [`Self::token_in_envelope`] are our own assumptions, so that both have to be understood.
    pub(super) fn token() -> Self {
        Self { status: StatusCode::UNAUTHORIZED, ..Self::token_in_envelope() }
    }

    pub(super) fn token_in_envelope() -> Self {
        Self::coded(BAD_TOKEN, "Invalid API key or access token")
    }

    /// A call without its header.
    pub(super) fn token_missing() -> Self {
        Self { is_wrong: true, ..Self::token() }
    }

    /// The day's points are used up: HTTP 429. That `pointsInfo` stands beside `data`, and that the
    /// envelope's code repeats the status, is our own assumption.
    pub(super) fn points_gone(used: i64, total: i64) -> Self {
        let points = json!({ "usedToday": used, "remaining": (total - used).max(0), "total": total });
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, points: Some(points), ..Self::coded(429, "The points of today are used up") }
    }

    pub(super) fn no_such_path() -> Self {
        Self { status: StatusCode::NOT_FOUND, is_wrong: true, ..Self::coded(404, "no such path") }
    }

    pub(super) fn wrong_method(right: &str) -> Self {
        let refusal = Self::coded(405, format!("the method has to be {right}"));
        Self { status: StatusCode::METHOD_NOT_ALLOWED, is_wrong: true, ..refusal }
    }

    /// What the store did wrong, if it did.
    pub(super) fn complaint(&self) -> Option<&str> {
        self.is_wrong.then_some(self.message.as_str())
    }

    pub(super) fn response(self, request: u64) -> Response {
        let mut body = json!({
            "code": self.code, "result": false, "message": self.message, "data": null,
            "requestId": request_id(request),
        });
        if let Some(points) = self.points {
            body["pointsInfo"] = points;
        }
        (self.status, Json(body)).into_response()
    }
}

/// A good answer, in the form that this path uses.
pub(super) fn success(path: &str, data: &Value, request: u64) -> Response {
    let id = request_id(request);
    let body = if ZERO.iter().any(|it| path.starts_with(it)) {
        json!({ "code": 0, "success": true, "message": "Success", "data": data, "requestId": id })
    } else {
        json!({ "code": 200, "result": true, "message": "Success", "data": data, "requestId": id })
    };
    Json(body).into_response()
}

fn request_id(request: u64) -> String {
    format!("request-{request:08}")
}

//! The doors. Whatever is wrong with a message that is not proved to come from its sender, the answer
//! is the same: a forger learns neither which suppliers there are nor what was wrong.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;

use super::receive::{Received, Sender, receive};
use crate::app::App;
use crate::kernel::problem::Fault;
use crate::platform::body::was_too_slow;

/// The largest message.
const MAX_BODY: usize = 1024 * 1024;

/// The routes `POST /webhooks/suppliers/{supplierId}` and `POST /webhooks/payments/{gateway}`.
pub fn router(app: App) -> Router {
    Router::new()
        .route("/webhooks/suppliers/{supplier}", post(from_supplier))
        .route("/webhooks/payments/{gateway}", post(from_gateway))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(app)
}

async fn from_supplier(
    State(app): State<App>,
    Path(supplier): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> StatusCode {
    match (supplier.parse(), body) {
        (Ok(id), Ok(body)) => answer(receive(&app, &Sender::Supplier(id), &headers, &body).await),
        (Ok(_), Err(rejection)) => no_body(rejection),
        (Err(_), _) => StatusCode::UNAUTHORIZED,
    }
}

async fn from_gateway(
    State(app): State<App>,
    Path(gateway): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> StatusCode {
    match body {
        Ok(body) => answer(receive(&app, &Sender::Gateway(gateway), &headers, &body).await),
        Err(rejection) => no_body(rejection),
    }
}

/// axum takes a body that paused too long for a bad one.
fn no_body(rejection: BytesRejection) -> StatusCode {
    if was_too_slow(&rejection) { StatusCode::REQUEST_TIMEOUT } else { rejection.status() }
}

/// A repeat is answered like the first: the sender only has to know that it need not send it again.
fn answer(result: Result<Received, Fault>) -> StatusCode {
    match result {
        Ok(Received::Stored | Received::Repeated) => StatusCode::OK,
        Ok(Received::Forged) => StatusCode::UNAUTHORIZED,
        Err(fault) => {
            tracing::error!(error = format!("{:#}", anyhow::Error::from(fault)), "a webhook could not be stored");
            StatusCode::SERVICE_UNAVAILABLE
        }
    }
}

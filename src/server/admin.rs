//! What the operator's tools ask: whether the process serves, and how it fares.

use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::app::App;
use crate::operations;
use crate::platform::stopping::Stopping;

/// A probe waits no longer than this for the database.
const PROBE: Duration = Duration::from_secs(2);

/// Everything the admin listener answers.
pub fn router(app: &App) -> Router {
    Router::new().route("/metrics", get(metrics)).with_state(app.clone()).merge(super::health(app))
}

/// Ready: not about to end, and the database answers with all its tables.
pub async fn ready(State(app): State<App>) -> Response {
    if app.local::<Stopping>().token().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "ending\n").into_response();
    }
    match tokio::time::timeout(PROBE, app.db.is_current()).await {
        Ok(Ok(true)) => "ready\n".into_response(),
        Ok(Ok(false)) => (StatusCode::SERVICE_UNAVAILABLE, "the database is not migrated\n").into_response(),
        Ok(Err(_)) | Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n").into_response(),
    }
}

async fn metrics(State(app): State<App>) -> Response {
    if !matches!(tokio::time::timeout(PROBE, operations::measure(&app)).await, Ok(Ok(()))) {
        tracing::warn!("the database did not answer in time; its metrics are those of the last time");
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}

//! The HTTP server, put together: the public listener and the admin one.
//!
//! Clients, browsers, suppliers' and payment providers' webhooks come to the public listener;
//! Prometheus and the operator's probes may also come to the admin one, which is never public.

mod accept;
mod admin;
mod layers;
mod observe;
mod patient;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CACHE_CONTROL;
use axum::routing::get;
use axum::{Json, Router};

pub use self::accept::{address, bind, serve};
pub use self::admin::router as admin_router;
use crate::app::App;
use crate::{graph, importing, webhooks};

/// Everything the public listener answers.
pub fn router(app: &App) -> Router {
    // A console in a browser sends files as it sends operations, under the same rule of origins.
    let uploads = importing::uploads_router(app.clone()).layer(graph::cors(&app.config.allowed_origins));
    let api = Router::new().merge(graph::router(app.clone())).merge(uploads).merge(webhooks::router(app.clone()));
    layers::around(app, api.merge(health(app)).merge(keys(app)).fallback(nothing_here))
}

/// `/livez`: the process runs. `/readyz`: it can serve.
fn health(app: &App) -> Router {
    Router::new().route("/livez", get(|| async { "ok\n" })).route("/readyz", get(admin::ready)).with_state(app.clone())
}

/// The public keys of access tokens, for the merchant's other services.
fn keys(app: &App) -> Router {
    let answer = |State(app): State<App>| async move {
        ([(CACHE_CONTROL, "public, max-age=300")], Json(app.session_keys.public().clone()))
    };
    Router::new().route("/.well-known/jwks.json", get(answer)).with_state(app.clone())
}

async fn nothing_here() -> (StatusCode, &'static str) {
    (StatusCode::NOT_FOUND, "nothing here; the API is at /graphql\n")
}

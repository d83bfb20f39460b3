//! What lies around every route of the public listener, whatever it answers.

use std::any::Any;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::{Response, StatusCode};
use axum::{Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;

use super::observe;
use crate::app::App;

/// What pages may use of a browser's machine, should anything here ever be taken for a page.
const NOTHING_PERMITTED: &str =
    "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()";

/// `router` with its surroundings, the outermost last.
pub fn around(app: &App, router: Router) -> Router {
    let headers = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), NOTHING_PERMITTED),
    ];
    let https = app.config.public_url.as_ref().is_some_and(|url| url.starts_with("https://"));
    let https = https.then_some((STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
    let pause = Duration::from_secs(app.config.limits.body_pause_seconds);
    let mut router = router.layer(RequestBodyTimeoutLayer::new(pause)).layer(CompressionLayer::new());
    for (name, value) in headers.into_iter().chain(https) {
        router = router.layer(SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value)));
    }
    router.layer(CatchPanicLayer::custom(panicked)).layer(middleware::from_fn_with_state(app.clone(), observe::observe))
}

/// A handler's panic is one failed request. The text is the panic's own and stays here.
fn panicked(panic: Box<dyn Any + Send>) -> Response<Body> {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = text.unwrap_or("unknown"), "a request handler panicked");
    let body = r#"{"errors":[{"message":"internal error","extensions":{"code":"INTERNAL"}}]}"#;
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

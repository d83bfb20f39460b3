//! Every request gets an id, a span and its place in the metrics; none of them holds personal data
//! (the route's pattern, never the path or the query).

use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::Response;
use tracing::Instrument as _;
use tracing::field::Empty;

use crate::app::App;

/// The header of the id by which the log knows a request.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Runs the request in its span and counts it.
pub async fn observe(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let id = given(&request).unwrap_or_else(|| hex::encode(app.ids.bytes::<8>()));
    let header = HeaderValue::from_str(&id).ok();
    if let Some(header) = header.clone() {
        request.headers_mut().insert(REQUEST_ID, header);
    }
    let route =
        request.extensions().get::<MatchedPath>().map_or_else(|| "none".to_owned(), |it| it.as_str().to_owned());
    let method = method(&request);
    let span = tracing::info_span!("request", id, method, route, operation = Empty, order.id = Empty);
    let began = Instant::now();
    async move {
        let mut response = next.run(request).await;
        if let Some(header) = header {
            response.headers_mut().insert(REQUEST_ID, header);
        }
        let status = response.status();
        let took = began.elapsed();
        if status.is_server_error() {
            tracing::warn!(status = status.as_u16(), millis = took.as_millis(), "answered {status}");
        } else {
            tracing::debug!(status = status.as_u16(), millis = took.as_millis(), "answered {status}");
        }
        let labels = [("route", route), ("method", method.to_owned()), ("status", status.as_u16().to_string())];
        metrics::counter!("consign_http_requests_total", &labels).increment(1);
        metrics::histogram!("consign_http_request_seconds", &labels[..2]).record(took.as_secs_f64());
        response
    }
    .instrument(span)
    .await
}

/// One of the usual methods: the metrics of a name somebody made up would be kept for ever.
fn method(request: &Request) -> &'static str {
    match *request.method() {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}

/// The id a proxy gave, if it is a plain word: it ends up in logs and headers.
fn given(request: &Request) -> Option<String> {
    let text = request.headers().get(REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    ((1..=64).contains(&text.len()) && text.bytes().all(plain)).then(|| text.to_owned())
}

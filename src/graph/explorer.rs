//! GraphiQL, for a person with a browser.

use async_graphql::http::GraphiQLSource;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY};
use axum::response::{IntoResponse, Response};

use super::accept::Form;
use crate::app::App;

/// Where the page has its program from. It is a page for developers; a store that wants no such thing
/// switches introspection off for the public, and this page with it.
const CDN: &str = "https://esm.sh";

/// The explorer's page. Only its own script, named by a number used once, and its program may run in
/// it, and it may speak to this server alone.
pub fn page(app: &App) -> Response {
    let nonce = hex::encode(app.ids.bytes::<16>());
    let page = GraphiQLSource::build().endpoint("/graphql").subscription_endpoint("/graphql").title("Consign").finish();
    let page = page.replace("<script ", &format!("<script nonce=\"{nonce}\" "));
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' {CDN} data:; worker-src blob:; style-src 'unsafe-inline' {CDN}; \
         font-src {CDN} data:; img-src 'self' data:; connect-src 'self' {CDN}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = ([(CONTENT_TYPE, Form::Html.content_type()), (VARY, "accept")], page).into_response();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}

//! Which browser pages may make a browser ask.
//!
//! A POST needs a content type that no form has, so browsers ask first (by a CORS preflight) whether
//! the page's origin may send one. A GET they send without asking, for a link, an image or a script
//! of any site. It runs queries only, and no credential goes with it by itself; but it comes from
//! wherever the browser stands, inside a firewall too, and is paid by its address. So a GET that
//! another origin's page made the browser send is refused, unless that origin is allowed or the
//! request has a header that makes browsers ask first.

use axum::http::HeaderMap;
use axum::http::header::HeaderName;

use super::ws;
use crate::platform::config::Config;

/// Headers that no page can send to another origin without a preflight. The first is the usual one;
/// the others are those that Apollo's clients send.
pub const PREFLIGHTED: [HeaderName; 3] = [
    HeaderName::from_static("x-requested-with"),
    HeaderName::from_static("apollo-require-preflight"),
    HeaderName::from_static("x-apollo-operation-name"),
];

/// Whether a page of an origin that is not allowed made a browser send this, unasked. Programs, and
/// browsers in which somebody typed the address, say nothing of the kind.
pub fn is_foreign(config: &Config, headers: &HeaderMap) -> bool {
    if PREFLIGHTED.iter().any(|name| headers.contains_key(name)) {
        return false;
    }
    // Browsers say for what site they send something; older ones say the origin at best.
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    match site {
        Some(b"same-origin" | b"none") => false,
        Some(_) if !headers.contains_key("origin") => true,
        Some(_) | None => !ws::origin_allowed(config, headers),
    }
}

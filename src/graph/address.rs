//! From where a request came, when proxies stand between.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::request::Parts;

use super::execute::Caller;
use crate::platform::cidr::Cidr;

/// The address a request came from: its connection's, or, if that is a trusted proxy's, the last
/// one in `X-Forwarded-For` that no trusted proxy has.
pub fn of(parts: &Parts, proxies: &[Cidr]) -> IpAddr {
    let peer =
        parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Caller::NOWHERE, |info| info.0.ip().to_canonical());
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    if !trusted(peer) {
        return peer;
    }
    let values = parts.headers.get_all("x-forwarded-for");
    let told: Vec<&str> = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|it| it.split(',')).collect();
    let mut nearest = peer;
    for text in told.into_iter().rev() {
        // Whoever wrote something that is no address is the last one known.
        let Ok(address) = text.trim().parse::<IpAddr>() else { break };
        nearest = address.to_canonical();
        if !trusted(nearest) {
            break;
        }
    }
    nearest
}

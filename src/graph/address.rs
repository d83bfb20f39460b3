//! From where a request came, when proxies stand between.
//!
//! Only `X-Forwarded-For` is read, and only what trusted proxies wrote into it: each adds the address
//! of whoever spoke to it at the right end. What stands further left came with the request, and may
//! be anything. The header `Forwarded` is not read: a proxy that does not know it passes on the
//! client's own.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::HeaderMap;
use axum::http::request::Parts;

use super::execute::Caller;
use crate::platform::cidr::{Cidr, subscriber};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The address a request came from: its connection's, or, if that is a trusted proxy's, the last
/// one in `X-Forwarded-For` that no trusted proxy has. Of an IPv6 address it is the network of 64
/// bits, since whoever has one address of such a network has all of them.
pub fn of(parts: &Parts, proxies: &[Cidr]) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(Caller::NOWHERE, |info| info.0.ip());
    subscriber(nearest(peer.to_canonical(), &parts.headers, proxies))
}

fn nearest(peer: IpAddr, headers: &HeaderMap, proxies: &[Cidr]) -> IpAddr {
    let trusted = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut nearest = peer;
    // Several headers are one list, in their order.
    for value in headers.get_all(FORWARDED_FOR).iter().rev() {
        for entry in value.as_bytes().rsplit(|byte| *byte == b',') {
            if !trusted(nearest) {
                return nearest;
            }
            // Whoever wrote something that is no address is the last one known.
            let Some(address) = read(entry) else { return nearest };
            nearest = address;
        }
    }
    nearest
}

/// An address, with the port some proxies write behind it.
fn read(entry: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(entry).ok()?.trim();
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().or_else(|_| text.parse::<SocketAddr>().map(|it| it.ip())).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderValue, Request};

    use super::*;

    fn seen(peer: &str, headers: &[&[u8]]) -> String {
        let proxies: Vec<Cidr> = ["10.0.0.0/8", "2001:db8:ffff::/48"].iter().map(|it| it.parse().unwrap()).collect();
        let mut request = Request::new(());
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        for header in headers {
            request.headers_mut().append(FORWARDED_FOR, HeaderValue::from_bytes(header).unwrap());
        }
        request.headers_mut().append("forwarded", HeaderValue::from_static("for=6.6.6.6"));
        of(&request.into_parts().0, &proxies).to_string()
    }

    #[test]
    fn only_trusted_proxies_tell_who_spoke_to_them() {
        for (peer, headers, expected) in [
            ("9.9.9.9", vec![], "9.9.9.9"),
            ("9.9.9.9", vec!["1.1.1.1"], "9.9.9.9"),
            ("10.0.0.1", vec![], "10.0.0.1"),
            ("10.0.0.1", vec!["1.1.1.1"], "1.1.1.1"),
            // What the client wrote itself stands left of what the proxy wrote.
            ("10.0.0.1", vec!["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            ("10.0.0.1", vec!["6.6.6.6, 1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            ("10.0.0.1", vec!["6.6.6.6", "1.1.1.1, 10.0.0.2"], "1.1.1.1"),
            ("10.0.0.1", vec!["1.1.1.1", "10.0.0.3", "10.0.0.2"], "1.1.1.1"),
            ("10.0.0.1", vec!["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            ("10.0.0.1", vec!["6.6.6.6, nonsense"], "10.0.0.1"),
            ("10.0.0.1", vec!["6.6.6.6, nonsense, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", vec!["6.6.6.6,"], "10.0.0.1"),
            ("10.0.0.1", vec!["", "6.6.6.6, unknown"], "10.0.0.1"),
            ("10.0.0.1", vec![" 1.1.1.1:5555 "], "1.1.1.1"),
            ("::ffff:10.0.0.1", vec!["::ffff:1.1.1.1"], "1.1.1.1"),
            ("::ffff:9.9.9.9", vec!["1.1.1.1"], "9.9.9.9"),
            ("2001:db8:ffff::1", vec!["2606:4700:1:2:3:4:5:6"], "2606:4700:1:2::"),
            ("10.0.0.1", vec!["[2606:4700:1:2:3:4:5:6]:443"], "2606:4700:1:2::"),
            ("10.0.0.1", vec!["[2606:4700:1:2::9]"], "2606:4700:1:2::"),
            ("10.0.0.1", vec!["01.1.1.1"], "10.0.0.1"),
        ] {
            let headers: Vec<&[u8]> = headers.iter().map(|header| header.as_bytes()).collect();
            assert_eq!(seen(peer, &headers), expected, "{peer} {headers:?}");
        }
        assert_eq!(seen("10.0.0.1", &[b"6.6.6.6, \xff"]), "10.0.0.1");
    }
}

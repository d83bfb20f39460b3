//! What GraphQL looks like on the wire: statuses, close codes, limits, and what is measured of it.

mod http;
mod limits;
mod metrics;
mod socket;

/// The tests of all four.
pub fn tests() -> Vec<crate::support::Test> {
    [http::tests(), limits::tests(), metrics::tests(), socket::tests()].into_iter().flatten().collect()
}

//! What GraphQL looks like on the wire: statuses, close codes, limits, and what is measured of it.

mod http;
mod kept;
mod limits;
mod metrics;
mod patience;
mod socket;

/// The tests of all six.
pub fn tests() -> Vec<crate::support::Test> {
    let all = [http::tests(), kept::tests(), limits::tests(), metrics::tests(), patience::tests(), socket::tests()];
    all.into_iter().flatten().collect()
}

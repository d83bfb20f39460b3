//! What GraphQL looks like on the wire: statuses, close codes, limits.

mod http;
mod limits;
mod socket;

/// The tests of all three.
pub fn tests() -> Vec<crate::support::Test> {
    [http::tests(), limits::tests(), socket::tests()].into_iter().flatten().collect()
}

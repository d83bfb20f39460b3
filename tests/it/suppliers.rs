//! Suppliers: their records, and how the store talks to them.

mod cj;
mod contract;
mod feed;
mod live;
mod platform;
mod printful;
mod records;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    [records::tests(), contract::tests(), cj::tests(), feed::tests(), live::tests(), printful::tests()].into_iter().flatten().collect()
}

//! Suppliers: their records, and how the store talks to them.

mod cj;
mod contract;
mod email;
mod feed;
mod platform;
mod printful;
mod records;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    let all = [records::tests(), contract::tests(), cj::tests(), email::tests(), feed::tests(), printful::tests()];
    all.into_iter().flatten().collect()
}

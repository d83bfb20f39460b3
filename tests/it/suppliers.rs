//! Suppliers: their records, and how the store talks to them.

mod contract;
mod records;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    [records::tests(), contract::tests()].into_iter().flatten().collect()
}

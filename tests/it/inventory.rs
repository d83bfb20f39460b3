//! Stock: nobody sells what is not there, whatever comes at once and in whatever order.

mod ledger;
mod reports;
mod reserving;

/// The tests of all parts.
pub fn tests() -> Vec<crate::support::Test> {
    [reserving::tests(), reports::tests(), ledger::tests()].into_iter().flatten().collect()
}

//! A database or a cache that is not well: waits end, errors say that they pass, and the store goes on by
//! itself once it is well again.

mod database;
mod postgres;
mod redis;

/// The tests of all of them.
pub fn tests() -> Vec<crate::support::Test> {
    [database::tests(), postgres::tests(), redis::tests()].into_iter().flatten().collect()
}

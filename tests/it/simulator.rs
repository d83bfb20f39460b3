//! The simulator over real HTTP, as a store meets it.

mod gateway;
mod mailbox;
mod rig;
mod suppliers;

/// The tests of both halves.
pub fn tests() -> Vec<crate::support::Test> {
    [gateway::tests(), mailbox::tests(), suppliers::tests()].into_iter().flatten().collect()
}

//! Integration tests, one binary. Each test that needs a store gets one of its own, and runs once on
//! every engine there is: SQLite in this process always; PostgreSQL with Redis when
//! `CONSIGN_TEST_DATABASE_URL` and `CONSIGN_TEST_REDIS_URL` name them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

modules! {
    // One line per module of tests:
    access_matrix,
    architecture,
    catalog,
    checkout,
    claims,
    fulfillment,
    harness,
    hostile,
    identity,
    importing,
    introspection,
    inventory,
    jobs,
    journeys,
    lanes,
    notifications,
    observability,
    operations,
    orders,
    payments,
    privacy,
    races,
    schema,
    shipments,
    simulator,
    store,
    suppliers,
    tracking,
    transport,
    trouble,
    webhooks,
    workitems,
}

// Not in every run yet: the story of seed 43 breaks invariant 3 (docs/simulation.md).
#[cfg(feature = "planted-bugs")]
mod simulation;

#[cfg(feature = "planted-bugs")]
fn all_tests() -> Vec<support::Test> {
    [tests(), simulation::tests()].into_iter().flatten().collect()
}

#[cfg(not(feature = "planted-bugs"))]
fn all_tests() -> Vec<support::Test> {
    tests()
}

fn main() {
    support::run(all_tests());
}

//! Integration tests, one binary. Each test that needs a store gets one of its own, and runs once on
//! every engine there is: SQLite in this process always; PostgreSQL with Redis when
//! `CONSIGN_TEST_DATABASE_URL` and `CONSIGN_TEST_REDIS_URL` name them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod standins;
mod support;

modules! {
    // One line per module of tests:
    access_matrix,
    architecture,
    catalog,
    checkout,
    claims,
    drills,
    fulfillment,
    handshake,
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
    onboarding,
    observability,
    operations,
    orders,
    payments,
    pricing,
    privacy,
    races,
    routing,
    schema,
    shipments,
    simulation,
    simulator,
    store,
    suppliers,
    tracking,
    traces,
    transport,
    trouble,
    webhooks,
    workitems,
}

fn main() {
    support::run(tests());
}

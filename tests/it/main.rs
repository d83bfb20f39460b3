//! Integration tests, one binary. Each test that needs a store gets one of its own, and runs once on
//! every engine there is: SQLite in this process always; PostgreSQL with Redis when
//! `CONSIGN_TEST_DATABASE_URL` and `CONSIGN_TEST_REDIS_URL` name them.

mod support;

modules! {
    // One line per module of tests:
    architecture,
    harness,
    journeys,
    schema,
    simulator,
    transport,
    identity,
    notifications,
    workitems,
    suppliers,
    inventory,
    webhooks,
}

fn main() {
    support::run(tests());
}

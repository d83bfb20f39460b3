//! The simulator's only look at the wall clock.
//!
//! The simulator is a process of its own that plays outsiders, so it does not take the
//! store's injected clock; everything inside it still gets its time from the records it
//! executes, and only the edges (HTTP handlers, the timer) call [`now`].

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};

/// The present moment, cut to milliseconds so that it survives the journal unchanged.
#[expect(clippy::disallowed_methods, reason = "the simulator plays parties outside the store and keeps their time")]
pub fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(3)
}

/// `at` plus a non-negative number of seconds, whole milliseconds.
pub fn after(at: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    // A lead time beyond a century is a typing error; clamping keeps the sum in range.
    let milliseconds = (seconds * 1000.0).clamp(0.0, 3.2e12);
    at + TimeDelta::milliseconds(milliseconds as i64)
}

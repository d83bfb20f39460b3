//! The time of a story, which outlives its processes.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;
use consign::kernel::clock::Timestamp;

/// When every story begins: a Monday morning.
pub fn beginning() -> Timestamp {
    "2026-01-05T09:00:00Z".parse().expect("a moment")
}

/// Tells the time; cheap to clone.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<Timestamp>>);

impl Watch {
    /// A watch that stands at `now` until it is moved.
    pub fn at(now: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(now)))
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves on.
    pub fn advance(&self, by: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

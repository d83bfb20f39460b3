//! Time. Every timestamp of the program comes from one [`Clock`], cut to microseconds because that
//! is what both databases keep.

use std::sync::Mutex;

use chrono::{DateTime, Datelike as _, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// A moment in UTC.
pub type Timestamp = DateTime<Utc>;

/// Where the time comes from.
#[derive(Debug)]
pub enum Clock {
    /// The machine's clock.
    System,
    /// A clock that a test moves by hand.
    Manual(Mutex<Timestamp>),
}

impl Clock {
    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self::Manual(Mutex::new(start))
    }

    /// The present moment, in whole microseconds.
    pub fn now(&self) -> Timestamp {
        match self {
            Self::System => to_microseconds(system_now()),
            Self::Manual(time) => *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
        }
    }

    /// Moves a manual clock forward; the system's clock moves by itself.
    pub fn advance(&self, by: TimeDelta) {
        if let Self::Manual(time) = self {
            *time.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += by;
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where the system's clock is read")]
fn system_now() -> Timestamp {
    Utc::now()
}

/// Cuts what the databases would not keep, so that a value equals itself after a round trip.
pub fn to_microseconds(time: Timestamp) -> Timestamp {
    time.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(time)
}

/// A moment as others may name it: in the years 1970 to 9999, in whole microseconds. Beyond them
/// nothing of a store happens, and not every database keeps it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Timestamp")]
pub struct Moment(pub Timestamp);

/// A moment outside the years a [`Moment`] may be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a moment is in the years 1970 to 9999")]
pub struct BeyondReason;

impl TryFrom<Timestamp> for Moment {
    type Error = BeyondReason;

    fn try_from(time: Timestamp) -> Result<Self, BeyondReason> {
        if (1970..=9999).contains(&time.year()) { Ok(Self(to_microseconds(time))) } else { Err(BeyondReason) }
    }
}

//! Which jobs go first when there is more to do than can be done at once.

use chrono::TimeDelta;

use crate::kernel::clock::Timestamp;

/// How urgent a kind of job is: a head start over the others, so that none of them waits for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Priority {
    /// Somebody's money or goods wait for it.
    Urgent,
    /// Lets the urgent ones of the next ten minutes go first.
    Usual,
    /// Sweeps and bulk: lets the others of the next half hour go first.
    Patient,
}

impl Priority {
    /// The longest head start: no job's rank is later than its time by more.
    pub(super) const MOST: TimeDelta = TimeDelta::minutes(30);

    /// The rank of a job whose time is `run_at`. Jobs are taken in the order of their ranks.
    pub(super) fn rank(self, run_at: Timestamp) -> Timestamp {
        match self {
            Self::Urgent => run_at,
            Self::Usual => run_at + TimeDelta::minutes(10),
            Self::Patient => run_at + Self::MOST,
        }
    }
}

//! The owner's hand on background work: what waits, runs and is dead, and what is to be done about it.
//!
//! Jobs know no room above them, and this concerns all rooms. A job that is given up has an entry of the
//! exceptions queue (`dead_letters.rs`); the owner decides there, or here about the job itself, with the
//! same end: it is tried again, or left undone for good, and the entry is resolved.
//!
//! `FAILED → QUEUED`, `FAILED → DISCARDED → QUEUED`.

mod act;
mod dead_letters;
mod gauges;
pub mod graphql;
mod queries;

pub use self::act::{Discard, JobProblem, MAX_BULK, RetriedMany, discard, retry, retry_many};
pub use self::dead_letters::{DeadLetters, DiscardJob, RetryJob, after_work_item};
pub use self::gauges::measure;
pub use self::queries::{count, find, list, queue, subject};

//! The exceptions queue: what a person has to look at, with its reason and what can be done.
//!
//! The rooms above open items in the transaction of the trouble itself, under a key that keeps the
//! same trouble from being reported twice, and close them when it passes. The owner picks one of the
//! suggested actions; this room only records the choice as an event, and the room that opened the
//! item acts on it.
//!
//! `OPEN → RESOLVED`, `OPEN → SNOOZED → OPEN`, `SNOOZED → RESOLVED`.
//!
//! Each is due after what is usual for its severity – an hour for `CRITICAL`, four for `HIGH`, a day for
//! `NORMAL`, three for `LOW` – unless the room that opens it knows better. An open item past that is
//! overdue; one that is put off is not. Who works it is a member of staff, or nobody yet.

mod assign;
pub mod entity;
pub mod graphql;
pub mod jobs;
mod open;
mod queries;
mod resolve;

pub use self::assign::{assign, snooze_until};
pub use self::entity::{Model as WorkItem, Severity, WorkItemStatus};
pub use self::open::{CLOSED, NewWorkItem, close_by_key, due_within, forget_words, open};
pub use self::queries::{WorkItemFilter, backlog, census, count, is_unresolved, list, load_many, lookup};
pub use self::resolve::{WAIT, WorkItemProblem, resolve};

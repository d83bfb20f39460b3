//! Routing: which supplier sends which line, and why.
//!
//! Pure: it gets everything it needs handed in and reads nothing. A cart shows the plan, an order
//! keeps it, and fulfillment plans again when a supplier refuses. What was looked at and left is
//! part of the answer, so that the owner can always ask why.

mod answer;

pub use self::answer::{Candidate, DeliveryWindow, Pick, Plan, PlannedParcel, Reason, ServiceOption, Unrouted};

//! Routing: which supplier sends which line, and why.
//!
//! [`plan`] is pure: it gets everything it needs handed in and reads nothing ([`load`] reads for it,
//! the owner's [`RoutingPolicy`] too). A cart shows the plan, an order keeps it, and fulfillment plans again when a supplier refuses. What
//! was looked at and left is part of the answer, so that the owner can always ask why.

mod answer;
mod request;

mod plan;
mod policy;

mod eligible;
mod estimate;
mod facts;
pub mod graphql;
mod parcels;
mod preview;
mod reckon;
mod solve;
#[cfg(test)]
mod tests;

pub use self::answer::{Candidate, DeliveryWindow, Pick, Plan, PlannedParcel, Reason, ServiceOption, Unrouted};
pub use self::estimate::estimate;
pub use self::facts::{Facts, load};
pub use self::plan::plan;
pub use self::policy::{RoutingErrorCode, RoutingPolicy, RoutingRule, RuleEffect};
pub use self::preview::{Preview, WhatIf, preview};
pub use self::reckon::Reckoned;
pub use self::request::{Demand, PlanRequest, ServiceSnapshot, SupplierFacts};

//! Prices from costs: rules of the owner's, what they would do, and doing it.
//!
//! A rule is for a product, a collection, a supplier or the whole store. The most specific active rule
//! makes a variant's price – product before collection before supplier before store; of several the one
//! with the smaller priority, then the older. A supplier's rule counts where the cost does: it is the cost
//! of the cheapest offer that can be sold from now, or, if there is none, of the cheapest that is used, in
//! the store's currency; of equal ones the older.
//!
//! [`propose`] says for variants what their prices would be, and why. The preview shows it, and applying it
//! asks the same again under the variants' locks, so the two cannot differ but by what changed in between.
//! A rule changes a price at most once a day, whatever its step, unless the price is below the floor; prices that
//! people set in between do not count. Where a rate, a cost or a rule is missing, the price stays, and the
//! proposal says so.
//!
//! A rule that is automatic is followed when a cost, a rate or a rule changes, and once an hour for what no
//! event tells: steps that wait for their day, rates that begin to hold, stock that moves to another offer.
//!
//! Nothing here touches carts or orders: carts are quoted with the prices of the moment, the checkout asks
//! the buyer again if the total is another, and orders keep what was paid.

mod apply;
mod check;
mod choose;
mod compute;
mod entity;
mod explain;
mod jobs;
mod manage;
mod propose;
mod select;

pub use self::apply::apply;
pub use self::check::NewTerms;
pub use self::compute::{Bound, Computed, Profit, Rounding, Terms, compute};
pub use self::entity::{Model as PriceRule, Scope};
pub use self::jobs::{ApplyPrices, Reprice, RepriceAll, WatchPrices, Wish, after_cost_changed};
pub use self::manage::{PriceRuleErrorCode, count, create, delete, list, lookup, update};
pub use self::propose::{CostSource, Outcome, Proposal};
pub use self::select::preview;

//! Pricing: what a cart costs, discounts, exchange rates, and prices made from costs.
//!
//! [`quote`] is pure and the only place where a total is computed: the cart shows it, the checkout
//! compares it with what the buyer confirmed, the order keeps it. Discounts are used up like stock,
//! by one guarded update, so that a code with ten uses is used ten times whoever races for it.

pub mod discounts;
pub mod graphql;
mod quote;
pub mod rates;
pub mod rules;

pub use self::quote::{DiscountTerms, DiscountValue, LineInput, Quote, QuoteInput, QuoteLine, QuoteParcel, Tax, quote};
pub use self::rules::{ApplyPrices, Reprice, RepriceAll, WatchPrices, after_cost_changed};

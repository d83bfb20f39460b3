//! The owner's word on routing: what delay, refusals and second parcels are held to cost, and which
//! suppliers are to be used, preferred or left alone, for whom and for what.

pub mod entity;
mod judge;
mod verbs;

use serde::{Deserialize, Serialize};

pub(super) use self::judge::{Asked, judge, share_of};
pub use self::verbs::{RoutingErrorCode, check, read, set};
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CollectionId, SupplierId};

/// Shares are whole numbers of millionths.
pub const WHOLE: i64 = 1_000_000;

/// Everything the owner says of routing. Amounts are minor units of the store's currency, shares are
/// millionths. The default changes nothing: goods and shipping alone decide.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RoutingPolicy {
    /// What every parcel beyond the first is held to cost.
    pub split_penalty: i64,
    /// What a parcel that is sent late is held to cost.
    pub late_cost: i64,
    /// What an order that its supplier refuses is held to cost.
    pub refusal_cost: i64,
    /// What changing money costs, as a share of goods that are paid in another currency.
    pub conversion_fee: i64,
    /// What at least must be left of the price of the goods without its tax, as a share of it; may be
    /// less than nothing. Without, goods are sent whatever they cost.
    pub minimum_margin: Option<i64>,
    /// In the order they are read out; the order decides nothing.
    pub rules: Vec<RoutingRule>,
}

/// One rule. A condition that is empty holds always; all conditions together must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RoutingRule {
    /// What the owner calls it: decisions are explained by it.
    pub name: String,
    /// What it does.
    pub effect: RuleEffect,
    /// To which suppliers; never empty.
    pub suppliers: Vec<SupplierId>,
    /// For orders to one of these countries.
    pub countries: Vec<CountryCode>,
    /// For goods of one of these collections.
    pub collections: Vec<CollectionId>,
    /// For customers with one of these tags.
    pub customer_tags: Vec<String>,
}

/// What a rule does to its suppliers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", tag = "kind", content = "weight")]
pub enum RuleEffect {
    /// Only they are asked; the suppliers of several such rules are taken together.
    Require,
    /// What they ask is reckoned as this share of it, in millionths: 900,000 makes up for a tenth.
    Prefer(i64),
    /// They are not asked.
    Avoid,
}

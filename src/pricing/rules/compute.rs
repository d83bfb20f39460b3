//! A price from a cost: pure, exact, and the only place where it is computed.
//!
//! 1. *Exact*: `(landed + fixed fee) × (1 + markup) ÷ (1 − fees)`, or, for a margin,
//!    `(landed + fixed fee) ÷ (1 − fees − margin)`.
//! 2. *Bounds*: at most the highest price; then at least the floor, which is the largest of the price that
//!    leaves the smallest margin, the minimum advertised price, and the lowest price. Where the floor is
//!    above the highest price, the floor wins.
//! 3. *Step*: no further from the present price than the largest change, except as far as the bounds want.
//! 4. *Rounding*: to the nearest price of the wanted form (halves go up) that keeps 2 and 3; if there is
//!    none, and without a form, half up to the minor unit.
//!
//! The floor is rounded up. All amounts are in minor units of the store's currency.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};

use crate::catalog::MAX_PRICE;

/// What is earned with a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profit {
    /// A share of what the goods cost: 0.5 is 50% on top.
    Markup(Decimal),
    /// A share of the price: 0.3 is 30% of what the buyer pays.
    Margin(Decimal),
}

/// The form of a price: `ending`, or any number of `step`s more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounding {
    /// Prices lie this far apart; more than 0.
    pub step: i64,
    /// What a price is more than a multiple of `step`; less than that.
    pub ending: i64,
}

/// What a rule says of a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// What is earned.
    pub profit: Profit,
    /// What each unit costs besides.
    pub fixed_fee: i64,
    /// The share of the price that others take, such as a payment provider; less than 1 with any margin.
    pub fees: Decimal,
    /// The form of the price.
    pub rounding: Option<Rounding>,
    /// The least share of the price that must be earned.
    pub min_margin: Decimal,
    /// The lowest price.
    pub min_price: Option<i64>,
    /// The highest price.
    pub max_price: Option<i64>,
    /// The largest change at once, as a share of the present price.
    pub max_change: Option<Decimal>,
}

/// What a price is computed from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Basis {
    /// What one costs us, not rounded.
    pub landed: Decimal,
    /// What the supplier wants at least to be asked for it.
    pub minimum_advertised: Option<i64>,
    /// The present price.
    pub current: i64,
}

/// What a price was kept from falling below, or rising above.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// The smallest margin.
    MinimumMargin,
    /// The minimum advertised price.
    MinimumAdvertised,
    /// The lowest price.
    MinimumPrice,
    /// The highest price.
    MaximumPrice,
}

/// A price, and how it came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Computed {
    /// The price.
    pub price: i64,
    /// What the formula says, before everything else.
    pub exact: Decimal,
    /// The least it could be.
    pub floor: i64,
    /// The bound that acted on `exact`.
    pub bound: Option<Bound>,
    /// Whether the largest change at once kept it from going all the way.
    pub limited: bool,
    /// The share of the price that is earned, to the hundredth of a percent; `None` for a price of 0.
    pub margin: Option<Decimal>,
}

/// The price that `terms` make of `basis`; `None` if it is beyond what a price may be.
pub fn compute(terms: &Terms, basis: &Basis) -> Option<Computed> {
    let needed = basis.landed.checked_add(Decimal::from(terms.fixed_fee))?;
    let exact = exact(terms, needed)?;
    let (floor, lowest) = floor(terms, basis, needed)?;
    let highest = terms.max_price.unwrap_or(MAX_PRICE);
    let (low, high) = (floor, floor.max(highest));
    let boundless = terms.max_price.is_none() && exact > Decimal::from(MAX_PRICE);
    if boundless || floor > MAX_PRICE {
        return None;
    }
    let target = exact.clamp(Decimal::from(low), Decimal::from(high));
    let bound = match target {
        _ if target > exact => Some(lowest),
        _ if target == exact => None,
        // Above the highest price; but where the floor is, too, that is what acted.
        _ if floor > highest => Some(lowest),
        _ => Some(Bound::MaximumPrice),
    };
    let (first, last) = step(terms, basis.current, low, high)?;
    let reached = target.clamp(Decimal::from(first), Decimal::from(last));
    let price = rounded(reached, terms.rounding, first, last)?;
    let margin = margin(price, terms.fees, needed);
    Some(Computed { price, exact, floor, bound, limited: reached != target, margin })
}

fn exact(terms: &Terms, needed: Decimal) -> Option<Decimal> {
    let (cost, keep) = match terms.profit {
        Profit::Markup(markup) => (needed.checked_mul(Decimal::ONE + markup)?, Decimal::ONE - terms.fees),
        Profit::Margin(margin) => (needed, Decimal::ONE - terms.fees - margin),
    };
    if keep > Decimal::ZERO { cost.checked_div(keep) } else { None }
}

/// The least the price may be, and why.
fn floor(terms: &Terms, basis: &Basis, needed: Decimal) -> Option<(i64, Bound)> {
    let keep = Decimal::ONE - terms.fees - terms.min_margin;
    if keep <= Decimal::ZERO {
        return None;
    }
    let mut by_margin = needed.checked_div(keep)?.ceil().to_i64()?;
    // The quotient has 28 digits; the margin is promised to the last.
    if Decimal::from(by_margin).checked_mul(keep)? < needed {
        by_margin = by_margin.checked_add(1)?;
    }
    let all = [
        (by_margin, Bound::MinimumMargin),
        (basis.minimum_advertised.unwrap_or_default(), Bound::MinimumAdvertised),
        (terms.min_price.unwrap_or_default(), Bound::MinimumPrice),
    ];
    // Of equal ones the first.
    all.into_iter().reduce(|one, other| if other.0 > one.0 { other } else { one })
}

/// Between which prices this step may end. Bounds win: what lies outside of them goes to the nearest.
fn step(terms: &Terms, current: i64, low: i64, high: i64) -> Option<(i64, i64)> {
    let Some(share) = terms.max_change.filter(|_| current > 0) else { return Some((low, high)) };
    let change = Decimal::from(current).checked_mul(share)?;
    let first = (Decimal::from(current) - change).ceil().max(Decimal::ZERO).to_i64()?;
    let last = (Decimal::from(current) + change).floor().min(Decimal::from(i64::MAX)).to_i64()?;
    Some((first.clamp(low, high), last.clamp(low, high)))
}

/// `price`, which lies between `first` and `last`, in the wanted form.
fn rounded(price: Decimal, rounding: Option<Rounding>, first: i64, last: i64) -> Option<i64> {
    let plain = price.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero).to_i64()?;
    let Some(Rounding { step, ending }) = rounding else { return Some(plain) };
    let steps = price.checked_sub(Decimal::from(ending))?.checked_div(Decimal::from(step))?.floor().to_i64()?;
    let below = steps.checked_mul(step)?.checked_add(ending)?;
    let above = below.checked_add(step)?;
    let down = price - Decimal::from(below);
    let nearer_below = down < Decimal::from(above) - price;
    Some(match (below >= first, above <= last) {
        (true, true) if nearer_below || down.is_zero() => below,
        (_, true) => above,
        (true, false) => below,
        (false, false) => plain,
    })
}

fn margin(price: i64, fees: Decimal, needed: Decimal) -> Option<Decimal> {
    let price = Decimal::from(price);
    let earned = price.checked_mul(Decimal::ONE - fees)?.checked_sub(needed)?;
    Some(earned.checked_div(price)?.round_dp(4))
}

#[cfg(test)]
mod tests;

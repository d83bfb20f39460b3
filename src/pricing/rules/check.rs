//! What a rule may say.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use super::compute::Rounding;
use super::manage::PriceRuleErrorCode::{self, CurrencyMismatch, Invalid};
use crate::catalog::MAX_PRICE;
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Problem, VerbError};

/// The largest markup and the largest change: a hundred times as much.
const MOST: i64 = 100_000_000;
/// The whole, in millionths.
const WHOLE: i64 = 1_000_000;
/// How far priorities go.
const MAX_PRIORITY: i32 = 1_000_000;

/// What a rule is to say; percentages as people write them (30 is 30%).
#[derive(Debug, Clone, PartialEq)]
pub struct NewTerms {
    /// Smaller is preferred among rules that are as specific.
    pub priority: i32,
    /// Earned on top of the cost: this, or `margin_percent`.
    pub markup_percent: Option<Decimal>,
    /// Earned of the price.
    pub margin_percent: Option<Decimal>,
    /// What each unit costs besides.
    pub fixed_fee: Option<Money>,
    /// What others take of the price.
    pub fee_percent: Decimal,
    /// How far prices of the wanted form lie apart, and what they are more than a multiple of that.
    pub rounding: Option<(Money, Money)>,
    /// The least of the price that must be earned.
    pub min_margin_percent: Decimal,
    /// The lowest price.
    pub min_price: Option<Money>,
    /// The highest price.
    pub max_price: Option<Money>,
    /// The largest change at once.
    pub max_change_percent: Option<Decimal>,
    /// Whether prices follow costs and rates by themselves.
    pub automatic: bool,
    /// Whether it is used.
    pub active: bool,
}

/// The same, checked: shares in millionths, amounts in minor units.
pub(super) struct Checked {
    pub(super) markup: Option<i64>,
    pub(super) margin: Option<i64>,
    pub(super) fixed_fee: i64,
    pub(super) fees: i64,
    pub(super) rounding: Option<Rounding>,
    pub(super) min_margin: i64,
    pub(super) min_price: Option<i64>,
    pub(super) max_price: Option<i64>,
    pub(super) max_change: Option<i64>,
}

/// Gathers what is wrong.
struct Problems {
    currency: Currency,
    found: Vec<Problem<PriceRuleErrorCode>>,
}

/// Checks terms whose amounts are to be in `currency`.
pub(super) fn terms(new: &NewTerms, currency: Currency) -> Result<Checked, VerbError<PriceRuleErrorCode>> {
    let mut problems = Problems { currency, found: Vec::new() };
    let it = &mut problems;
    let share = (0, WHOLE - 1, "a percentage is at least 0 and less than 100, with at most 4 decimals");
    let markup = new.markup_percent.map(|percent| {
        it.share(
            "markupPercent",
            percent,
            (0, MOST, "a markup is at least 0 and at most 10000, with at most 4 decimals"),
        )
    });
    let margin = new.margin_percent.map(|percent| it.share("marginPercent", percent, share));
    let fees = it.share("feePercent", new.fee_percent, share);
    let min_margin = it.share("minimumMarginPercent", new.min_margin_percent, share);
    let change = (1, MOST, "a change is more than 0 and at most 10000, with at most 4 decimals");
    let max_change = new.max_change_percent.map(|percent| it.share("maxChangePercent", percent, change));
    let fixed_fee = new.fixed_fee.map_or(0, |money| it.amount("fixedFee", money));
    let min_price = new.min_price.map(|money| it.amount("minimumPrice", money));
    let max_price = new.max_price.map(|money| it.amount("maximumPrice", money));
    let rounding = new.rounding.map(|(step, ending)| Rounding {
        step: it.amount("rounding.step", step),
        ending: it.amount("rounding.ending", ending),
    });
    it.refuse(markup.is_some() == margin.is_some(), "", "give either markupPercent or marginPercent");
    it.refuse(fees + margin.unwrap_or_default() >= WHOLE, "marginPercent", "fees and margin must be less than 100%");
    it.refuse(
        fees + min_margin >= WHOLE,
        "minimumMarginPercent",
        "fees and the smallest margin must be less than 100%",
    );
    let crossed = min_price.zip(max_price).is_some_and(|(least, most)| least > most);
    it.refuse(crossed, "maximumPrice", "the highest price must not be below the lowest");
    it.refuse(rounding.is_some_and(|it| it.step == 0), "rounding.step", "the step must be more than 0");
    let outside = rounding.is_some_and(|it| it.step > 0 && it.ending >= it.step);
    it.refuse(outside, "rounding.ending", "the ending must be less than the step");
    let far = !(-MAX_PRIORITY..=MAX_PRIORITY).contains(&new.priority);
    it.refuse(far, "priority", "a priority lies between -1000000 and 1000000");
    if !problems.found.is_empty() {
        return Err(VerbError::Refused(problems.found));
    }
    Ok(Checked { markup, margin, fixed_fee, fees, rounding, min_margin, min_price, max_price, max_change })
}

impl Problems {
    fn refuse(&mut self, is_wrong: bool, field: &str, message: &str) {
        if is_wrong {
            self.found.push(Problem::at(Invalid, &format!("input.terms.{field}"), message));
        }
    }

    /// A percentage in millionths.
    fn share(&mut self, field: &str, percent: Decimal, (least, most, message): (i64, i64, &str)) -> i64 {
        let scaled = percent.checked_mul(Decimal::from(10_000)).filter(|scaled| scaled.fract().is_zero());
        let found = scaled.and_then(|scaled| scaled.to_i64()).filter(|scaled| (least..=most).contains(scaled));
        self.refuse(found.is_none(), field, message);
        found.unwrap_or_default()
    }

    fn amount(&mut self, field: &str, money: Money) -> i64 {
        if money.currency() != self.currency {
            let (at, message) = (format!("input.terms.{field}"), format!("the amount must be in {}", self.currency));
            self.found.push(Problem::at(CurrencyMismatch, &at, message));
        }
        let sound = (0..=MAX_PRICE).contains(&money.minor());
        self.refuse(!sound, field, "an amount is not negative and not beyond reason");
        money.minor()
    }
}

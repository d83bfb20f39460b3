//! What is said of a price rule.

use async_graphql::InputObject;

use crate::graph::scalars::{Decimal, MoneyInput};
use crate::identity::graphql::visible_to_store;
use crate::kernel::money::Money;
use crate::kernel::problem::{Problem, VerbError};
use crate::pricing::rules::{NewTerms, PriceRuleErrorCode};

/// The form of prices.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRoundingInput {
    /// How far such prices lie apart: more than 0.
    step: MoneyInput,
    /// What they are more than a multiple of that: less than the step, 0 without.
    ending: Option<MoneyInput>,
}

/// What a price rule says. Percentages have at most 4 decimals, amounts are in the store's currency.
#[derive(Debug, InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct PriceRuleTermsInput {
    /// Smaller is preferred among rules that are as specific.
    #[graphql(default)]
    priority: i32,
    /// What is to be earned, as a percentage of the cost. Either this or `marginPercent`.
    markup_percent: Option<Decimal>,
    /// What is to be earned, as a percentage of the price.
    margin_percent: Option<Decimal>,
    /// What each unit costs besides.
    fixed_fee: Option<MoneyInput>,
    /// The percentage of the price that others take.
    fee_percent: Option<Decimal>,
    /// The form of the prices.
    rounding: Option<PriceRoundingInput>,
    /// The least percentage of the price that must be earned; 0 without.
    minimum_margin_percent: Option<Decimal>,
    /// The lowest price.
    minimum_price: Option<MoneyInput>,
    /// The highest price.
    maximum_price: Option<MoneyInput>,
    /// How far a price moves at once, as a percentage of the present one.
    max_change_percent: Option<Decimal>,
    /// Whether prices follow costs and rates by themselves; else only `pricesApply` changes them.
    #[graphql(default)]
    automatic: bool,
    /// Whether it is used.
    #[graphql(default = true)]
    active: bool,
}

impl PriceRuleTermsInput {
    pub(super) fn read(self) -> Result<NewTerms, VerbError<PriceRuleErrorCode>> {
        let mut problems = Vec::new();
        let mut amount = |field: &str, money: &MoneyInput| {
            let read = money.money();
            if let Err(error) = &read {
                let at = format!("input.terms.{field}.amount");
                problems.push(Problem::at(PriceRuleErrorCode::Invalid, &at, error.to_string()));
            }
            read.unwrap_or(Money::zero(money.currency_code))
        };
        let rounding = self.rounding.map(|it| {
            let step = amount("rounding.step", &it.step);
            let ending = it.ending.as_ref().map_or(Money::zero(step.currency()), |it| amount("rounding.ending", it));
            (step, ending)
        });
        let terms = NewTerms {
            priority: self.priority,
            markup_percent: self.markup_percent,
            margin_percent: self.margin_percent,
            fixed_fee: self.fixed_fee.as_ref().map(|it| amount("fixedFee", it)),
            fee_percent: self.fee_percent.unwrap_or_default(),
            rounding,
            min_margin_percent: self.minimum_margin_percent.unwrap_or_default(),
            min_price: self.minimum_price.as_ref().map(|it| amount("minimumPrice", it)),
            max_price: self.maximum_price.as_ref().map(|it| amount("maximumPrice", it)),
            max_change_percent: self.max_change_percent,
            automatic: self.automatic,
            active: self.active,
        };
        if problems.is_empty() { Ok(terms) } else { Err(VerbError::Refused(problems)) }
    }
}

//! What a cart costs. Pure, exact, and the only place where it is computed.

use rust_decimal::prelude::ToPrimitive as _;
use rust_decimal::{Decimal, RoundingStrategy};
use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use crate::kernel::ids::DiscountId;
use crate::kernel::money::{Currency, Money, MoneyError};

/// The tax of the country the goods go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tax {
    /// 0.19 is 19%.
    pub rate: Decimal,
    /// Whether prices contain it already.
    pub inclusive: bool,
}

/// One line to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineInput {
    /// The price of one.
    pub unit_price: Money,
    /// How many.
    pub quantity: i64,
}

/// What a discount takes off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DiscountValue {
    /// A share of what is left of the subtotal: 0.1 is 10%.
    Percent(Decimal),
    /// An amount, at most what is left of the subtotal.
    Amount(Money),
}

/// A discount as it applies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscountTerms {
    /// Which discount.
    pub id: DiscountId,
    /// Its code.
    pub code: String,
    /// What it takes off.
    pub value: DiscountValue,
}

/// What is to be priced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuoteInput {
    /// The store's currency; every amount is in it.
    pub currency: Currency,
    /// The tax of the destination.
    pub tax: Tax,
    /// The lines.
    pub lines: Vec<LineInput>,
    /// The discounts, in the order they apply.
    pub discounts: Vec<DiscountTerms>,
    /// The shipping price of each parcel.
    pub shipping: Vec<Money>,
}

/// What a line costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteLine {
    /// Price times quantity.
    pub subtotal: Money,
    /// Its share of the discounts.
    pub discount: Money,
    /// The tax on what is left: contained in it, or on top.
    pub tax: Money,
    /// What the buyer pays for it.
    pub total: Money,
}

/// What sending a parcel costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteParcel {
    /// The price of the service.
    pub price: Money,
    /// The tax on it: contained in it, or on top.
    pub tax: Money,
    /// What the buyer pays for it.
    pub total: Money,
}

/// What everything costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The currency of all amounts.
    pub currency: Currency,
    /// Whether the prices contain the tax.
    pub tax_inclusive: bool,
    /// The lines, in the order asked.
    pub lines: Vec<QuoteLine>,
    /// The parcels, in the order asked.
    pub parcels: Vec<QuoteParcel>,
    /// The sum of the lines before discounts.
    pub subtotal: Money,
    /// What the discounts take off.
    pub discount: Money,
    /// The sum of the services' prices.
    pub shipping: Money,
    /// All tax.
    pub tax: Money,
    /// What the buyer pays: subtotal − discount + shipping, and the tax unless the prices contain it.
    pub total: Money,
}

/// Prices `input`.
pub fn quote(input: &QuoteInput) -> Result<Quote, MoneyError> {
    let subtotals: Vec<Money> =
        input.lines.iter().map(|line| line.unit_price.times(line.quantity)).collect::<Result<_, _>>()?;
    let subtotal = Money::sum(input.currency, subtotals.iter().copied())?;
    let discount = total_discount(subtotal, &input.discounts)?;
    let weights: Vec<i64> = subtotals.iter().map(|amount| amount.minor()).collect();
    let lines: Vec<QuoteLine> = subtotals
        .iter()
        .zip(discount.allocate(&weights))
        .map(|(&subtotal, discount)| {
            let (tax, total) = taxed(subtotal.sub(discount)?, input.tax)?;
            Ok(QuoteLine { subtotal, discount, tax, total })
        })
        .collect::<Result<_, MoneyError>>()?;
    let parcels: Vec<QuoteParcel> = input
        .shipping
        .iter()
        .map(|&price| {
            let (tax, total) = taxed(price, input.tax)?;
            Ok(QuoteParcel { price, tax, total })
        })
        .collect::<Result<_, MoneyError>>()?;
    let sum = |amounts: &mut dyn Iterator<Item = Money>| Money::sum(input.currency, amounts);
    Ok(Quote {
        currency: input.currency,
        tax_inclusive: input.tax.inclusive,
        subtotal,
        discount,
        shipping: sum(&mut parcels.iter().map(|parcel| parcel.price))?,
        tax: sum(&mut lines.iter().map(|line| line.tax).chain(parcels.iter().map(|parcel| parcel.tax)))?,
        total: sum(&mut lines.iter().map(|line| line.total).chain(parcels.iter().map(|parcel| parcel.total)))?,
        lines,
        parcels,
    })
}

/// What the discounts take off together: each applies to what the ones before left.
fn total_discount(subtotal: Money, discounts: &[DiscountTerms]) -> Result<Money, MoneyError> {
    let mut left = subtotal;
    for terms in discounts {
        let off = match terms.value {
            DiscountValue::Percent(share) => left.rate(share)?,
            DiscountValue::Amount(amount) => amount,
        };
        let rest = left.sub(off)?;
        left = if rest.is_negative() { Money::zero(left.currency()) } else { rest };
    }
    subtotal.sub(left)
}

/// The tax on `amount`, and what the buyer pays for it.
fn taxed(amount: Money, tax: Tax) -> Result<(Money, Money), MoneyError> {
    if tax.inclusive {
        return Ok((contained(amount, tax.rate)?, amount));
    }
    let on_top = amount.rate(tax.rate)?;
    Ok((on_top, amount.add(on_top)?))
}

/// The tax inside `amount`: `amount × rate ÷ (1 + rate)`, divided last so that halves stay halves.
fn contained(amount: Money, rate: Decimal) -> Result<Money, MoneyError> {
    let exact = Decimal::from(amount.minor())
        .checked_mul(rate)
        .and_then(|product| product.checked_div(Decimal::ONE + rate))
        .ok_or(MoneyError::Overflow)?;
    let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
    Ok(Money::from_minor(rounded.to_i64().ok_or(MoneyError::Overflow)?, amount.currency()))
}

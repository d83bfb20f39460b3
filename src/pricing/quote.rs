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

impl Tax {
    /// What is left of a price without this tax.
    pub fn without(self, price: Money) -> Result<Money, MoneyError> {
        if self.inclusive { price.sub(contained(price, self.rate)?) } else { Ok(price) }
    }
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::kernel::ids::TypedId as _;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a decimal")
    }

    fn input(
        code: &str,
        tax: (&str, bool),
        lines: &[(i64, i64)],
        off: Vec<DiscountValue>,
        shipping: &[i64],
    ) -> QuoteInput {
        let currency: Currency = code.parse().expect("a currency");
        let money = |minor: i64| Money::from_minor(minor, currency);
        let terms = |value| DiscountTerms { id: DiscountId::from_uuid(uuid::Uuid::nil()), code: String::new(), value };
        QuoteInput {
            currency,
            tax: Tax { rate: decimal(tax.0), inclusive: tax.1 },
            lines: lines.iter().map(|&(price, quantity)| LineInput { unit_price: money(price), quantity }).collect(),
            discounts: off.into_iter().map(terms).collect(),
            shipping: shipping.iter().map(|&price| money(price)).collect(),
        }
    }

    fn minors(quote: &Quote) -> [i64; 5] {
        [quote.subtotal, quote.discount, quote.shipping, quote.tax, quote.total].map(Money::minor)
    }

    #[test]
    fn tax_on_top_is_added_line_by_line() {
        let quote = quote(&input("EUR", ("0.19", false), &[(1050, 3), (10, 1)], vec![], &[490])).expect("fits");
        // 31.50 → 5.985 → 5.99; 0.10 → 0.019 → 0.02; 4.90 → 0.931 → 0.93.
        assert_eq!(minors(&quote), [3160, 0, 490, 599 + 2 + 93, 3160 + 490 + 694]);
    }

    #[test]
    fn contained_tax_changes_no_total() {
        let quote = quote(&input("EUR", ("0.19", true), &[(1190, 2)], vec![], &[595])).expect("fits");
        assert_eq!(minors(&quote), [2380, 0, 595, 380 + 95, 2975]);
    }

    #[test]
    fn discounts_apply_in_order_and_never_below_nothing() {
        let euro = |minor| DiscountValue::Amount(Money::from_minor(minor, "EUR".parse().expect("a currency")));
        let percent = || DiscountValue::Percent(decimal("0.1"));
        let first = quote(&input("EUR", ("0", true), &[(1000, 1)], vec![percent(), euro(500)], &[])).expect("fits");
        let second = quote(&input("EUR", ("0", true), &[(1000, 1)], vec![euro(500), percent()], &[])).expect("fits");
        assert_eq!((first.discount.minor(), second.discount.minor()), (600, 550));
        let third = quote(&input("EUR", ("0.2", false), &[(1000, 1)], vec![euro(9999)], &[100])).expect("fits");
        assert_eq!(minors(&third), [1000, 1000, 100, 20, 120]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        for lines in [&[(i64::MAX, 2)][..], &[(i64::MAX, 1), (1, 1)]] {
            assert_eq!(quote(&input("EUR", ("0", true), lines, vec![], &[])), Err(MoneyError::Overflow));
        }
    }

    fn values() -> impl Strategy<Value = DiscountValue> {
        prop_oneof![
            (1_i64..=1_000_000).prop_map(|millionths| DiscountValue::Percent(Decimal::new(millionths, 6))),
            (1_i64..100_000)
                .prop_map(|minor| DiscountValue::Amount(Money::from_minor(minor, "KWD".parse().expect("a currency")))),
        ]
    }

    proptest! {
        #[test]
        fn sums_are_exact_and_nothing_is_negative(
            code in prop::sample::select(vec!["JPY", "EUR", "KWD"]),
            rate in 0_i64..500_000,
            inclusive in any::<bool>(),
            lines in prop::collection::vec((0_i64..1_000_000, 1_i64..10_000), 1..30),
            off in prop::collection::vec(values(), 0..4),
            shipping in prop::collection::vec(0_i64..100_000, 0..5),
        ) {
            let off = off.into_iter().map(|value| match value {
                DiscountValue::Amount(amount) => {
                    DiscountValue::Amount(Money::from_minor(amount.minor(), code.parse().expect("a currency")))
                }
                percent => percent,
            });
            let rate = Decimal::new(rate, 6).to_string();
            let quote = quote(&input(code, (&rate, inclusive), &lines, off.collect(), &shipping)).expect("fits");
            let sum = |amounts: Vec<Money>| Money::sum(quote.currency, amounts).expect("fits");
            prop_assert_eq!(sum(quote.lines.iter().map(|line| line.subtotal).collect()), quote.subtotal);
            prop_assert_eq!(sum(quote.lines.iter().map(|line| line.discount).collect()), quote.discount);
            let taxes = quote.lines.iter().map(|line| line.tax).chain(quote.parcels.iter().map(|parcel| parcel.tax));
            prop_assert_eq!(sum(taxes.collect()), quote.tax);
            let totals = quote.lines.iter().map(|line| line.total).chain(quote.parcels.iter().map(|parcel| parcel.total));
            prop_assert_eq!(sum(totals.collect()), quote.total);
            let on_top = if inclusive { 0 } else { quote.tax.minor() };
            let [subtotal, discount, shipping, tax, total] = minors(&quote);
            prop_assert_eq!(subtotal - discount + shipping + on_top, total);
            for amount in [subtotal, discount, shipping, tax, total] {
                prop_assert!(amount >= 0);
            }
            for line in &quote.lines {
                prop_assert!(!line.total.is_negative() && !line.tax.is_negative() && !line.discount.is_negative());
                prop_assert!(line.discount.minor() <= line.subtotal.minor());
            }
        }
    }
}

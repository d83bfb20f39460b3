//! Money: whole minor units of one currency, with checked arithmetic.
//!
//! Amounts are never floats. The number of decimals is the currency's own (ISO 4217: JPY 0, EUR 2,
//! KWD 3). Shares are allocated by the largest remainder, so that no cent is lost or made.

use std::fmt;
use std::str::FromStr;

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

/// An ISO 4217 currency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, sea_orm::DeriveValueType)]
#[sea_orm(value_type = "String")]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// How many decimals an amount has; currencies without minor units (such as gold) count as 0.
    pub fn decimals(self) -> u32 {
        self.0.exponent().map_or(0, u32::from)
    }
}

impl FromStr for Currency {
    type Err = MoneyError;
    fn from_str(code: &str) -> Result<Self, MoneyError> {
        iso_currency::Currency::from_code(code).map(Self).ok_or(MoneyError::UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

/// What can be wrong with an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Two amounts of different currencies met.
    #[error("the currencies differ")]
    CurrencyMismatch,
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// More decimals than the currency has.
    #[error("the amount has more decimals than the currency")]
    TooPrecise,
    /// Not an ISO 4217 code.
    #[error("unknown currency")]
    UnknownCurrency,
}

/// An amount of money.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

impl Money {
    /// `minor` units (cents) of `currency`.
    pub const fn from_minor(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Nothing, in `currency`.
    pub const fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads a decimal amount; an error if it has more decimals than the currency or does not fit.
    pub fn from_decimal(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let scaled = amount.checked_mul(Decimal::from(10_i64.pow(currency.decimals()))).ok_or(MoneyError::Overflow)?;
        if !scaled.fract().is_zero() {
            return Err(MoneyError::TooPrecise);
        }
        let minor = scaled.to_i64().ok_or(MoneyError::Overflow)?;
        Ok(Self { minor, currency })
    }

    /// The amount in minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as a decimal with exactly the currency's decimals.
    pub fn amount(self) -> Decimal {
        Decimal::new(self.minor, self.currency.decimals())
    }

    /// Whether this is less than nothing.
    pub const fn is_negative(self) -> bool {
        self.minor < 0
    }

    /// The sum.
    pub fn add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_add(other.minor))
    }

    /// The difference.
    pub fn sub(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        self.with(self.minor.checked_sub(other.minor))
    }

    /// `quantity` times this.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        self.with(self.minor.checked_mul(quantity))
    }

    /// `rate` of this (0.19 is 19%), rounded half away from zero to the minor unit.
    pub fn rate(self, rate: Decimal) -> Result<Self, MoneyError> {
        let exact = Decimal::from(self.minor).checked_mul(rate).ok_or(MoneyError::Overflow)?;
        let rounded = exact.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        self.with(rounded.to_i64())
    }

    /// The sum of amounts that all share `currency`.
    pub fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Result<Self, MoneyError> {
        amounts.into_iter().try_fold(Self::zero(currency), Self::add)
    }

    /// Divides this over `weights` in proportion, by largest remainder: the shares sum to this
    /// exactly, each is off by less than one minor unit, and ties go to the earlier weight. If all
    /// weights are 0, the first share takes everything; without weights there are no shares.
    pub fn allocate(self, weights: &[i64]) -> Vec<Self> {
        let total: i128 = weights.iter().map(|&weight| i128::from(weight.max(0))).sum();
        if total == 0 {
            let mut shares = vec![Self::zero(self.currency); weights.len()];
            if let Some(first) = shares.first_mut() {
                *first = self;
            }
            return shares;
        }
        let amount = i128::from(self.minor);
        let exact = |weight: i64| amount * i128::from(weight.max(0));
        let mut shares: Vec<i128> = weights.iter().map(|&weight| exact(weight).div_euclid(total)).collect();
        let left = usize::try_from(amount - shares.iter().sum::<i128>()).unwrap_or_default();
        let mut order: Vec<usize> = (0..weights.len()).collect();
        order.sort_by_key(|&index| std::cmp::Reverse(exact(weights[index]).rem_euclid(total)));
        for &index in order.iter().take(left) {
            shares[index] += 1;
        }
        let fits = "a share lies between 0 and the whole, which fits";
        shares
            .into_iter()
            .map(|share| Self { minor: i64::try_from(share).expect(fits), currency: self.currency })
            .collect()
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency { Ok(()) } else { Err(MoneyError::CurrencyMismatch) }
    }

    fn with(self, minor: Option<i64>) -> Result<Self, MoneyError> {
        minor.map(|minor| Self { minor, ..self }).ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a known code")
    }

    #[test]
    fn decimals_follow_the_currency() {
        for (code, amount, minor) in [("JPY", "120", 120), ("EUR", "1.20", 120), ("KWD", "0.120", 120)] {
            let money = Money::from_decimal(amount.parse().expect("a decimal"), currency(code)).expect("fits");
            assert_eq!(money.minor(), minor);
            assert_eq!(money.amount().to_string(), amount);
        }
        let half_a_cent = "0.005".parse().expect("a decimal");
        assert_eq!(Money::from_decimal(half_a_cent, currency("EUR")), Err(MoneyError::TooPrecise));
    }

    proptest! {
        #[test]
        fn allocation_loses_no_cent(minor in -1_000_000_000_i64..1_000_000_000, weights in prop::collection::vec(0_i64..100_000, 1..40)) {
            let money = Money::from_minor(minor, currency("EUR"));
            let shares = money.allocate(&weights);
            prop_assert_eq!(Money::sum(currency("EUR"), shares.iter().copied()), Ok(money));
            let total: i64 = weights.iter().sum();
            if total > 0 {
                for (share, weight) in shares.iter().zip(&weights) {
                    let off = i128::from(share.minor()) * i128::from(total) - i128::from(minor) * i128::from(*weight);
                    prop_assert!(off.abs() < i128::from(total));
                }
            }
        }
    }
}

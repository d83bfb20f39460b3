//! Exchange rates: dated, into the store's currency. An offer in a currency without a rate cannot be
//! bought, since nobody could say what it costs.

mod entity;
mod verbs;

use std::collections::HashMap;

use rust_decimal::Decimal;

pub use self::entity::Model as ExchangeRate;
pub use self::verbs::{ExchangeRateErrorCode, current, in_force, list, set};
use crate::kernel::money::{Currency, Money};

/// The rates that hold at one moment.
#[derive(Debug, Clone)]
pub struct Rates {
    store: Currency,
    rates: HashMap<Currency, Decimal>,
}

impl Rates {
    /// `rates` tells what one unit of a currency is in `store`'s.
    pub fn new(store: Currency, rates: HashMap<Currency, Decimal>) -> Self {
        Self { store, rates }
    }

    /// The store's currency.
    pub fn store(&self) -> Currency {
        self.store
    }

    /// The same value in the store's currency, rounded half up to its minor unit; `None` without a
    /// rate, or if it does not fit.
    pub fn to_store(&self, money: Money) -> Option<Money> {
        if money.currency() == self.store {
            return Some(money);
        }
        let amount = money.amount().checked_mul(*self.rates.get(&money.currency())?)?;
        let rounded =
            amount.round_dp_with_strategy(self.store.decimals(), rust_decimal::RoundingStrategy::MidpointAwayFromZero);
        Money::from_decimal(rounded, self.store).ok()
    }
}

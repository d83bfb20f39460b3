//! The table of exchange rates.

use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::ExchangeRateId;
use crate::kernel::money::Currency;

/// What one unit of a currency is in another, from a moment on.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exchange_rate")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: ExchangeRateId,
    /// The currency that is bought in.
    pub from_currency: Currency,
    /// The store's currency.
    pub to_currency: Currency,
    /// From when on it holds.
    pub valid_from: Timestamp,
    /// The rate in billionths: small units of one currency may be worth very little in another.
    pub rate_billionths: i64,
    /// When the owner set it.
    pub created_at: Timestamp,
}

impl Model {
    /// What one unit is.
    pub fn rate(&self) -> Decimal {
        Decimal::new(self.rate_billionths, 9)
    }
}

/// Rates have no relations.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

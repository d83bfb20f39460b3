//! The tables of discounts and their uses.

use rust_decimal::Decimal;
use sea_orm::entity::prelude::*;

use super::super::quote::{DiscountTerms, DiscountValue};
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::DiscountId;
use crate::kernel::money::{Currency, Money};

/// One discount.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "discount")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: DiscountId,
    /// What the buyer types, in capitals.
    pub code: String,
    /// The share it takes off, in millionths.
    pub percent_millionths: Option<i64>,
    /// Or the amount, in minor units.
    pub amount_minor: Option<i64>,
    /// The amount's currency.
    pub currency: Option<Currency>,
    /// How often it may be used in all.
    pub usage_limit: Option<i64>,
    /// How often it is used, or held by a running checkout.
    pub used: i64,
    /// Not before this.
    pub starts_at: Option<Timestamp>,
    /// Not from this on.
    pub ends_at: Option<Timestamp>,
    /// Whether the owner still wants it.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Model {
    /// What it takes off.
    pub fn value(&self) -> Option<DiscountValue> {
        if let Some(millionths) = self.percent_millionths {
            return Some(DiscountValue::Percent(Decimal::new(millionths, 6)));
        }
        Some(DiscountValue::Amount(Money::from_minor(self.amount_minor?, self.currency?)))
    }

    /// The discount as it applies in a store that sells in `currency` at `now`; `None` if it does not.
    pub fn terms(&self, currency: Currency, now: Timestamp) -> Option<DiscountTerms> {
        let begun = self.starts_at.is_none_or(|start| start <= now);
        let over = self.ends_at.is_some_and(|end| end <= now);
        let used_up = self.usage_limit.is_some_and(|limit| self.used >= limit);
        if !self.active || !begun || over || used_up {
            return None;
        }
        let value = self.value()?;
        let foreign = matches!(value, DiscountValue::Amount(amount) if amount.currency() != currency);
        (!foreign).then(|| DiscountTerms { id: self.id, code: self.code.clone(), value })
    }
}

/// Discounts have no relations inside this room that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// One use of a discount.
pub mod redemption {
    use sea_orm::entity::prelude::*;

    use crate::kernel::clock::Timestamp;
    use crate::kernel::ids::{DiscountId, OrderId, PaymentAttemptId, RedemptionId};

    /// Where a use stands.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
    #[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
    pub enum RedemptionStatus {
        /// A checkout is running.
        Held,
        /// The order is placed.
        Confirmed,
        /// The checkout failed; the use was given back.
        Released,
    }

    /// One use.
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "discount_redemption")]
    pub struct Model {
        /// The id.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: RedemptionId,
        /// Of which discount.
        pub discount_id: DiscountId,
        /// By which attempt to pay.
        pub attempt_id: PaymentAttemptId,
        /// For which order, once it is placed.
        pub order_id: Option<OrderId>,
        /// Where it stands.
        pub status: RedemptionStatus,
        /// Since when.
        pub created_at: Timestamp,
    }

    /// Uses have no relations that queries follow.
    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

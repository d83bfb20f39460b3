//! The table of refunds: who asked for money to go back, under which key.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, PaymentTransactionId, RefundId};
use crate::kernel::money::{Currency, Money};

/// One refund.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "refund")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: RefundId,
    /// Of which order.
    pub order_id: OrderId,
    /// The movement that does it.
    pub transaction_id: PaymentTransactionId,
    /// What it was asked for with; one refund per order and key.
    pub key: String,
    /// The currency.
    pub currency: Currency,
    /// How much, in minor units.
    pub amount: i64,
    /// Why.
    pub reason: String,
    /// Whether the customer is to be told by mail.
    pub notify: bool,
    /// Since when.
    pub created_at: Timestamp,
}

impl Model {
    /// How much.
    pub fn money(&self) -> Money {
        Money::from_minor(self.amount, self.currency)
    }
}

/// Refunds have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

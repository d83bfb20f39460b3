//! The table of movements of money.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OrderId, PaymentAttemptId, PaymentTransactionId};
use crate::kernel::money::{Currency, Money};

/// Which way money moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionKind {
    /// Held money is taken.
    Capture,
    /// Held money is released.
    Void,
    /// Taken money is given back.
    Refund,
}

/// Where a movement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TransactionStatus {
    /// Decided by us; the provider has not confirmed it yet.
    Pending,
    /// The provider did it.
    Succeeded,
    /// The provider refused.
    Failed,
}

/// One movement of money.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_transaction")]
pub struct Model {
    /// The id; also the idempotency key at the provider, see [`Model::key`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentTransactionId,
    /// Of which attempt.
    pub attempt_id: PaymentAttemptId,
    /// Of which order.
    pub order_id: Option<OrderId>,
    /// Which way.
    pub kind: TransactionKind,
    /// Where it stands.
    pub status: TransactionStatus,
    /// The currency.
    pub currency: Currency,
    /// How much, in minor units.
    pub amount: i64,
    /// Why, for people of the store.
    pub reason: String,
    /// Why the provider refused.
    pub error: Option<String>,
    /// How often a person had it tried again after it was refused.
    pub retries: i64,
    /// When the provider was first told. From then on it may be done.
    pub submitted_at: Option<Timestamp>,
    /// Since when.
    pub created_at: Timestamp,
    /// When the provider confirmed or refused it.
    pub settled_at: Option<Timestamp>,
}

impl Model {
    /// The idempotency key at the provider. A provider answers a key always alike, its refusal too, so that what is
    /// tried again has a new one.
    pub fn key(&self) -> String {
        match self.retries {
            0 => self.id.to_string(),
            retries => format!("{}:{retries}", self.id),
        }
    }

    /// How much.
    pub fn money(&self) -> Money {
        Money::from_minor(self.amount, self.currency)
    }
}

/// Movements have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

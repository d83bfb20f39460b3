//! The table of attempts to be paid.

use sea_orm::entity::prelude::*;

use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CartId, OrderId, PaymentAttemptId};
use crate::kernel::money::{Currency, Money};

/// Where an attempt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AttemptStatus {
    /// The provider was not asked yet, or nobody knows.
    Open,
    /// The provider has it and has not decided.
    Processing,
    /// The money is held for us.
    Authorized,
    /// The provider said no.
    Declined,
    /// The store gave it up; a late yes is released at once.
    Abandoned,
    /// What was held was released, and nothing was captured.
    Voided,
}

/// One attempt to be paid.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "payment_attempt")]
pub struct Model {
    /// The id; also the reference and the idempotency key at the provider.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: PaymentAttemptId,
    /// For which cart.
    pub cart_id: CartId,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Which provider.
    pub gateway: String,
    /// Whether no real money moves.
    pub test: bool,
    /// What the buyer's client got from the provider, sealed. Gone once the provider has decided.
    pub token: Option<String>,
    /// Where it stands.
    pub status: AttemptStatus,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What was asked for, in minor units.
    pub amount: i64,
    /// What the provider holds or held for us.
    pub authorized: i64,
    /// What we took of it.
    pub captured: i64,
    /// What we released of it.
    pub voided: i64,
    /// What we gave back of the captured.
    pub refunded: i64,
    /// The provider's name for it.
    pub provider_id: Option<String>,
    /// Why the provider said no.
    pub decline_code: Option<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl Model {
    /// `minor` units in this attempt's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Not the cart's id, which is a right, nor the token.
        let mut text = f.debug_struct("PaymentAttempt");
        text.field("id", &self.id).field("status", &self.status).field("amount", &self.money(self.amount));
        text.field("authorized", &self.authorized).field("captured", &self.captured);
        text.field("voided", &self.voided).field("refunded", &self.refunded).finish_non_exhaustive()
    }
}

/// Attempts have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

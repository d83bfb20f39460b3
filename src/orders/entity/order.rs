//! The table of orders. Amounts are minor units of the order's currency.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::identity::Owned;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CartId, CustomerId, OrderId, PaymentAttemptId};
use crate::kernel::money::{Currency, Money};
use crate::orders::state::{FulfillmentStatus, MoneyFacts, PaymentStatus, ReturnStatus};
use crate::routing::Plan;

/// Discount codes as they were used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Codes(pub Vec<String>);

/// The plan the customer paid for, as it was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct StoredPlan(pub Plan);

/// One order.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    /// The id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: OrderId,
    /// The number people use; without gaps.
    pub number: i64,
    /// The cart it was made from.
    pub cart_id: CartId,
    /// The payment it was placed with.
    pub attempt_id: PaymentAttemptId,
    /// Whose it is; `None` for a guest.
    pub customer_id: Option<CustomerId>,
    /// Where mails go.
    pub email: String,
    /// A telephone number.
    pub phone: Option<String>,
    /// Where the goods go.
    #[sea_orm(column_type = "JsonBinary")]
    pub shipping_address: Address,
    /// Who is billed.
    #[sea_orm(column_type = "JsonBinary")]
    pub billing_address: Address,
    /// The currency of every amount here.
    pub currency: Currency,
    /// Goods before discount.
    pub subtotal: i64,
    /// What discounts took off.
    pub discount: i64,
    /// Shipping.
    pub shipping: i64,
    /// Tax, whether on top or contained.
    pub tax: i64,
    /// What the customer pays.
    pub total: i64,
    /// The discount codes used.
    #[sea_orm(column_type = "JsonBinary")]
    pub discount_codes: Codes,
    /// Who was to send what.
    #[sea_orm(column_type = "JsonBinary")]
    pub plan: StoredPlan,
    /// Whether it was paid with play money.
    pub is_test: bool,
    /// The tracking token's hash, for look-up.
    pub token_hash: Vec<u8>,
    /// The tracking token, sealed, for mails.
    pub token_sealed: String,
    /// The earliest promised delivery.
    pub promise_earliest: Option<Timestamp>,
    /// The latest promised delivery.
    pub promise_latest: Option<Timestamp>,
    /// Authorized so far.
    pub authorized: i64,
    /// Captured so far.
    pub captured: i64,
    /// Released so far.
    pub voided: i64,
    /// Given back so far.
    pub refunded: i64,
    /// What the customer owed when money was last moved; `None` until the first capture is ordered.
    pub settled_due: Option<i64>,
    /// Derived; kept for filtering.
    pub payment_status: PaymentStatus,
    /// Derived; kept for filtering.
    pub fulfillment_status: FulfillmentStatus,
    /// Derived; kept for filtering.
    pub return_status: ReturnStatus,
    /// What a search looks at: number, e-mail, name, names and SKUs of the goods, in lower case.
    pub search_text: String,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When a fact of it last changed.
    pub updated_at: Timestamp,
    /// When it lost the person who placed it.
    pub erased_at: Option<Timestamp>,
}

impl Model {
    /// `minor` units of the order's currency.
    pub fn money(&self, minor: i64) -> Money {
        Money::from_minor(minor, self.currency)
    }

    /// The money facts.
    pub fn money_facts(&self) -> MoneyFacts {
        MoneyFacts {
            authorized: self.authorized,
            captured: self.captured,
            voided: self.voided,
            refunded: self.refunded,
            // The status is where this fact is kept.
            capture_failed: self.payment_status == PaymentStatus::Failed,
            free: self.total == 0,
        }
    }
}

impl Owned for Model {
    fn customer_id(&self) -> Option<CustomerId> {
        self.customer_id
    }

    fn order_id(&self) -> Option<OrderId> {
        Some(self.id)
    }
}

/// Relations inside the room.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

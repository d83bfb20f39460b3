//! Holds: everything that was decided when the buyer said yes, so that whoever settles later makes
//! the identical order.

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::catalog::{SelectedOption, VariantSnapshot};
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CartId, CartLineId, CustomerId, DiscountId, OrderId, PaymentAttemptId, ProductId, VariantId};
use crate::kernel::money::Money;
use crate::pricing::Quote;
use crate::routing::{DeliveryWindow, Plan};

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum HoldStatus {
    /// The provider's answer is awaited.
    Held,
    /// It became an order.
    Placed,
    /// It was given back.
    Released,
}

/// A variant as it was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldVariant {
    /// The variant.
    pub id: VariantId,
    /// Its product.
    pub product_id: ProductId,
    /// The product's name.
    pub product_title: String,
    /// What tells it from its siblings.
    pub title: String,
    /// The store's own name for it.
    pub sku: String,
    /// The price of one.
    pub price: Money,
    /// What it is, of each of the product's choices.
    pub options: Vec<SelectedOption>,
}

/// One line as it was bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HeldLine {
    /// The cart's line, by which the plan names it.
    pub line_id: CartLineId,
    /// What.
    pub snapshot: HeldVariant,
    /// How many.
    pub quantity: i64,
}

impl From<VariantSnapshot> for HeldVariant {
    fn from(it: VariantSnapshot) -> Self {
        Self {
            id: it.id,
            product_id: it.product_id,
            product_title: it.product_title,
            title: it.title,
            sku: it.sku,
            price: it.price,
            options: it.options,
        }
    }
}

impl From<HeldVariant> for VariantSnapshot {
    fn from(it: HeldVariant) -> Self {
        Self {
            id: it.id,
            product_id: it.product_id,
            product_title: it.product_title,
            title: it.title,
            sku: it.sku,
            price: it.price,
            compare_at: None,
            active: true,
            options: it.options,
        }
    }
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct Contents {
    /// Who bought, if not a guest.
    pub customer_id: Option<CustomerId>,
    /// Where news go.
    pub email: String,
    /// The buyer's telephone number.
    pub phone: Option<String>,
    /// Where it goes.
    pub shipping_address: Address,
    /// Who pays.
    pub billing_address: Address,
    /// The lines, in the order of `quote.lines`.
    pub lines: Vec<HeldLine>,
    /// Who sends what.
    pub plan: Plan,
    /// What it costs.
    pub quote: Quote,
    /// When it will arrive.
    pub promise: Option<DeliveryWindow>,
    /// The discounts that were used.
    pub discounts: Vec<DiscountId>,
    /// Their codes.
    pub discount_codes: Vec<String>,
}

/// One hold.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "checkout_hold")]
pub struct Model {
    /// The attempt to pay it belongs to.
    #[sea_orm(primary_key, auto_increment = false)]
    pub attempt_id: PaymentAttemptId,
    /// The cart.
    pub cart_id: CartId,
    /// Where it stands.
    pub status: HoldStatus,
    /// What was decided.
    #[sea_orm(column_type = "JsonBinary")]
    pub contents: Contents,
    /// Why it was given back.
    #[sea_orm(column_type = "JsonBinary")]
    pub problems: super::cart::Failure,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Addresses, and the cart's id, which is a right.
        f.debug_struct("Hold").field("attempt", &self.attempt_id).field("status", &self.status).finish_non_exhaustive()
    }
}

/// Holds have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

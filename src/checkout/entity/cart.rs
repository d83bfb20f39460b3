//! Carts.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use sea_orm::entity::prelude::*;
use serde::{Deserialize, Serialize};

use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CartId, CustomerId, OrderId, PaymentAttemptId, ShippingServiceId, SupplierId};

/// Where a cart stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Being filled; after a failed attempt to pay, again.
    Open,
    /// An attempt to pay is running.
    Processing,
    /// It became an order.
    Completed,
}

/// One code, as the buyer wrote it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Codes(pub Vec<String>);

/// Which service the buyer picked for each supplier's parcel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Selections(pub BTreeMap<SupplierId, ShippingServiceId>);

/// Why the last attempt failed, in the words of a user error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureProblem {
    /// The code, such as `PAYMENT_DECLINED`.
    pub code: super::super::CheckoutErrorCode,
    /// The input field.
    pub field: Vec<String>,
    /// For people.
    pub message: String,
}

/// Why the last attempt failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Failure(pub Vec<FailureProblem>);

/// One cart.
#[derive(Clone, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "cart")]
pub struct Model {
    /// The id: also the right to use it, while it is a guest's. Never logged.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: CartId,
    /// Whose it is; a guest's without.
    pub customer_id: Option<CustomerId>,
    /// Where it stands.
    pub status: Status,
    /// Where news of the order go.
    pub email: Option<String>,
    /// The buyer's telephone number.
    pub phone: Option<String>,
    /// Where it will probably go, before there is an address.
    pub country: Option<CountryCode>,
    /// Where it goes.
    #[sea_orm(column_type = "JsonBinary")]
    pub shipping_address: Option<Address>,
    /// Who pays; as the shipping address without.
    #[sea_orm(column_type = "JsonBinary")]
    pub billing_address: Option<Address>,
    /// The discount codes, in their order.
    #[sea_orm(column_type = "JsonBinary")]
    pub discount_codes: Codes,
    /// The picked services.
    #[sea_orm(column_type = "JsonBinary")]
    pub selections: Selections,
    /// The running, or the last, attempt to pay.
    pub attempt_id: Option<PaymentAttemptId>,
    /// The order it became.
    pub order_id: Option<OrderId>,
    /// Why the last attempt failed.
    #[sea_orm(column_type = "JsonBinary")]
    pub failure: Option<Failure>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it is forgotten, unless it is used again.
    pub expires_at: Timestamp,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The id is a right and the rest is personal: neither belongs into a log.
        f.debug_struct("Cart").field("status", &self.status).finish_non_exhaustive()
    }
}

impl Model {
    /// The country the prices, taxes and parcels are computed for.
    pub fn destination(&self) -> Option<CountryCode> {
        self.shipping_address.as_ref().map(|address| address.country_code).or(self.country)
    }
}

/// Carts have no relations that queries follow.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

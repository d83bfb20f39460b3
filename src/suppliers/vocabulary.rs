//! Words every supplier's protocol is translated into.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};

/// Where a parcel is, as all carriers and suppliers are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ShipmentStatus {
    /// Nothing is known yet.
    Pending,
    /// The carrier was told of it.
    InfoReceived,
    /// On its way.
    InTransit,
    /// With customs.
    Customs,
    /// On the last vehicle.
    OutForDelivery,
    /// Waiting to be fetched.
    AvailableForPickup,
    /// Nobody could take it.
    AttemptFailed,
    /// Something is wrong with it.
    Exception,
    /// On its way back.
    Returning,
    /// Back at the sender.
    Returned,
    /// It arrived.
    Delivered,
    /// Nothing was heard of it for too long.
    Expired,
}

/// Why a supplier refuses an order or a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "SCREAMING_SNAKE_CASE")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum SupplierRejection {
    /// It has none.
    OutOfStock,
    /// It does not know the item.
    InvalidSku,
    /// It no longer sells the item.
    Discontinued,
    /// It charges more than was offered.
    PriceChanged,
    /// It does not send there.
    UndeliverableDestination,
    /// The address is wrong.
    IncorrectAddress,
    /// More than it takes at once.
    OrderTooLarge,
    /// It wants to be paid first.
    PaymentRequired,
    /// It does not deal with us, or with the customer.
    Blocked,
    /// Anything else, and every code we do not know.
    Other,
}

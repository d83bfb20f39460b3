//! What a buyer is told when a cart cannot do what they ask.

use serde::{Deserialize, Serialize};

/// The reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CheckoutErrorCode {
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// There is no such cart, line, variant, parcel or shipping option.
    NotFound,
    /// Fewer can be sold than are wanted.
    OutOfStock,
    /// A price changed since the buyer saw it.
    PriceChanged,
    /// The total is not the one the buyer confirmed.
    TotalMismatch,
    /// The confirmed total is in another currency than the store's.
    CurrencyMismatch,
    /// The address is missing or incomplete.
    AddressInvalid,
    /// It cannot be sent there.
    NotShippable,
    /// A parcel has no way to be sent chosen.
    ShippingOptionRequired,
    /// There is no e-mail address to write to.
    ContactRequired,
    /// A discount code does not apply, or not any more.
    DiscountInvalid,
    /// The payment was refused.
    PaymentDeclined,
    /// The cart became an order already.
    CartCompleted,
    /// The key was used with another input.
    IdempotencyKeyReused,
    /// Another attempt to pay for the cart is running.
    IdempotencyInProgress,
}

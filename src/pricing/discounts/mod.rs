//! Discounts: codes that take a share or an amount off, for a while, so many times.

pub mod entity;
mod manage;
mod redeem;

pub use self::entity::{Model as Discount, redemption};
pub use self::manage::{DiscountErrorCode, NewDiscount, count, create, deactivate, list, lookup};
pub use self::redeem::{Applied, applicable, confirm, redeem, release};

/// A code as it is stored and compared: without spaces around it, in capitals.
pub fn normalize(code: &str) -> String {
    code.trim().to_uppercase()
}

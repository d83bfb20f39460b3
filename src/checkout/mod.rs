//! Checkout: carts, and how a cart becomes an order.
//!
//! A cart holds what its buyer wrote; everything it shows – prices, parcels, shipping, problems – is
//! computed when it is read, and reserves nothing. `checkoutComplete` is hold → authorize → settle:
//! the hold reserves the stock of exactly the plan that was priced and opens the attempt to pay, the
//! provider is asked without a transaction, and settling places the order or gives everything back.
//! Whoever learns the outcome first settles (the request, the provider's webhook, or
//! `ReconcileAttempt` after a crash); the others find it settled.

pub mod entity;
mod error;

pub use self::entity::cart::{Failure, Model as Cart, Status};
pub use self::entity::cart_line::Model as CartLine;
pub use self::error::CheckoutErrorCode;

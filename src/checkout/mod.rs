//! Checkout: carts, and how a cart becomes an order.
//!
//! A cart holds what its buyer wrote; everything it shows – prices, parcels, shipping, problems – is
//! computed when it is read, and reserves nothing. `checkoutComplete` is hold → authorize → settle:
//! the hold reserves the stock of exactly the plan that was priced and opens the attempt to pay, the
//! provider is asked without a transaction, and settling places the order or gives everything back.
//! Whoever learns the outcome first settles (the request, the provider's webhook, or
//! `ReconcileAttempt` after a crash); the others find it settled.

mod carts;
mod claim;
mod lines;
mod view;

mod complete;
mod hold;
mod settle;
mod unknown;

mod access;
pub mod entity;
mod erase;
mod error;
pub mod graphql;
pub mod jobs;

pub use self::access::lookup;
pub use self::carts::{
    Contact, NewCart, create, select_shipping_option, set_billing_address, set_contact, set_discount_codes,
    set_shipping_address,
};
pub use self::claim::claim;
pub use self::complete::{Completion, CompletionStatus, complete, completion};
pub use self::entity::cart::{Failure, FailureProblem, Model as Cart, Status};
pub use self::entity::cart_line::Model as CartLine;
pub use self::erase::{EraseCarts, ForgetCart};
pub use self::error::CheckoutErrorCode;
pub use self::hold::CompleteInput;
pub use self::lines::{LineChange, NewLine, add as add_lines, of_customer, update as update_lines};
pub use self::settle::settle;
pub use self::unknown::{DecideAttempt, after_work_item, ask_again, undecided};
pub use self::view::{CartProblem, LineView, ParcelView, View, view};

/// How a verb of this room says no.
pub type CheckoutError = crate::kernel::problem::VerbError<CheckoutErrorCode>;

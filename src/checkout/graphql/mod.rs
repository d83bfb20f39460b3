//! Carts and the checkout as buyers see them. Suppliers never show: a parcel is only what comes
//! together.

mod inputs;
mod mutation;
mod query;
mod types;

pub use self::inputs::{
    AddressInput, CartContactInput, CartCreateInput, CartLineInput, CartLineUpdateInput, CheckoutCompleteInput,
    PaymentInput,
};
pub use self::mutation::CheckoutMutation;
pub use self::query::CheckoutQuery;
pub use self::types::{
    Cart, CartCompletion, CartCompletionStatus, CartLine, CartProblem, CheckoutErrorCode, CheckoutUserError, Parcel,
};

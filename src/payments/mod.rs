//! Payments: attempts to be paid, and the movements of the money they hold.
//!
//! An attempt belongs to one cart and becomes at most one order's. `OPEN → PROCESSING → AUTHORIZED |
//! DECLINED`, `→ ABANDONED` when the store gives it up, `→ VOIDED` when all that was held is released.
//! A movement is `PENDING → SUCCEEDED | FAILED`, and `FAILED → PENDING` when a person says so.
//!
//! What holds after every crash: what we recorded as taken was taken at the provider; captures and
//! releases never exceed what was authorized, refunds never what was captured; and every call has one
//! effect, because its key is the id of the row that was committed before it.

mod attempts;
pub mod entity;
mod forget;
pub mod gateway;
pub mod graphql;
mod inbound;
mod movements;
mod queries;
mod recover;
mod refunds;
mod settle;
#[cfg(test)]
mod tests;
mod trouble;

pub use self::attempts::{
    AuthorizeOutcome, NewAttempt, abandon, attach_order, authorize, enter, find, lookup, open_attempt, record, reseal,
};
pub use self::entity::attempt;
pub use self::entity::attempt::{AttemptStatus, Model as Attempt};
pub use self::entity::refund::Model as Refund;
pub use self::entity::transaction::{Model as Transaction, TransactionKind, TransactionStatus};
pub use self::forget::forget_words;
pub use self::gateway::{Gateway, GatewayWebhookError, Gateways};
pub use self::inbound::{InboundPayment, PaymentNews, read_webhook};
pub use self::movements::{MoneyTotals, capture, refund, totals, void_rest};
pub use self::queries::{
    capture_failed, load_by_ids, load_transactions, lookup_refund, of_orders, refunds, transaction, transaction_count,
    transaction_page, transactions,
};
pub use self::recover::{CompareSums, Told, recover};
pub use self::refunds::{
    RefundErrorCode, RefundLine, RefundOf, RefundRequest, create_refund, refund_units, units_refunded,
};
pub use self::settle::SettleTransaction;
pub use self::trouble::{
    GIVE_UP, PAYMENT_UNKNOWN, RETRY, RetryTransaction, after_work_item, attempt_known, attempt_unknown,
};
use crate::app::App;

/// The configured providers.
pub fn gateways(app: &App) -> &Gateways {
    &app.gateways
}

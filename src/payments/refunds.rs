//! Refunds that the store's people ask for.

use serde::Serialize;

use super::entity::refund;
use super::movements::{self, NewRefund};
use super::queries;
use crate::app::App;
use crate::identity::{Action, Actor};
use crate::kernel::ids::{OrderId, RefundId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::idempotency::{self, Claimed};
use crate::platform::tx::Tx;

/// The longest key.
const MAX_KEY: usize = 255;
/// The longest reason.
const MAX_REASON: usize = 500;

/// What can be wrong with a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefundErrorCode {
    /// There is no such order, or line of it.
    NotFound,
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// The amount is in another currency than the order.
    CurrencyMismatch,
    /// More than was charged and not yet refunded.
    TooMuch,
    /// The key was used with another input.
    IdempotencyKeyReused,
}

/// A refund as it is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct RefundRequest {
    /// Names the request: a repeat answers the same refund.
    #[serde(skip)]
    pub idempotency_key: String,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: Option<String>,
    /// Whether the customer is told by mail.
    pub notify_customer: bool,
}

/// Gives money back. The provider is told after the commit; the answer says whether it has confirmed.
pub async fn create_refund(
    app: &App,
    actor: &Actor,
    order_id: OrderId,
    request: &RefundRequest,
) -> Result<refund::Model, VerbError<RefundErrorCode>> {
    actor.may(Action::Refund)?;
    check(request)?;
    let tx = Tx::begin(app).await?;
    let Some((attempt, totals)) = movements::of_order_if_any(&tx, order_id).await? else {
        return Err(VerbError::refused(RefundErrorCode::NotFound, "orderId", "there is no such order"));
    };
    let id: RefundId = tx.new_id();
    let digest = idempotency::digest(&(order_id, request))?;
    let (scope, key) = (actor.label(), &request.idempotency_key);
    match idempotency::claim(&tx, &scope, "refundCreate", key, &digest, &id.to_string()).await? {
        Claimed::New => {}
        Claimed::Repeat { subject } => return Ok(repeated(&tx, &subject).await?),
        Claimed::OtherInput => {
            let message = "this key was used for another refund";
            return Err(VerbError::refused(RefundErrorCode::IdempotencyKeyReused, "input.idempotencyKey", message));
        }
    }
    let left = totals.refundable();
    if request.amount.currency() != left.currency() {
        let message = format!("the order is in {}", left.currency());
        return Err(VerbError::refused(RefundErrorCode::CurrencyMismatch, "input.amount.currencyCode", message));
    }
    if request.amount.minor() > left.minor() {
        let message = format!("only {left} can be refunded");
        return Err(VerbError::refused(RefundErrorCode::TooMuch, "input.amount", message));
    }
    let reason = request.reason.as_deref().unwrap_or("Refunded by the store.");
    let (amount, notify) = (request.amount, request.notify_customer);
    let new = NewRefund { id, order_id, amount, reason, key: &format!("asked:{id}"), notify };
    let made = movements::begin_refund(&tx, &attempt, &new).await?;
    tx.commit().await?;
    tracing::info!(order.id = %order_id, refund.id = %id, "a refund of {amount} was asked for");
    Ok(made)
}

fn check(request: &RefundRequest) -> Result<(), VerbError<RefundErrorCode>> {
    let invalid = |path: &str, message: &str| Err(VerbError::refused(RefundErrorCode::Invalid, path, message));
    if !(1..=MAX_KEY).contains(&request.idempotency_key.chars().count()) {
        return invalid("input.idempotencyKey", "the key must have 1 to 255 characters");
    }
    if request.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return invalid("input.reason", "the reason must not have more than 500 characters");
    }
    if request.amount.minor() <= 0 {
        return invalid("input.amount", "the amount must be more than nothing");
    }
    Ok(())
}

async fn repeated(tx: &Tx, subject: &str) -> Result<refund::Model, Fault> {
    let vanished = || Fault::internal(format!("the refund {subject} of an idempotency key is missing"));
    let id = subject.parse().map_err(|_| vanished())?;
    queries::lookup_refund(tx, id).await?.ok_or_else(vanished)
}

//! Refunds that the store's people ask for.

use std::collections::HashMap;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::Serialize;

use super::entity::transaction::TransactionStatus;
use super::entity::{refund, refund_line, transaction};
use super::movements::{self, NewRefund};
use super::queries;
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::kernel::ids::{OrderId, OrderLineId, RefundId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::idempotency::{self, Claimed};
use crate::platform::planted::{self, Bug};
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

/// What goes back.
#[derive(Debug, Clone, Serialize)]
pub enum RefundOf {
    /// So much.
    Amount(Money),
    /// The price of these units.
    Lines(Vec<RefundLine>),
}

/// Units of a line whose price goes back.
#[derive(Debug, Clone, Serialize)]
pub struct RefundLine {
    /// The line.
    pub order_line_id: OrderLineId,
    /// How many.
    pub quantity: usize,
    /// What the customer paid for each of the line's units.
    #[serde(skip)]
    pub units: Vec<Money>,
}

/// A refund as it is asked for.
#[derive(Debug, Clone, Serialize)]
pub struct RefundRequest {
    /// Names the request: a repeat answers the same refund.
    #[serde(skip)]
    pub idempotency_key: String,
    /// What.
    pub of: RefundOf,
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
        Claimed::Repeat { .. } if planted::is(Bug::RefundAgain) => {}
        Claimed::Repeat { subject } => return Ok(repeated(&tx, &subject).await?),
        Claimed::OtherInput => {
            let message = "this key was used for another refund";
            return Err(VerbError::refused(RefundErrorCode::IdempotencyKeyReused, "input.idempotencyKey", message));
        }
    }
    let left = totals.refundable();
    let amount = match &request.of {
        RefundOf::Amount(amount) => *amount,
        RefundOf::Lines(lines) => price(&tx, order_id, lines, left.currency()).await?,
    };
    if amount.currency() != left.currency() {
        let message = format!("the order is in {}", left.currency());
        return Err(VerbError::refused(RefundErrorCode::CurrencyMismatch, "input.amount.currencyCode", message));
    }
    if amount.minor() > left.minor() {
        let message = format!("only {left} can be refunded");
        return Err(VerbError::refused(RefundErrorCode::TooMuch, "input.amount", message));
    }
    let reason = request.reason.as_deref().unwrap_or("Refunded by the store.");
    let notify = request.notify_customer;
    let new = NewRefund { id, order_id, amount, reason, key: &format!("asked:{id}"), notify };
    let made = movements::begin_refund(&tx, &attempt, &new).await?;
    if let RefundOf::Lines(lines) = &request.of {
        note_units(&tx, id, lines).await?;
    }
    let given = Changes::none().given("refund", id.to_string()).given("amount", amount.to_string());
    audit::record(&tx, actor, "refund.create", order_id, given).await?;
    tx.commit().await?;
    tracing::info!(order.id = %order_id, refund.id = %id, "a refund of {amount} was asked for");
    Ok(made)
}

/// Gives back what was paid for those of these units that were not refunded yet, at most what is left of
/// what was charged; `None` if that is nothing. A repeat with the same key finds the same refund.
pub async fn refund_units(
    tx: &Tx,
    order_id: OrderId,
    lines: Vec<RefundLine>,
    reason: &str,
    key: &str,
) -> Result<Option<RefundId>, Fault> {
    let (attempt, totals) = movements::of_order(tx, order_id).await?;
    if let Some(found) = movements::refund_by_key(tx, order_id, key).await? {
        return Ok(Some(found.id));
    }
    let before = units_refunded(tx, order_id).await?;
    let (left, mut sum, mut taken, mut known) = (totals.refundable(), 0, vec![], 0);
    for line in lines {
        let gone = before.get(&line.order_line_id).copied().unwrap_or_default();
        let units = line.units.get(gone..).unwrap_or_default();
        let quantity = line.quantity.min(units.len());
        known += line.quantity - quantity;
        sum += units.iter().take(quantity).map(|unit| unit.minor()).sum::<i64>();
        if quantity > 0 {
            taken.push(RefundLine { quantity, ..line });
        }
    }
    let amount = Money::from_minor(sum.min(left.minor()), left.currency());
    if amount.minor() == 0 {
        return Ok(None);
    }
    let reason = if known == 0 { reason.to_owned() } else { format!("{reason}; {known} units were refunded before") };
    let new = NewRefund { id: tx.new_id(), order_id, amount, reason: &reason, key, notify: false };
    movements::begin_refund(tx, &attempt, &new).await?;
    note_units(tx, new.id, &taken).await?;
    Ok(Some(new.id))
}

fn check(request: &RefundRequest) -> Result<(), VerbError<RefundErrorCode>> {
    let invalid = |path: &str, message: &str| Err(VerbError::refused(RefundErrorCode::Invalid, path, message));
    if !(1..=MAX_KEY).contains(&request.idempotency_key.chars().count()) {
        return invalid("input.idempotencyKey", "the key must have 1 to 255 characters");
    }
    if request.reason.as_ref().is_some_and(|reason| reason.chars().count() > MAX_REASON) {
        return invalid("input.reason", "the reason must not have more than 500 characters");
    }
    if matches!(request.of, RefundOf::Amount(amount) if amount.minor() <= 0) {
        return invalid("input.amount", "the amount must be more than nothing");
    }
    Ok(())
}

/// What the customer paid for these units, after those that were paid back before: so refunding units
/// one by one gives back exactly the line's total, and none goes back twice.
async fn price(
    tx: &Tx,
    order_id: OrderId,
    lines: &[RefundLine],
    currency: Currency,
) -> Result<Money, VerbError<RefundErrorCode>> {
    let before = units_refunded(tx, order_id).await?;
    let mut sum = Money::zero(currency);
    for (index, line) in lines.iter().enumerate() {
        let gone = before.get(&line.order_line_id).copied().unwrap_or_default();
        let left = line.units.get(gone..).unwrap_or_default();
        if line.quantity > left.len() {
            let message = format!("only {} units of it were not refunded yet", left.len());
            let path = format!("input.lines.{index}.quantity");
            return Err(VerbError::refused(RefundErrorCode::TooMuch, &path, message));
        }
        sum = sum.add(Money::sum(currency, left.iter().copied().take(line.quantity))?)?;
    }
    if sum.minor() == 0 {
        return Err(VerbError::refused(RefundErrorCode::Invalid, "input.lines", "nothing was paid for these units"));
    }
    Ok(sum)
}

/// How many units of each line are in refunds that did not fail.
pub async fn units_refunded(tx: &Tx, order_id: OrderId) -> Result<HashMap<OrderLineId, usize>, Fault> {
    let refunds = refund::Entity::find().filter(refund::Column::OrderId.eq(order_id)).all(tx).await?;
    let failed = transaction::Entity::find()
        .filter(transaction::Column::Id.is_in(refunds.iter().map(|it| it.transaction_id)))
        .filter(transaction::Column::Status.eq(TransactionStatus::Failed))
        .all(tx)
        .await?;
    let counted = refunds.iter().filter(|it| !failed.iter().any(|failed| failed.id == it.transaction_id));
    let of_them = refund_line::Column::RefundId.is_in(counted.map(|it| it.id));
    let mut units = HashMap::new();
    for row in refund_line::Entity::find().filter(of_them).all(tx).await? {
        *units.entry(row.order_line_id).or_default() += usize::try_from(row.quantity).unwrap_or_default();
    }
    Ok(units)
}

/// Whether units of this refund, which was refused, were refunded by a later one.
pub(super) async fn is_replaced(tx: &Tx, failed: &transaction::Model) -> Result<bool, Fault> {
    let of_movement = refund::Entity::find().filter(refund::Column::TransactionId.eq(failed.id));
    let Some(own) = of_movement.one(tx).await? else { return Ok(false) };
    let lines = refund_line::Entity::find().filter(refund_line::Column::RefundId.eq(own.id)).all(tx).await?;
    let later = refund::Entity::find()
        .filter(refund::Column::OrderId.eq(own.order_id))
        .filter(refund::Column::CreatedAt.gt(own.created_at))
        .all(tx)
        .await?;
    let going = transaction::Entity::find()
        .filter(transaction::Column::Id.is_in(later.iter().map(|it| it.transaction_id)))
        .filter(transaction::Column::Status.ne(TransactionStatus::Failed))
        .all(tx)
        .await?;
    let later = later.iter().filter(|it| going.iter().any(|going| going.id == it.transaction_id)).map(|it| it.id);
    let same = refund_line::Entity::find()
        .filter(refund_line::Column::RefundId.is_in(later))
        .filter(refund_line::Column::OrderLineId.is_in(lines.iter().map(|it| it.order_line_id)));
    Ok(same.one(tx).await?.is_some())
}

async fn note_units(tx: &Tx, refund_id: RefundId, lines: &[RefundLine]) -> Result<(), Fault> {
    let rows = lines.iter().map(|line| refund_line::ActiveModel {
        refund_id: Set(refund_id),
        order_line_id: Set(line.order_line_id),
        quantity: Set(i64::try_from(line.quantity).unwrap_or(i64::MAX)),
    });
    refund_line::Entity::insert_many(rows).exec_without_returning(tx).await?;
    Ok(())
}

async fn repeated(tx: &Tx, subject: &str) -> Result<refund::Model, Fault> {
    let vanished = || Fault::internal(format!("the refund {subject} of an idempotency key is missing"));
    let id = subject.parse().map_err(|_| vanished())?;
    queries::lookup_refund(tx, id).await?.ok_or_else(vanished)
}

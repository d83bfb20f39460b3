//! Movements of money: taking, releasing, giving back. Each is decided here, in the transaction of
//! whatever asks for it, as a row that says *pending* and a job that carries it out.
//!
//! What is pending already counts as spent, so two deciders can never spend the same cent.

use sea_orm::{ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Set};

use super::entity::attempt;
use super::entity::refund;
use super::entity::transaction::{self, TransactionKind, TransactionStatus};
use super::settle::SettleTransaction;
use super::{attempts, refunds, trouble};
use crate::kernel::ids::{OrderId, PaymentAttemptId, PaymentTransactionId, RefundId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::tx::Tx;

/// What was moved for an order, and what is about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MoneyTotals {
    /// Held, in all.
    pub authorized: Money,
    /// Taken of it.
    pub captured: Money,
    /// Released of it.
    pub voided: Money,
    /// Given back of the taken.
    pub refunded: Money,
    /// Being taken.
    pub pending_captured: Money,
    /// Being released.
    pub pending_voided: Money,
    /// Being given back.
    pub pending_refunded: Money,
}

impl MoneyTotals {
    /// What can still be taken or released.
    pub fn capturable(&self) -> Money {
        let used = [self.captured, self.voided, self.pending_captured, self.pending_voided];
        left(self.authorized, &used)
    }

    /// What can still be given back.
    pub fn refundable(&self) -> Money {
        left(self.captured, &[self.refunded, self.pending_refunded])
    }
}

/// What is left of the whole; all amounts are of one currency and bounded by it.
fn left(whole: Money, used: &[Money]) -> Money {
    Money::from_minor(whole.minor() - used.iter().map(|used| used.minor()).sum::<i64>(), whole.currency())
}

/// Takes `amount` of what is held for the order. `None` for an amount of nothing; an error if that
/// much is not held.
pub async fn capture(
    tx: &Tx,
    order_id: OrderId,
    amount: Money,
    reason: &str,
) -> Result<Option<PaymentTransactionId>, Fault> {
    let (attempt, totals) = of_order(tx, order_id).await?;
    check(amount, totals.capturable(), "captured")?;
    if amount.minor() == 0 {
        return Ok(None);
    }
    trouble::replaced(tx, &refused_captures(tx, &attempt).await?).await?;
    begin(tx, &attempt, TransactionKind::Capture, amount.minor(), reason).await.map(Some)
}

/// Releases whatever is held for the order and not taken; `None` if that is nothing.
pub async fn void_rest(tx: &Tx, order_id: OrderId, reason: &str) -> Result<Option<PaymentTransactionId>, Fault> {
    let (attempt, totals) = of_order(tx, order_id).await?;
    let rest = totals.capturable().minor();
    if rest == 0 {
        return Ok(None);
    }
    begin(tx, &attempt, TransactionKind::Void, rest, reason).await.map(Some)
}

/// Gives back `amount` of what was taken for the order. A repeat with the same key finds the same
/// refund. An error if that much was not taken.
pub async fn refund(tx: &Tx, order_id: OrderId, amount: Money, reason: &str, key: &str) -> Result<RefundId, Fault> {
    let (attempt, totals) = of_order(tx, order_id).await?;
    if let Some(found) = refund_by_key(tx, order_id, key).await? {
        return Ok(found.id);
    }
    check(amount, totals.refundable(), "refunded")?;
    let wanted = NewRefund { id: tx.new_id(), order_id, amount, reason, key, notify: false };
    Ok(begin_refund(tx, &attempt, &wanted).await?.id)
}

/// The order's refund with this key.
pub(super) async fn refund_by_key(tx: &Tx, order_id: OrderId, key: &str) -> Result<Option<refund::Model>, Fault> {
    let same = refund::Entity::find().filter(refund::Column::OrderId.eq(order_id)).filter(refund::Column::Key.eq(key));
    Ok(same.one(tx).await?)
}

/// A refund that was found possible.
pub(super) struct NewRefund<'a> {
    pub id: RefundId,
    pub order_id: OrderId,
    pub amount: Money,
    pub reason: &'a str,
    pub key: &'a str,
    pub notify: bool,
}

/// Writes the refund and its movement down. The attempt is locked, and that much is refundable.
pub(super) async fn begin_refund(
    tx: &Tx,
    attempt: &attempt::Model,
    new: &NewRefund<'_>,
) -> Result<refund::Model, Fault> {
    if new.amount.minor() == 0 {
        return Err(Fault::internal("a refund of nothing"));
    }
    let transaction_id = begin(tx, attempt, TransactionKind::Refund, new.amount.minor(), new.reason).await?;
    let row = refund::ActiveModel {
        id: Set(new.id),
        order_id: Set(new.order_id),
        transaction_id: Set(transaction_id),
        key: Set(new.key.to_owned()),
        currency: Set(new.amount.currency()),
        amount: Set(new.amount.minor()),
        reason: Set(new.reason.to_owned()),
        notify: Set(new.notify),
        created_at: Set(tx.now()),
    };
    Ok(row.insert(tx).await?)
}

/// What was moved for the order, and what is about to be.
pub async fn totals(conn: &impl ConnectionTrait, order_id: OrderId) -> Result<MoneyTotals, Fault> {
    let attempt = attempt::Entity::find().filter(attempt::Column::OrderId.eq(order_id)).one(conn).await?;
    let attempt = attempt.ok_or_else(|| Fault::internal(format!("order {order_id} has no payment")))?;
    totals_of(conn, &attempt).await
}

/// A failed movement, tried once more. False if it had not failed, or can no longer be done.
pub(super) async fn retry(tx: &Tx, id: PaymentTransactionId) -> Result<bool, Fault> {
    let find = || transaction::Entity::find_by_id(id).one(tx);
    let Some(seen) = find().await? else { return Ok(false) };
    let attempt = attempts::lock(tx, seen.attempt_id).await?;
    let found = find().await?.filter(|it| it.status == TransactionStatus::Failed);
    let Some(failed) = found else { return Ok(false) };
    let totals = totals_of(tx, &attempt).await?;
    let possible = match failed.kind {
        // Money is taken once: another capture took this one's place.
        TransactionKind::Capture if totals.captured.minor() + totals.pending_captured.minor() > 0 => false,
        TransactionKind::Capture if is_older(tx, &attempt, &failed).await? => false,
        TransactionKind::Capture | TransactionKind::Void => failed.amount <= totals.capturable().minor(),
        TransactionKind::Refund => {
            let possible = failed.amount <= totals.refundable().minor() && !refunds::is_replaced(tx, &failed).await?;
            if !possible {
                trouble::not_tried(tx, &failed).await?;
            }
            possible
        }
    };
    if !possible {
        return Ok(false);
    }
    let row = transaction::ActiveModel {
        id: Set(id),
        status: Set(TransactionStatus::Pending),
        error: Set(None),
        retries: Set(failed.retries + 1),
        settled_at: Set(None),
        ..Default::default()
    };
    row.update(tx).await?;
    jobs::enqueue(tx, &SettleTransaction { id }).await?;
    Ok(true)
}

/// Writes the movement down as pending, and the job that carries it out. The attempt is locked.
pub(super) async fn begin(
    tx: &Tx,
    attempt: &attempt::Model,
    kind: TransactionKind,
    amount: i64,
    reason: &str,
) -> Result<PaymentTransactionId, Fault> {
    let id: PaymentTransactionId = tx.new_id();
    let row = transaction::ActiveModel {
        id: Set(id),
        attempt_id: Set(attempt.id),
        order_id: Set(attempt.order_id),
        kind: Set(kind),
        status: Set(TransactionStatus::Pending),
        currency: Set(attempt.currency),
        amount: Set(amount),
        reason: Set(reason.to_owned()),
        error: Set(None),
        retries: Set(0),
        submitted_at: Set(None),
        created_at: Set(tx.now()),
        settled_at: Set(None),
    };
    row.insert(tx).await?;
    jobs::enqueue(tx, &SettleTransaction { id }).await?;
    Ok(id)
}

/// Whether another capture was tried after this one.
async fn is_older(tx: &Tx, attempt: &attempt::Model, capture: &transaction::Model) -> Result<bool, Fault> {
    Ok(refused_captures(tx, attempt).await?.iter().any(|other| other.created_at > capture.created_at))
}

/// The attempt's captures that were refused.
async fn refused_captures(tx: &Tx, attempt: &attempt::Model) -> Result<Vec<transaction::Model>, Fault> {
    let query = transaction::Entity::find()
        .filter(transaction::Column::AttemptId.eq(attempt.id))
        .filter(transaction::Column::Kind.eq(TransactionKind::Capture))
        .filter(transaction::Column::Status.eq(TransactionStatus::Failed));
    Ok(query.all(tx).await?)
}

/// Movements of the attempt that are not settled, in the order they are carried out: oldest first,
/// but a release after all captures, since at the provider it releases whatever is not taken by then.
pub(super) async fn pending(
    conn: &impl ConnectionTrait,
    attempt_id: PaymentAttemptId,
) -> Result<Vec<transaction::Model>, Fault> {
    let query = transaction::Entity::find()
        .filter(transaction::Column::AttemptId.eq(attempt_id))
        .filter(transaction::Column::Status.eq(TransactionStatus::Pending));
    let mut pending = query.all(conn).await?;
    // Ids of one moment are in no order that matters here.
    pending.sort_by_key(|movement| (movement.kind == TransactionKind::Void, movement.created_at, movement.id));
    Ok(pending)
}

/// The order's attempt, locked, and what was moved.
pub(super) async fn of_order_if_any(
    tx: &Tx,
    order_id: OrderId,
) -> Result<Option<(attempt::Model, MoneyTotals)>, Fault> {
    let query = attempt::Entity::find().filter(attempt::Column::OrderId.eq(order_id)).lock_exclusive();
    let Some(attempt) = query.one(tx).await? else { return Ok(None) };
    let totals = totals_of(tx, &attempt).await?;
    Ok(Some((attempt, totals)))
}

/// The order's attempt, locked, and what was moved; an error if it has none.
pub(super) async fn of_order(tx: &Tx, order_id: OrderId) -> Result<(attempt::Model, MoneyTotals), Fault> {
    let found = of_order_if_any(tx, order_id).await?;
    found.ok_or_else(|| Fault::internal(format!("order {order_id} has no payment")))
}

async fn totals_of(conn: &impl ConnectionTrait, attempt: &attempt::Model) -> Result<MoneyTotals, Fault> {
    let pending = pending(conn, attempt.id).await?;
    let sum = |kind: TransactionKind| {
        let amounts = pending.iter().filter(|movement| movement.kind == kind).map(|movement| movement.amount);
        attempt.money(amounts.sum())
    };
    Ok(MoneyTotals {
        authorized: attempt.money(attempt.authorized),
        captured: attempt.money(attempt.captured),
        voided: attempt.money(attempt.voided),
        refunded: attempt.money(attempt.refunded),
        pending_captured: sum(TransactionKind::Capture),
        pending_voided: sum(TransactionKind::Void),
        pending_refunded: sum(TransactionKind::Refund),
    })
}

fn check(amount: Money, left: Money, what: &str) -> Result<(), Fault> {
    let fits = amount.currency() == left.currency() && !amount.is_negative() && amount.minor() <= left.minor();
    if fits { Ok(()) } else { Err(Fault::internal(format!("{amount} cannot be {what}: only {left} can"))) }
}

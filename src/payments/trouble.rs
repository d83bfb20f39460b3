//! Money that does not move as it should becomes a work item.

use std::time::Duration;

use sea_orm::ConnectionTrait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entity::{attempt, transaction};
use super::gateway::ProviderPayment;
use super::movements;
use super::recover::CompareSums;
use super::settle::SettleTransaction;
use crate::kernel::ids::{PaymentAttemptId, PaymentTransactionId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{self, Done, Job, JobError, JobRun, NewJob, Priority};
use crate::platform::outbox;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};

/// The kind of items about money that is not moved, or not as it should be.
const FAILED: &str = "PAYMENT_FAILED";
/// The kind of items about an outcome that nobody knows; it is being asked for.
pub const PAYMENT_UNKNOWN: &str = "PAYMENT_UNKNOWN";
/// The action that tries a refused movement once more, or asks at once for an unknown outcome.
pub const RETRY: &str = "RETRY";
/// The action that gives up an attempt: should it succeed after all, the money is released.
pub const GIVE_UP: &str = "GIVE_UP";

/// When sums that differed are compared again; what suppliers confirm is taken over by then.
const COMPARED_AFTER: Duration = Duration::from_secs(3600);

/// An authentic message says something that cannot be; it was not applied.
pub(super) async fn wrong_payment(tx: &Tx, attempt: &attempt::Model, defect: &str) -> Result<(), Fault> {
    let item = NewWorkItem {
        kind: FAILED,
        severity: Severity::Critical,
        subject: attempt.id.to_string(),
        order_id: attempt.order_id,
        supplier_order_id: None,
        message: format!("The payment provider tells of payment {}, but {defect}. Nothing was applied.", attempt.id),
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: format!("payment-wrong:{}", attempt.id),
    };
    workitems::open(tx, item).await?;
    Ok(())
}

/// A provider has a payment under our reference that the restored database does not know.
pub(super) async fn lost_payment(tx: &Tx, provider: &str, payment: &ProviderPayment) -> Result<(), Fault> {
    let money = |minor| Money::from_minor(minor, payment.amount.currency());
    let (captured, refunded) = (money(payment.captured), money(payment.refunded));
    let item = NewWorkItem {
        kind: "PAYMENT_LOST",
        severity: Severity::Critical,
        subject: payment.reference.clone(),
        order_id: None,
        supplier_order_id: None,
        message: format!(
            "The payment provider {provider} has {} of {} ({captured} captured, {refunded} refunded) under our reference \
             {}, which the restored database does not know: an order placed after the backup is lost. Find the buyer \
             at the provider, and make the order anew with them or give the money back there.",
            payment.id, payment.amount, payment.reference
        ),
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: format!("payment-lost:{provider}:{}", payment.id),
    };
    workitems::open(tx, item).await.map(drop)
}

/// A provider's sums of a payment are not those of the restored database.
pub(super) async fn sums_differ(tx: &Tx, attempt: &attempt::Model, payment: &ProviderPayment) -> Result<(), Fault> {
    let sums = |captured, voided, refunded| {
        let [captured, voided, refunded] = [captured, voided, refunded].map(|minor| attempt.money(minor));
        format!("{captured} captured, {voided} released, {refunded} refunded")
    };
    let item = NewWorkItem {
        kind: "PAYMENT_DIFFERS",
        severity: Severity::High,
        subject: attempt.id.to_string(),
        order_id: attempt.order_id,
        supplier_order_id: None,
        message: format!(
            "Since the backup money moved that the restored database does not know. The payment provider {} says of \
             payment {}: {}; the store says: {}. What suppliers confirm again is taken over by itself; what still \
             differs in an hour is yours to note.",
            attempt.gateway,
            attempt.id,
            sums(payment.captured, payment.voided, payment.refunded),
            sums(attempt.captured, attempt.voided, attempt.refunded)
        ),
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: differs_key(attempt.id),
    };
    if workitems::open(tx, item).await?.is_some() {
        jobs::enqueue_after(tx, &CompareSums { id: attempt.id }, COMPARED_AFTER).await?;
    }
    Ok(())
}

/// Beside a refund of ours, the provider knows of others that the store did not make.
pub(super) async fn refunded_past_us(
    tx: &Tx,
    attempt: &attempt::Model,
    movement: &transaction::Model,
    minor: i64,
) -> Result<(), Fault> {
    if minor == 0 {
        return Ok(());
    }
    let item = NewWorkItem {
        kind: "PAYMENT_DIFFERS",
        severity: Severity::High,
        subject: attempt.id.to_string(),
        order_id: attempt.order_id,
        supplier_order_id: None,
        message: format!(
            "{} of payment {} was refunded at the payment provider {} and not by the store. It counts as refunded, but \
             no refund of the order shows it.",
            attempt.money(minor),
            attempt.id,
            attempt.gateway
        ),
        actions: vec!["MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: format!("payment-past-us:{}", movement.id),
    };
    workitems::open(tx, item).await.map(drop)
}

/// Whether it is still a person's to note that the sums differ.
pub(super) async fn still_differ(conn: &impl ConnectionTrait, id: PaymentAttemptId) -> Result<bool, Fault> {
    workitems::is_unresolved(conn, &differs_key(id)).await
}

/// The sums agree again.
pub(super) async fn sums_agree(tx: &Tx, id: PaymentAttemptId) -> Result<(), Fault> {
    workitems::close_by_key(tx, &differs_key(id), "The payment provider's sums and the store's agree.").await
}

fn differs_key(id: PaymentAttemptId) -> String {
    format!("payment-differs:{id}")
}

/// Nobody knows for long what became of an attempt, whose checkout holds goods meanwhile.
pub async fn attempt_unknown(tx: &Tx, attempt: &attempt::Model) -> Result<(), Fault> {
    let item = NewWorkItem {
        kind: PAYMENT_UNKNOWN,
        severity: Severity::High,
        subject: attempt.id.to_string(),
        order_id: None,
        supplier_order_id: None,
        message: format!(
            "The payment provider {} does not tell what became of payment {}; its goods are held and it is asked again.",
            attempt.gateway, attempt.id
        ),
        actions: vec![RETRY.to_owned(), GIVE_UP.to_owned(), workitems::WAIT.to_owned()],
        due_in: None,
        dedupe_key: unknown_key(&attempt.id),
    };
    workitems::open(tx, item).await.map(drop)
}

/// It is known what became of an attempt.
pub async fn attempt_known(tx: &Tx, id: PaymentAttemptId) -> Result<(), Fault> {
    workitems::close_by_key(tx, &unknown_key(&id), "It is known what became of the payment.").await
}

/// The outcome of a movement stays unknown.
pub(super) async fn unknown(tx: &Tx, movement: &transaction::Model, why: &str) -> Result<(), Fault> {
    let what = format!("Whether {} of {} succeeded is not known: {why}", name(movement), movement.money());
    workitems::open(tx, of_movement(movement, PAYMENT_UNKNOWN, what, unknown_key(&movement.id))).await.map(drop)
}

/// A movement was refused.
pub(super) async fn refused(tx: &Tx, movement: &transaction::Model, why: &str) -> Result<(), Fault> {
    known(tx, movement, "The payment provider refused it.").await?;
    let what = format!("The payment provider refused {} of {}: {why}", name(movement), movement.money());
    workitems::open(tx, of_movement(movement, FAILED, what, refused_key(movement))).await.map(drop)
}

/// The movement went through after all.
pub(super) async fn passed(tx: &Tx, movement: &transaction::Model) -> Result<(), Fault> {
    let note = "The payment provider confirmed it.";
    known(tx, movement, note).await?;
    workitems::close_by_key(tx, &refused_key(movement), note).await
}

/// A refused refund is not tried again, since others went back later.
pub(super) async fn not_tried(tx: &Tx, movement: &transaction::Model) -> Result<(), Fault> {
    let message = format!(
        "{} of {} was refused, and is not tried again: units of the same lines, or what was left of the money, were \
         refunded later. Refund anew what is still owed.",
        name(movement),
        movement.money()
    );
    let item = of_movement(movement, FAILED, message, refused_key(movement));
    workitems::open(tx, NewWorkItem { actions: vec!["MARK_HANDLED".to_owned()], ..item }).await.map(drop)
}

/// Other movements take the place of these, which were refused.
pub(super) async fn replaced(tx: &Tx, movements: &[transaction::Model]) -> Result<(), Fault> {
    for movement in movements {
        workitems::close_by_key(tx, &refused_key(movement), "Another movement took its place.").await?;
    }
    Ok(())
}

async fn known(tx: &Tx, movement: &transaction::Model, note: &str) -> Result<(), Fault> {
    workitems::close_by_key(tx, &unknown_key(&movement.id), note).await
}

fn of_movement(movement: &transaction::Model, kind: &'static str, message: String, key: String) -> NewWorkItem {
    NewWorkItem {
        kind,
        severity: Severity::Critical,
        subject: movement.id.to_string(),
        order_id: movement.order_id,
        supplier_order_id: None,
        message,
        actions: vec![RETRY.to_owned(), "MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: key,
    }
}

fn unknown_key(id: &impl std::fmt::Display) -> String {
    format!("payment-unknown:{id}")
}

fn refused_key(movement: &transaction::Model) -> String {
    format!("payment-refused:{}", movement.id)
}

fn name(movement: &transaction::Model) -> &'static str {
    match movement.kind {
        transaction::TransactionKind::Capture => "the capture",
        transaction::TransactionKind::Void => "the release",
        transaction::TransactionKind::Refund => "the refund",
    }
}

/// The jobs that follow when a person chose what to do about a movement.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str);
    if !matches!(text("type"), Some(FAILED | PAYMENT_UNKNOWN)) || text("action") != Some(RETRY) {
        return Ok(vec![]);
    }
    // An attempt is its checkout's to look after.
    let Some(id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&RetryTransaction { id })?])
}

/// Tries a movement once more, because a person said so.
#[derive(Debug, Serialize, Deserialize)]
pub struct RetryTransaction {
    /// The movement.
    pub id: PaymentTransactionId,
}

impl Job for RetryTransaction {
    const KIND: &'static str = "RetryTransaction";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        if !movements::retry(&tx, self.id).await? {
            // One that is still pending is tried by itself; now rather than later.
            jobs::hasten(&tx, &SettleTransaction { id: self.id }).await?;
        }
        tx.commit().await?;
        Ok(Done::OK)
    }
}

//! Money that does not move as it should becomes a work item.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entity::{attempt, transaction};
use super::movements;
use crate::kernel::ids::PaymentTransactionId;
use crate::kernel::problem::Fault;
use crate::platform::jobs::{Done, Job, JobError, JobRun, NewJob};
use crate::platform::outbox;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};

/// The kind of all items of this room.
const KIND: &str = "PAYMENT_FAILED";
/// The action that tries a refused movement once more.
const RETRY: &str = "RETRY";

/// An authentic message says something that cannot be; it was not applied.
pub(super) async fn wrong_payment(tx: &Tx, attempt: &attempt::Model, defect: &str) -> Result<(), Fault> {
    let item = NewWorkItem {
        kind: KIND,
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

/// A movement was refused, or its outcome stays unknown.
pub(super) async fn stuck(tx: &Tx, movement: &transaction::Model, why: &str) -> Result<(), Fault> {
    let item = NewWorkItem {
        kind: KIND,
        severity: Severity::Critical,
        subject: movement.id.to_string(),
        order_id: movement.order_id,
        supplier_order_id: None,
        message: format!("{} of {} does not succeed: {why}", name(movement), movement.money()),
        actions: vec![RETRY.to_owned(), "MARK_HANDLED".to_owned()],
        due_in: None,
        dedupe_key: key(movement),
    };
    workitems::open(tx, item).await?;
    Ok(())
}

/// The movement went through after all.
pub(super) async fn passed(tx: &Tx, movement: &transaction::Model) -> Result<(), Fault> {
    workitems::close_by_key(tx, &key(movement), "The payment provider confirmed it.").await?;
    Ok(())
}

fn key(movement: &transaction::Model) -> String {
    format!("payment-stuck:{}", movement.id)
}

fn name(movement: &transaction::Model) -> &'static str {
    match movement.kind {
        transaction::TransactionKind::Capture => "The capture",
        transaction::TransactionKind::Void => "The release",
        transaction::TransactionKind::Refund => "The refund",
    }
}

/// The jobs that follow when a person chose what to do about a movement.
pub fn after_work_item(event: &outbox::entity::Model) -> Result<Vec<NewJob>, Fault> {
    let text = |name: &str| event.data.get(name).and_then(Value::as_str);
    if text("type") != Some(KIND) || text("action") != Some(RETRY) {
        return Ok(vec![]);
    }
    let Some(id) = text("subject").and_then(|id| id.parse().ok()) else { return Ok(vec![]) };
    Ok(vec![NewJob::now(&RetryTransaction { id })?])
}

/// Tries a refused movement once more, because a person said so.
#[derive(Debug, Serialize, Deserialize)]
pub struct RetryTransaction {
    /// The movement.
    pub id: PaymentTransactionId,
}

impl Job for RetryTransaction {
    const KIND: &'static str = "RetryTransaction";

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        // One that is still pending is tried by itself all the time.
        movements::retry(&tx, self.id).await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}

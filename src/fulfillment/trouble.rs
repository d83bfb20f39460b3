//! The work items this room opens: what went wrong with a supplier order, and what can be done.

use std::time::Duration;

use super::work::Work;
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::workitems::{self, NewWorkItem, Severity};

/// Send it, or look again.
pub const RETRY: &str = "RETRY";
/// Give its units to other suppliers.
pub const REROUTE: &str = "REROUTE";
/// Drop its units and give the money back.
pub const CANCEL_AND_REFUND: &str = "CANCEL_AND_REFUND";
/// Send what waits for a word.
pub const APPROVE: &str = "APPROVE";
/// A person did what was needed elsewhere.
pub const MARK_HANDLED: &str = "MARK_HANDLED";

/// The supplier took it, and waits for somebody to do something about it there.
const INTERCEPTED: &str = "SUPPLIER_ORDER_INTERCEPTED";
/// Nobody answered in time.
pub const ACCEPTANCE_OVERDUE: &str = "ACCEPTANCE_OVERDUE";
/// Nothing left in time.
pub const SHIPMENT_OVERDUE: &str = "SHIPMENT_OVERDUE";

const DAY: Duration = Duration::from_secs(24 * 3600);
const HOUR: Duration = Duration::from_secs(3600);

/// The key of trouble of one kind with one supplier order.
pub(super) fn key(kind: &str, id: SupplierOrderId) -> String {
    format!("{kind}:{id}")
}

/// Opens an item about a supplier order.
pub async fn open(
    tx: &Tx,
    work: &Work,
    kind: &'static str,
    severity: Severity,
    message: String,
    actions: &[&str],
) -> Result<(), Fault> {
    let due_in = if severity == Severity::Low { DAY } else { HOUR * 4 };
    let item = NewWorkItem {
        kind,
        severity,
        subject: work.own.id.to_string(),
        order_id: Some(work.order.id),
        supplier_order_id: Some(work.own.id),
        message,
        actions: actions.iter().map(|&it| it.to_owned()).collect(),
        due_in: Some(due_in),
        dedupe_key: key(kind, work.own.id),
    };
    workitems::open(tx, item).await?;
    Ok(())
}

/// Closes all items about a supplier order that an answer makes moot.
pub(super) async fn answered(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    for kind in
        ["SUPPLIER_ORDER_UNKNOWN", "SUPPLIER_ORDER_FAILED", INTERCEPTED, ACCEPTANCE_OVERDUE, "APPROVAL_REQUIRED"]
    {
        workitems::close_by_key(tx, &key(kind, id), "the supplier answered").await?;
    }
    Ok(())
}

/// Closes all items about a supplier order that nothing more is expected of.
pub(super) async fn ended(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    answered(tx, id).await?;
    workitems::close_by_key(tx, &key(SHIPMENT_OVERDUE, id), "nothing more is expected").await
}

pub(super) async fn approval_required(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!("A supplier order of order {} waits to be approved.", work.order.number);
    open(tx, work, "APPROVAL_REQUIRED", Severity::Low, message, &[APPROVE, REROUTE, CANCEL_AND_REFUND]).await
}

pub(super) async fn perhaps_sent(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "The database was restored from a backup: the supplier may have been asked for its part of order {} already, \
         under a reference that is lost. Ask it about order {} before you approve this.",
        work.order.number, work.order.number
    );
    let actions = [APPROVE, REROUTE, CANCEL_AND_REFUND, MARK_HANDLED];
    open(tx, work, "APPROVAL_REQUIRED", Severity::High, message, &actions).await
}

pub(super) async fn cannot_send(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!("A supplier order of order {} cannot be sent: {reason}", work.order.number);
    let actions = [RETRY, REROUTE, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, "SUPPLIER_ORDER_FAILED", Severity::High, message, &actions).await
}

pub(super) async fn intercepted(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!("The supplier has its part of order {} and does not go on: {reason}", work.order.number);
    let actions = [MARK_HANDLED, REROUTE, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, INTERCEPTED, Severity::High, message, &actions).await
}

pub(super) async fn still_unknown(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!(
        "Whether the supplier has its part of order {} cannot be found out: {reason}. Ask the supplier for {}.",
        work.order.number, work.own.id
    );
    let actions = [RETRY, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    open(tx, work, "SUPPLIER_ORDER_UNKNOWN", Severity::High, message, &actions).await
}

pub(super) async fn cannot_be_asked(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "Whether the supplier has its part of order {} is not known, and it cannot be asked by a program. Ask it for \
         {}: retry sends it again, so only if the supplier does not have it; mark it as handled if it does.",
        work.order.number, work.own.id
    );
    let actions = [RETRY, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    open(tx, work, "SUPPLIER_ORDER_UNKNOWN", Severity::High, message, &actions).await
}

pub(super) async fn refused(tx: &Tx, work: &Work, kind: &'static str, units: i64, why: &str) -> Result<(), Fault> {
    let message = format!("{units} units of order {} were refused and {why}.", work.order.number);
    let actions = [RETRY, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, kind, Severity::High, message, &actions).await
}

pub(super) async fn cancellation_refused(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!("A supplier will not cancel its part of order {} any more.", work.order.number);
    open(tx, work, "CANCELLATION_REFUSED", Severity::Normal, message, &[RETRY, MARK_HANDLED]).await
}

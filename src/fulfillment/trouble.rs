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
/// Go on with what is held.
pub const RELEASE: &str = "RELEASE";
/// A person did what was needed elsewhere.
pub const MARK_HANDLED: &str = "MARK_HANDLED";

/// The supplier took it, and waits for somebody to do something about it there.
pub const INTERCEPTED: &str = "SUPPLIER_ORDER_INTERCEPTED";
/// The store holds it back.
const ON_HOLD: &str = "SUPPLIER_ORDER_ON_HOLD";
/// The supplier says that it does not go on.
pub const SUPPLIER_HOLDS: &str = "SUPPLIER_HOLDS_ORDER";
/// Units that nobody else can send.
pub const NO_SUPPLIER: &str = "NO_SUPPLIER";
/// Units that many suppliers refused.
pub const REJECTED: &str = "SUPPLIER_ORDER_REJECTED";
/// Units that their supplier refused because of the address.
pub const ADDRESS_REFUSED: &str = "ADDRESS_REFUSED";
/// The supplier has what was taken back from it because it surely did not.
const TAKEN_LATE: &str = "SUPPLIER_ORDER_TAKEN_LATE";
/// Whether the supplier has it cannot be found out.
pub const UNKNOWN: &str = "SUPPLIER_ORDER_UNKNOWN";
/// It waits for the owner's word.
pub const APPROVAL_REQUIRED: &str = "APPROVAL_REQUIRED";
/// The supplier does not cancel any more.
pub const CANCELLATION_REFUSED: &str = "CANCELLATION_REFUSED";
/// The supplier was asked to cancel, and does not answer.
pub const CANCELLATION_UNANSWERED: &str = "CANCELLATION_UNANSWERED";
/// It cannot be sent.
const CANNOT_SEND: &str = "SUPPLIER_ORDER_FAILED";
/// Nobody answered in time.
pub const ACCEPTANCE_OVERDUE: &str = "ACCEPTANCE_OVERDUE";
/// Nothing left in time.
pub const SHIPMENT_OVERDUE: &str = "SHIPMENT_OVERDUE";

const DAY: Duration = Duration::from_secs(24 * 3600);

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
    let item = NewWorkItem {
        kind,
        severity,
        subject: work.own.id.to_string(),
        order_id: Some(work.order.id),
        supplier_order_id: Some(work.own.id),
        message,
        actions: actions.iter().map(|&it| it.to_owned()).collect(),
        // A paid order waits: not as long as other matters of little weight may.
        due_in: (severity == Severity::Low).then_some(DAY),
        dedupe_key: key(kind, work.own.id),
    };
    workitems::open(tx, item).await?;
    Ok(())
}

/// Closes all items about a supplier order that an answer makes moot.
pub(super) async fn answered(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    for kind in [UNKNOWN, CANNOT_SEND, INTERCEPTED, ACCEPTANCE_OVERDUE, APPROVAL_REQUIRED] {
        workitems::close_by_key(tx, &key(kind, id), "the supplier answered").await?;
    }
    Ok(())
}

/// Closes all items about a supplier order that nothing more is expected of.
pub(super) async fn ended(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    answered(tx, id).await?;
    cancellation_answered(tx, id).await?;
    workitems::close_by_key(tx, &key(SHIPMENT_OVERDUE, id), "nothing more is expected").await
}

/// Closes the item about a cancellation that was answered.
pub(super) async fn cancellation_answered(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    workitems::close_by_key(tx, &key(CANCELLATION_UNANSWERED, id), "the supplier answered").await
}

/// Closes the items about a supplier order that its supplier cancelled, also if it had said no before.
pub(super) async fn cancelled(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    ended(tx, id).await?;
    workitems::close_by_key(tx, &key(CANCELLATION_REFUSED, id), "the supplier cancelled it after all").await
}

/// Closes the items about a hold that ended.
pub(super) async fn released(tx: &Tx, id: SupplierOrderId) -> Result<(), Fault> {
    for kind in [ON_HOLD, SUPPLIER_HOLDS] {
        workitems::close_by_key(tx, &key(kind, id), "it is held no longer").await?;
    }
    Ok(())
}

/// The store holds it back.
pub async fn on_hold(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!("A supplier order of order {} is held back by the store.", work.order.number);
    let actions = [RELEASE, REROUTE, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, ON_HOLD, Severity::Low, message, &actions).await
}

/// Its supplier does not go on with it.
pub async fn supplier_holds(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!("A supplier does not go on with its part of order {}: {reason}", work.order.number);
    let actions = [REROUTE, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    open(tx, work, SUPPLIER_HOLDS, Severity::Normal, message, &actions).await
}

/// It waits for the owner's word.
pub async fn approval_required(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!("A supplier order of order {} waits to be approved.", work.order.number);
    open(tx, work, APPROVAL_REQUIRED, Severity::Low, message, &[APPROVE, REROUTE, CANCEL_AND_REFUND]).await
}

/// It waits for a word, because it may have been sent before the database was restored.
pub async fn perhaps_sent(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "The database was restored from a backup: the supplier may have been asked for its part of order {} already, \
         under a reference that is lost. Ask it about order {} before you approve this.",
        work.order.number, work.order.number
    );
    let actions = [APPROVE, REROUTE, CANCEL_AND_REFUND, MARK_HANDLED];
    open(tx, work, APPROVAL_REQUIRED, Severity::High, message, &actions).await
}

/// Sending it fails again and again.
pub async fn cannot_send(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!("A supplier order of order {} cannot be sent: {reason}", work.order.number);
    let actions = [RETRY, REROUTE, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, CANNOT_SEND, Severity::High, message, &actions).await
}

/// What a person wanted to have given to others cannot be: what else can be done, where it stands.
pub async fn cannot_reroute(tx: &Tx, work: &Work, why: &str) -> Result<(), Fault> {
    use super::state::SupplierOrderStatus as S;
    let message = format!("A supplier order of order {} was to go to others, but {why}.", work.order.number);
    let first = match work.own.status {
        S::Draft | S::Routed | S::OnHold => Some(APPROVE),
        S::Queued | S::Failed => Some(RETRY),
        _ if work.lines.iter().any(|row| row.open() > 0) => Some(RETRY),
        _ => None,
    };
    let actions: Vec<&str> = first.into_iter().chain([CANCEL_AND_REFUND, workitems::WAIT]).collect();
    open(tx, work, CANNOT_SEND, Severity::High, message, &actions).await
}

/// Its supplier has it and waits for somebody to do something there.
pub async fn intercepted(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!("The supplier has its part of order {} and does not go on: {reason}", work.order.number);
    let actions = [MARK_HANDLED, REROUTE, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, INTERCEPTED, Severity::High, message, &actions).await
}

/// Its supplier says that it has what was taken back unsent: others may have its units, or the customer the money.
pub async fn taken_late(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "A supplier took its part of order {} after that was taken back from it, unsent as it seemed: ask it not to \
         send {} (its {}), or the customer gets these goods twice.",
        work.order.number,
        work.own.id,
        work.own.remote_id.as_deref().unwrap_or("number is not known"),
    );
    open(tx, work, TAKEN_LATE, Severity::Critical, message, &[MARK_HANDLED, workitems::WAIT]).await
}

/// Nobody can tell whether its supplier has it.
pub async fn still_unknown(tx: &Tx, work: &Work, reason: &str) -> Result<(), Fault> {
    let message = format!(
        "Whether the supplier has its part of order {} cannot be found out: {reason}. Ask the supplier for {}.",
        work.order.number, work.own.id
    );
    let actions = [RETRY, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    open(tx, work, UNKNOWN, Severity::High, message, &actions).await
}

pub(super) async fn cannot_be_asked(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "Whether the supplier has its part of order {} is not known, and it cannot be asked by a program. Ask it for \
         {}: retry sends it again, so only if the supplier does not have it; mark it as handled if it does.",
        work.order.number, work.own.id
    );
    let actions = [RETRY, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    open(tx, work, UNKNOWN, Severity::High, message, &actions).await
}

/// Units were refused, and others do not get them by themselves.
pub async fn refused(tx: &Tx, work: &Work, kind: &'static str, units: i64, why: &str) -> Result<(), Fault> {
    let message = format!("{units} units of order {} were refused and {why}.", work.order.number);
    let actions = [RETRY, CANCEL_AND_REFUND, workitems::WAIT];
    open(tx, work, kind, Severity::High, message, &actions).await
}

/// Closes the items about units that wait for somebody to send them.
pub(super) async fn handed_on(tx: &Tx, id: SupplierOrderId, why: &str) -> Result<(), Fault> {
    for kind in [NO_SUPPLIER, REJECTED, ADDRESS_REFUSED] {
        workitems::close_by_key(tx, &key(kind, id), why).await?;
    }
    Ok(())
}

/// It is asked to cancel, and nobody answers.
pub async fn cancellation_unanswered(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!(
        "A supplier was asked to cancel its part of order {} and does not answer: it may ship it.",
        work.order.number
    );
    let actions = [MARK_HANDLED, workitems::WAIT];
    open(tx, work, CANCELLATION_UNANSWERED, Severity::High, message, &actions).await
}

/// Its supplier does not cancel it any more.
pub async fn cancellation_refused(tx: &Tx, work: &Work) -> Result<(), Fault> {
    let message = format!("A supplier will not cancel its part of order {} any more.", work.order.number);
    let left = work.lines.iter().all(|row| row.shipped >= row.live());
    // What has left cannot be asked for again.
    let actions: &[&str] = if left { &[MARK_HANDLED] } else { &[RETRY, MARK_HANDLED] };
    open(tx, work, CANCELLATION_REFUSED, Severity::Normal, message, actions).await
}

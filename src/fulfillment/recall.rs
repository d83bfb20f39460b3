//! Taking units back from a supplier, for others to send.
//!
//! What a supplier surely does not work on is taken back at once, under the lock its answer would need.
//! What it may work on is only asked for: its adapter's cancellation, or its answer at the portal, decides,
//! and until then the units stay with it. So no units are ever with two suppliers.

use super::allowed::{self, SupplierOrderAction, Verdict};
use super::answer;
use super::cancel;
use super::entity::supplier_order;
use super::error::SupplierOrderProblem;
use super::jobs::ReplanRefused;
use super::manage::{check_reason, managed, wrong_state};
use super::ship::Units;
use super::state::{RequestStatus, SupplierOrderStatus as S};
use super::trouble;
use super::work::Work;
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Actor, audit};
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::suppliers;

type Refused = VerbError<SupplierOrderProblem>;

/// Asks a supplier to give back what has not left, for `to`, or whoever can, to send. A repeat answers the
/// supplier order as it is.
///
/// # Errors
/// If its supplier does not have it, or everything has left.
pub async fn recall(
    app: &App,
    actor: &Actor,
    id: SupplierOrderId,
    reason: Option<String>,
    to: Option<SupplierId>,
) -> Result<supplier_order::Model, Refused> {
    check_reason(reason.as_deref())?;
    let tx = Tx::begin(app).await?;
    let mut work = managed(&tx, actor, id).await?;
    match allowed::verdict(SupplierOrderAction::Recall, actor, &work.own, &work.lines) {
        Verdict::Do => {}
        Verdict::Done => return Ok(work.own),
        Verdict::Not(why) => return Err(wrong_state(why)),
    }
    if let Some(to) = to {
        check_target(&tx, &work, to).await?;
    }
    let reason = reason.unwrap_or_else(|| "the store wants it sent by others".to_owned());
    ask(&tx, &mut work, &reason, to).await?;
    audit::record(&tx, actor, "supplierOrder.recall", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(work.own)
}

/// Whether units may go to the supplier `to` by name.
pub(super) async fn check_target(tx: &Tx, work: &Work, to: SupplierId) -> Result<(), Refused> {
    let at = "input.supplierId";
    if to == work.own.supplier_id {
        return Err(VerbError::refused(SupplierOrderProblem::Invalid, at, "it is with this supplier"));
    }
    match suppliers::lookup(tx, to).await? {
        Some(supplier) if supplier.is_active() => Ok(()),
        Some(_) => Err(VerbError::refused(SupplierOrderProblem::NoSupplier, at, "the supplier is paused")),
        None => Err(VerbError::refused(SupplierOrderProblem::NotFound, at, "there is no such supplier")),
    }
}

/// Asks for it; what lies at the portal without an answer comes back at once.
pub(super) async fn ask(tx: &Tx, work: &mut Work, reason: &str, to: Option<SupplierId>) -> Result<(), Fault> {
    work.own.recall_to = to;
    if !work.is_out() || work.own.is_unanswered_at_portal() {
        let all = waiting(work);
        take_back(tx, work, &all, reason).await?;
        return plan_again(tx, work).await;
    }
    work.own.recalled_at = Some(tx.now());
    cancel::ask(tx, work, reason).await
}

/// The supplier gave it back: what has not left waits for others.
pub(super) async fn agreed(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let all = waiting(work);
    work.own.recalled_at = None;
    work.own.cancel_requested_at = None;
    work.own.request_status = RequestStatus::CancelAccepted;
    take_back(tx, work, &all, "the supplier gave it back").await?;
    if work.own.status == S::CancelRequested {
        // A part has left: what is left of the order is that part.
        cancel::back_to_facts(tx, work, "the supplier gave back what had not left").await?;
        trouble::ended(tx, work.own.id).await?;
        work.save(tx).await?;
    }
    plan_again(tx, work).await
}

/// The supplier will not give it back: it goes on, and the customer has nothing to be told of.
pub(super) async fn declined(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    work.own.recalled_at = None;
    work.own.recall_to = None;
    work.own.cancel_requested_at = None;
    work.own.cancel_reason = None;
    work.save(tx).await?;
    let message = "A supplier will not give its order back.";
    let event = NewEvent::of_order(work.order.id, EventType::CancellationRefused, Audience::Store, message);
    outbox::append(tx, event.supplier_order(work.own.id)).await?;
    Ok(())
}

/// Somebody wants it cancelled meanwhile: what comes back is not sent by others.
pub(super) fn becomes_cancellation(work: &mut Work, reason: &str) {
    work.own.recalled_at = None;
    work.own.recall_to = None;
    work.own.cancel_reason = Some(reason.to_owned());
}

/// Takes units back that their supplier surely does not work on: they are refused, and wait. Once none is
/// left the supplier order has ended.
pub(super) async fn take_back(tx: &Tx, work: &mut Work, units: &[Units], reason: &str) -> Result<(), Fault> {
    let before = work.lines.clone();
    for row in &mut work.lines {
        row.refused += units.iter().filter(|(id, _)| *id == row.id).map(|(_, quantity)| quantity).sum::<i64>();
        row.accepted = row.accepted.min(row.live());
    }
    answer::settle_units(tx, work, &before).await?;
    if work.lines.iter().all(|row| row.live() == 0) {
        work.step(tx, S::Cancelled, reason).await?;
        if work.own.request_status == RequestStatus::Submitted {
            work.own.request_status = RequestStatus::Unsubmitted;
        }
        trouble::ended(tx, work.own.id).await?;
        work.tell_store(tx, EventType::SupplierOrderCancelled, "A supplier order was withdrawn.").await?;
    }
    work.save(tx).await
}

async fn plan_again(tx: &Tx, work: &Work) -> Result<(), Fault> {
    jobs::enqueue(tx, &ReplanRefused { id: work.own.id, despite_limit: false }).await?;
    Ok(())
}

/// The units that have not left.
fn waiting(work: &Work) -> Vec<Units> {
    work.lines.iter().map(|row| (row.id, row.live() - row.shipped)).filter(|(_, units)| *units > 0).collect()
}

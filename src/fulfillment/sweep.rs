//! Which supplier orders to look at: stuck between two steps, or past a deadline; and what a deadline
//! that passed leads to.

use std::time::Duration;

use chrono::TimeDelta;
use sea_orm::sea_query::Condition;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use super::entity::supplier_order::{Column, Entity};
use super::forward;
use super::recall;
use super::replan;
use super::state::{RequestStatus, SupplierOrderStatus as S};
use super::trouble::{self, CANCEL_AND_REFUND, MARK_HANDLED, REROUTE};
use super::work::Work;
use crate::app::App;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::Cancelling;
use crate::suppliers::{self, adapter_for};
use crate::workitems::{self, Severity};

/// What moves by itself has moved by then; a job was lost.
const STUCK_AFTER: TimeDelta = TimeDelta::seconds(60);
/// How many are looked at in one pass.
const BATCH: u64 = 200;

/// No answer yet.
const UNANSWERED: [S; 5] = [S::Routed, S::Queued, S::Submitting, S::Unknown, S::Submitted];
/// Answered, not all shipped yet.
const UNSHIPPED: [S; 3] = [S::Acknowledged, S::InProduction, S::PartiallyShipped];
/// How long a supplier has to answer a cancellation. A business wait.
const CANCELLATION: Duration = Duration::from_secs(24 * 3600);
/// States that something is at work to leave.
const TRANSIENT: [S; 4] = [S::Queued, S::Submitting, S::Unknown, S::CancelRequested];

/// Supplier orders worth a look.
pub(super) async fn suspects(app: &App) -> Result<Vec<SupplierOrderId>, Fault> {
    let now = app.clock.now();
    let stuck = Condition::all().add(Column::Status.is_in(TRANSIENT)).add(Column::UpdatedAt.lt(now - STUCK_AFTER));
    let unanswered = Condition::all().add(Column::Status.is_in(UNANSWERED)).add(Column::AcceptBy.lt(now));
    let unshipped = Condition::all().add(Column::Status.is_in(UNSHIPPED)).add(Column::ShipBy.lt(now));
    let asked_before = now - jobs::scaled(app, CANCELLATION);
    let uncancelled =
        Condition::all().add(Column::Status.eq(S::CancelRequested)).add(Column::CancelRequestedAt.lt(asked_before));
    let mut all = Vec::new();
    // Apart, so that many that are overdue do not hide one that is stuck.
    for (which, column) in [
        (stuck, Column::UpdatedAt),
        (unanswered, Column::AcceptBy),
        (uncancelled, Column::CancelRequestedAt),
        (unshipped, Column::ShipBy),
    ] {
        // The latest to pass its deadline first: those before it are work items already.
        let query = Entity::find().filter(which).order_by_desc(column).limit(BATCH);
        all.extend(query.all(app.db.read()).await?.into_iter().map(|row| row.id));
    }
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

/// Looks whether a deadline passed: it is told once, and something is done about it.
pub(super) async fn check_deadlines(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let status = work.own.status;
    if UNANSWERED.contains(&status) && work.own.accept_by < tx.now() {
        return unanswered(tx, work).await;
    }
    if status == S::CancelRequested {
        let asked_before = tx.now() - jobs::scaled(tx.app(), CANCELLATION);
        let late = work.own.cancel_requested_at.is_some_and(|at| at < asked_before);
        return if late { trouble::cancellation_unanswered(tx, work).await } else { Ok(()) };
    }
    if UNSHIPPED.contains(&status) && work.own.ship_by < tx.now() {
        return unshipped(tx, work).await;
    }
    Ok(())
}

/// Others get what the supplier has not answered for, where that can be had without two of them sending
/// it; else a person decides.
async fn unanswered(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    if work.own.accept_missed_at.is_none() {
        work.own.accept_missed_at = Some(tx.now());
        work.save(tx).await?;
        tell(tx, work, "A supplier did not answer in time.", "ACCEPT_BY").await?;
    }
    if can_be_had(tx, work).await? && replan::others_can(tx, work).await? {
        return recall::ask(tx, work, "the supplier did not answer in time", None).await;
    }
    let message = format!("A supplier has not answered its part of order {} in time.", work.order.number);
    // Whether it has it has to be known before it can be asked to give it back.
    let unsure = matches!(work.own.status, S::Submitting | S::Unknown);
    let reroute = if unsure { None } else { Some(REROUTE) };
    let actions: Vec<&str> = reroute.into_iter().chain([CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT]).collect();
    trouble::open(tx, work, trouble::ACCEPTANCE_OVERDUE, Severity::High, message, &actions).await
}

async fn unshipped(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    if work.own.ship_missed_at.is_none() {
        work.own.ship_missed_at = Some(tx.now());
        work.save(tx).await?;
        tell(tx, work, "A supplier did not ship in time.", "SHIP_BY").await?;
    }
    let message = format!("A supplier has not shipped its part of order {} in time.", work.order.number);
    let actions = [REROUTE, CANCEL_AND_REFUND, MARK_HANDLED, workitems::WAIT];
    trouble::open(tx, work, trouble::SHIPMENT_OVERDUE, Severity::High, message, &actions).await
}

async fn tell(tx: &Tx, work: &Work, message: &str, deadline: &str) -> Result<(), Fault> {
    let event = NewEvent::of_order(work.order.id, EventType::SupplierOrderOverdue, Audience::Store, message);
    let data = serde_json::json!({ "supplierOrderId": work.own.id, "deadline": deadline });
    outbox::append(tx, event.supplier_order(work.own.id).data(data)).await?;
    Ok(())
}

/// Whether an unanswered order may go to others without a person's word: its supplier surely does not have
/// it, has not touched it at the portal, or has a way to be asked for it. What waits for approval is the
/// owner's, and what is unknown has not failed.
async fn can_be_had(tx: &Tx, work: &Work) -> Result<bool, Fault> {
    let own = &work.own;
    if own.attempt >= replan::MAX_ATTEMPTS || own.held_at.is_some() {
        return Ok(false);
    }
    // What may have gone out before the database was restored is asked about first.
    if forward::is_doubtful(tx, own) {
        return Ok(false);
    }
    if own.status == S::Queued || own.is_unanswered_at_portal() {
        return Ok(true);
    }
    let asked_in_vain = own.request_status == RequestStatus::CancelRejected;
    if own.status != S::Submitted || own.remote_id.is_none() || asked_in_vain {
        return Ok(false);
    }
    let Some(supplier) = suppliers::lookup(tx, own.supplier_id).await? else { return Ok(false) };
    Ok(adapter_for(tx.app(), &supplier).is_ok_and(|it| it.capabilities().cancels == Cancelling::Call))
}

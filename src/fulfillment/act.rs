//! Doing what was decided in the exceptions queue.

use std::time::Duration;

use super::address;
use super::cancel;
use super::forward;
use super::hold;
use super::jobs::{CancelAtSupplier, ForwardSupplierOrder, ReconcileSupplierOrder};
use super::manage;
use super::recall;
use super::remote;
use super::replan::{drop_open, withdraw};
use super::state::{RequestStatus, SupplierOrderStatus};
use super::trouble;
use super::work::{self, Work};
use crate::app::App;
use crate::identity::Actor;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{SupplierOrderId, WorkItemId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::{self, Done, Job, JobError};
use crate::platform::tx::Tx;
use crate::workitems;

/// How much more time a supplier gets once a person took care of its delay.
const MORE_TIME: Duration = Duration::from_secs(24 * 3600);

/// Acts on a resolved work item; items of other rooms are left alone.
pub(super) async fn act(app: &App, id: WorkItemId) -> Result<Done, JobError> {
    let Some(item) = workitems::lookup(app.db.read(), id).await? else { return Ok(Done::OK) };
    let (Some(own), Some(action)) = (item.supplier_order_id, item.resolution.as_deref()) else { return Ok(Done::OK) };
    if item.subject != own.to_string() {
        return Ok(Done::OK);
    }
    match action {
        trouble::APPROVE => submit(app, own).await?,
        trouble::RELEASE => release(app, own).await?,
        trouble::REROUTE => reroute(app, own).await?,
        trouble::RETRY => retry(app, own, &item.kind).await?,
        trouble::CANCEL_AND_REFUND => cancel_and_refund(app, own, &item.kind).await?,
        trouble::MARK_HANDLED => handled(app, own, &item.kind).await?,
        _ => {}
    }
    Ok(Done::OK)
}

async fn submit(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    match manage::submit(app, &Actor::system("workitem"), id).await {
        // It moved on meanwhile: there is nothing left to approve.
        Ok(_) | Err(VerbError::Refused(_)) => Ok(()),
        Err(VerbError::Fault(fault)) => Err(fault),
    }
}

async fn release(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    match hold::release(app, &Actor::system("workitem"), id).await {
        Ok(_) | Err(VerbError::Refused(_)) => Ok(()),
        Err(VerbError::Fault(fault)) => Err(fault),
    }
}

/// Gives it to others: what its supplier does not have at once, what it has by asking for it.
async fn reroute(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    let actor = Actor::system("workitem");
    let done = match super::queries::lookup(app.db.read(), id).await? {
        Some(own) if own.status.is_out() && !own.status.is_final() => {
            recall::recall(app, &actor, id, None, None).await.map(drop)
        }
        _ => manage::reroute(app, &actor, id, None, &[]).await.map(drop),
    };
    match done {
        Ok(()) => Ok(()),
        Err(VerbError::Fault(fault)) => Err(fault),
        Err(VerbError::Refused(problems)) => {
            let tx = Tx::begin(app).await?;
            let Some(work) = work::open(&tx, id).await? else { return Ok(()) };
            if !work.own.status.is_final() {
                let why = problems.first().map_or("it is not possible", |it| it.message.as_str());
                trouble::cannot_reroute(&tx, &work, why).await?;
            }
            tx.commit().await
        }
    }
}

/// Has what waits done now, or what was given up done again.
async fn retry(app: &App, id: SupplierOrderId, kind: &str) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let askable = forward::can_be_asked(app, id).await?;
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    match work.own.status {
        S::Queued => now(&tx, &ForwardSupplierOrder { id }).await?,
        S::Unknown if askable => now(&tx, &ReconcileSupplierOrder { id }).await?,
        // A person who answers that very question asked the supplier; another's word would send it blindly.
        S::Unknown if kind == trouble::UNKNOWN => forward::known_missing(&tx, &mut work).await?,
        S::Unknown => trouble::cannot_be_asked(&tx, &work).await?,
        S::CancelRequested => now(&tx, &CancelAtSupplier { id }).await?,
        S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped
            if kind == trouble::CANCELLATION_REFUSED =>
        {
            cancel::ask(&tx, &mut work, "the owner asks again").await?;
        }
        // It left meanwhile: it is said once more, without this way out.
        S::Shipped | S::Delivered if kind == trouble::CANCELLATION_REFUSED => {
            trouble::cancellation_refused(&tx, &work).await?;
        }
        _ => {}
    }
    address::send_again(&tx, &mut work).await?;
    work.save(&tx).await?;
    tx.commit().await
}

/// Adds a job, or has the one there is run now.
async fn now<J: Job>(tx: &Tx, job: &J) -> Result<(), Fault> {
    jobs::enqueue(tx, job).await?;
    jobs::hasten(tx, job).await
}

async fn cancel_and_refund(app: &App, id: SupplierOrderId, kind: &str) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    let reason = "the store cancelled it";
    match work.own.status {
        S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed => withdraw(&tx, &mut work, reason).await?,
        // What was refused is given up; what its supplier has goes on.
        _ if matches!(kind, trouble::NO_SUPPLIER | trouble::REJECTED | trouble::ADDRESS_REFUSED) => {}
        S::CancelRequested if work.own.recalled_at.is_some() => {
            recall::becomes_cancellation(&mut work, reason);
            work.save(&tx).await?;
        }
        S::Submitting | S::Unknown | S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped => {
            cancel::ask(&tx, &mut work, reason).await?;
        }
        _ => {}
    }
    drop_open(&tx, &mut work, "A part of your order cannot be sent; you will not be charged for it.").await?;
    tx.commit().await
}

/// A person took care of it elsewhere: of a delay, and the deadline moves; or asked the supplier, which
/// has it.
async fn handled(app: &App, id: SupplierOrderId, kind: &str) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    let until = tx.now() + jobs::scaled(app, MORE_TIME);
    match kind {
        trouble::UNKNOWN | trouble::APPROVAL_REQUIRED => handled_by_hand(&tx, &mut work).await?,
        trouble::SHIPMENT_OVERDUE => more_time_to_ship(&mut work, until),
        trouble::CANCELLATION_UNANSWERED if work.own.status == SupplierOrderStatus::CancelRequested => {
            work.own.cancel_requested_at = Some(tx.now());
        }
        trouble::SUPPLIER_HOLDS if work.own.acknowledged_at.is_some() => more_time_to_ship(&mut work, until),
        trouble::ACCEPTANCE_OVERDUE | trouble::INTERCEPTED | trouble::SUPPLIER_HOLDS => {
            work.own.accept_by = work.own.accept_by.max(until);
            work.own.accept_missed_at = None;
        }
        _ => return Ok(()),
    }
    work.save(&tx).await?;
    tx.commit().await
}

fn more_time_to_ship(work: &mut Work, until: Timestamp) {
    work.own.ship_by = work.own.ship_by.max(until);
    work.own.ship_missed_at = None;
}

/// A person asked the supplier: it has the order. What waits for approval may have been sent before the
/// database was restored.
async fn handled_by_hand(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    match work.own.status {
        SupplierOrderStatus::Unknown => {
            work.own.sendings = work.own.sendings.max(1);
            remote::received(tx, work).await
        }
        SupplierOrderStatus::Routed | SupplierOrderStatus::OnHold => {
            work.own.sendings = work.own.sendings.max(1);
            work.note_submitted(tx, tx.now()).await?;
            work.own.request_status = RequestStatus::Submitted;
            work.step(tx, SupplierOrderStatus::Submitted, "a person asked the supplier").await
        }
        _ => Ok(()),
    }
}

/// Looks for supplier orders that got stuck or are overdue.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    for own in super::sweep::suspects(app).await? {
        // One that cannot be looked at does not hide those behind it.
        if let Err(fault) = look_alone(app, own).await {
            tracing::error!(supplier_order.id = %own, error = ?fault, "a supplier order could not be looked at");
        }
    }
    Ok(())
}

async fn look_alone(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    look_at(&tx, &mut work).await?;
    tx.commit().await
}

async fn look_at(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let id = work.own.id;
    match work.own.status {
        S::Queued => drop(jobs::enqueue(tx, &ForwardSupplierOrder { id }).await?),
        S::Submitting if work.own.sent_at.is_none_or(|it| it + forward::GRACE < tx.now()) => {
            forward::lose(tx, work, "the call was cut off").await?;
        }
        S::Unknown => drop(jobs::enqueue(tx, &ReconcileSupplierOrder { id }).await?),
        S::CancelRequested => drop(jobs::enqueue(tx, &CancelAtSupplier { id }).await?),
        _ => {}
    }
    super::sweep::check_deadlines(tx, work).await
}

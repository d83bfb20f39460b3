//! Doing what was decided in the exceptions queue.

use std::time::Duration;

use super::cancel;
use super::forward;
use super::jobs::{CancelAtSupplier, ForwardSupplierOrder, ReconcileSupplierOrder, ReplanRefused};
use super::manage;
use super::remote;
use super::replan::{drop_open, withdraw};
use super::state::{RequestStatus, SupplierOrderStatus};
use super::trouble;
use super::work::{self, Work};
use crate::app::App;
use crate::identity::Actor;
use crate::kernel::ids::{SupplierOrderId, WorkItemId};
use crate::kernel::problem::{Fault, VerbError};
use crate::platform::jobs::{self, Done, JobError};
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
        trouble::REROUTE => reroute(app, own).await?,
        trouble::RETRY => retry(app, own).await?,
        trouble::CANCEL_AND_REFUND => cancel_and_refund(app, own).await?,
        trouble::MARK_HANDLED => more_time(app, own, &item.kind).await?,
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

async fn reroute(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    match manage::reroute(app, &Actor::system("workitem"), id, None, &[]).await {
        Ok(_) => Ok(()),
        Err(VerbError::Fault(fault)) => Err(fault),
        Err(VerbError::Refused(problems)) => {
            let tx = Tx::begin(app).await?;
            let Some(work) = work::open(&tx, id).await? else { return Ok(()) };
            let why = problems.first().map_or("it is not possible", |it| it.message.as_str());
            trouble::cannot_send(&tx, &work, &format!("rerouting was tried, but {why}")).await?;
            tx.commit().await
        }
    }
}

async fn retry(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let askable = forward::can_be_asked(app, id).await?;
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    match work.own.status {
        S::Queued => drop(jobs::enqueue(&tx, &ForwardSupplierOrder { id }).await?),
        S::Failed => {
            work.step(&tx, S::Queued, "the owner has it sent again").await?;
            work.own.sendings = 0;
            jobs::enqueue(&tx, &ForwardSupplierOrder { id }).await?;
        }
        S::Unknown if askable => drop(jobs::enqueue(&tx, &ReconcileSupplierOrder { id }).await?),
        S::Unknown => forward::known_missing(&tx, &mut work).await?,
        S::CancelRequested => drop(jobs::enqueue(&tx, &CancelAtSupplier { id }).await?),
        S::Submitting | S::Draft | S::Routed | S::OnHold | S::Delivered | S::Shipped => {}
        _ if work.own.request_status == RequestStatus::CancelRejected => {
            cancel::ask(&tx, &mut work, "the owner asks again").await?;
        }
        _ => {}
    }
    if work.lines.iter().any(|row| row.open() > 0) {
        jobs::enqueue(&tx, &ReplanRefused { id, despite_limit: true }).await?;
    }
    work.save(&tx).await?;
    tx.commit().await
}

async fn cancel_and_refund(app: &App, id: SupplierOrderId) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    let reason = "the store cancelled it";
    match work.own.status {
        S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed => withdraw(&tx, &mut work, reason).await?,
        S::Submitting | S::Unknown | S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped
            if work.lines.iter().all(|row| row.open() == 0) =>
        {
            cancel::ask(&tx, &mut work, reason).await?;
        }
        _ => {}
    }
    drop_open(&tx, &mut work, "A part of your order cannot be sent; you will not be charged for it.").await?;
    tx.commit().await
}

/// A person took care of a delay: the deadline moves.
async fn more_time(app: &App, id: SupplierOrderId, kind: &str) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(()) };
    let until = tx.now() + jobs::scaled(app, MORE_TIME);
    match kind {
        trouble::ACCEPTANCE_OVERDUE => work.own.accept_by = until,
        trouble::SHIPMENT_OVERDUE => work.own.ship_by = until,
        "SUPPLIER_ORDER_UNKNOWN" => handled_by_hand(&tx, &mut work).await?,
        _ => return Ok(()),
    }
    work.save(&tx).await?;
    tx.commit().await
}

/// A person asked the supplier: it has the order.
async fn handled_by_hand(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    if work.own.status != SupplierOrderStatus::Unknown {
        return Ok(());
    }
    remote::received(tx, work).await
}

/// Looks for supplier orders that got stuck or are overdue.
pub(super) async fn sweep(app: &App) -> Result<(), Fault> {
    for own in super::sweep::suspects(app).await? {
        let tx = Tx::begin(app).await?;
        let Some(mut work) = work::open(&tx, own).await? else { continue };
        look_at(&tx, &mut work).await?;
        tx.commit().await?;
    }
    Ok(())
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

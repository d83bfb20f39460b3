//! What a supplier says of an order, by answer, webhook or poll, in whatever order it arrives.

use super::answer::{self, LineAnswer};
use super::cancel;
use super::jobs::CancelAtSupplier;
use super::state::{RequestStatus, SupplierOrderStatus};
use super::work::{self, Work};
use crate::app::App;
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::tx::Tx;
use crate::suppliers::SupplierRejection;
use crate::suppliers::adapter::{RemoteOrder, RemoteReason, RemoteStatus};

/// What became of a supplier's news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewsOutcome {
    /// Taken in, or known already.
    Applied,
    /// About something that is not known yet; worth trying again.
    NotYet(String),
    /// Authentic, but about something that is not this supplier's, or impossible.
    Wrong(String),
}

/// Takes in the state of an order at `supplier_id`. Parcels are not looked at here.
pub async fn apply_remote(app: &App, supplier_id: SupplierId, remote: &RemoteOrder) -> Result<NewsOutcome, Fault> {
    let Ok(id) = remote.reference.parse::<SupplierOrderId>() else {
        return Ok(NewsOutcome::Wrong("the reference is not one of ours".to_owned()));
    };
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else {
        return Ok(NewsOutcome::Wrong("no supplier order has this reference".to_owned()));
    };
    if work.own.supplier_id != supplier_id {
        return Ok(NewsOutcome::Wrong("the reference belongs to another supplier".to_owned()));
    }
    let outcome = take(&tx, &mut work, remote).await?;
    if outcome == NewsOutcome::Applied {
        tx.commit().await?;
    }
    Ok(outcome)
}

/// Takes in the state of a locked supplier order.
pub(super) async fn take(tx: &Tx, work: &mut Work, remote: &RemoteOrder) -> Result<NewsOutcome, Fault> {
    use RemoteStatus as R;
    if let Some(wrong) = implausible(work, remote) {
        return Ok(NewsOutcome::Wrong(wrong.to_owned()));
    }
    if work.own.status.is_final() {
        let is_yes = !matches!(remote.status, R::Rejected | R::Cancelled | R::Unknown(_));
        let unsent = work.own.status == SupplierOrderStatus::Cancelled && work.own.submitted_at.is_none();
        // Told once: what it says of it later on is no news.
        if unsent && is_yes && work.own.remote_id.is_none() {
            work.own.remote_id = Some(remote.id.clone());
            work.save(tx).await?;
            super::trouble::taken_late(tx, work).await?;
        }
        return Ok(NewsOutcome::Applied);
    }
    work.own.remote_id = Some(remote.id.clone());
    if let Some(cost) = remote.shipping_cost.filter(|it| it.currency() == work.own.currency && !it.is_negative()) {
        work.own.shipping_cost = cost.minor();
    }
    let is_refusal = matches!(remote.status, R::Rejected | R::Cancelled);
    if is_refusal && matches!(work.own.status, SupplierOrderStatus::Queued | SupplierOrderStatus::OnHold) {
        received(tx, work).await?;
    }
    match &remote.status {
        R::Pending | R::Unknown(_) => {
            received(tx, work).await?;
            if let Some(reason) = &remote.rejection {
                intercepted(tx, work, &reason.message).await?;
            }
        }
        R::Accepted | R::PartiallyAccepted | R::Processing | R::PartiallyShipped | R::Shipped | R::Delivered => {
            received(tx, work).await?;
            answer::accept(tx, work, &answers(work, remote)?, remote.estimated_ship_at).await?;
            let preparing = remote.status == R::Processing && work.own.status == SupplierOrderStatus::Acknowledged;
            if preparing {
                work.step(tx, SupplierOrderStatus::InProduction, "the supplier is preparing it").await?;
            }
        }
        R::Rejected => {
            let (code, message) = reason(remote.rejection.as_ref());
            work.note_submitted(tx, tx.now()).await?;
            answer::reject(tx, work, code, &message).await?;
        }
        R::Cancelled if work.own.cancel_requested_at.is_some() => {
            work.note_submitted(tx, tx.now()).await?;
            cancel::agreed(tx, work).await?;
        }
        R::Cancelled => {
            work.note_submitted(tx, tx.now()).await?;
            answer::reject(tx, work, SupplierRejection::Other, "the supplier cancelled the order").await?;
        }
    }
    work.save(tx).await?;
    Ok(NewsOutcome::Applied)
}

/// The supplier has it and waits for something. It says so whenever it is asked; a person is told once,
/// and again when it is something else.
async fn intercepted(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    if work.own.note.as_deref() == Some(reason) {
        return Ok(());
    }
    work.own.note = Some(reason.to_owned());
    super::trouble::intercepted(tx, work, reason).await
}

/// The supplier has it: it is not on its way any more. A cancellation that was asked for while it was
/// on its way is passed on now.
pub(super) async fn received(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let under_way = matches!(work.own.status, S::OnHold | S::Queued | S::Submitting | S::Unknown | S::Failed);
    if !under_way {
        return Ok(());
    }
    if work.own.status == S::Queued {
        work.step(tx, S::Submitting, "the supplier has it").await?;
    }
    work.note_submitted(tx, tx.now()).await?;
    super::trouble::answered(tx, work.own.id).await?;
    if work.own.cancel_requested_at.is_some() {
        work.step(tx, S::CancelRequested, "a cancellation was asked for while it was sent").await?;
        work.own.request_status = RequestStatus::CancelRequested;
        jobs::enqueue(tx, &CancelAtSupplier { id: work.own.id }).await?;
        return Ok(());
    }
    work.own.request_status = RequestStatus::Submitted;
    work.step(tx, S::Submitted, "the supplier has it").await
}

fn implausible(work: &Work, remote: &RemoteOrder) -> Option<&'static str> {
    if work.own.submitted_at.is_none() && work.own.sendings == 0 {
        return Some("the order was never sent");
    }
    if work.own.remote_id.as_ref().is_some_and(|known| *known != remote.id) {
        return Some("the reference belongs to another of the supplier's orders");
    }
    let fits = |line: &crate::suppliers::adapter::RemoteLine| {
        let known = work.lines.iter().find(|row| row.id.to_string() == line.line_id);
        known.is_some_and(|row| line.accepted_quantity.is_none_or(|it| (0..=row.quantity).contains(&it)))
    };
    (!remote.lines.iter().all(fits)).then_some("a line is unknown, or more was accepted than asked for")
}

fn answers(work: &Work, remote: &RemoteOrder) -> Result<Vec<LineAnswer>, Fault> {
    let read = |line: &crate::suppliers::adapter::RemoteLine| {
        let row = work.lines.iter().find(|row| row.id.to_string() == line.line_id);
        let row = row.ok_or_else(|| Fault::internal("a checked line is gone"))?;
        Ok(LineAnswer {
            id: row.id,
            accepted: line.accepted_quantity.unwrap_or(row.quantity),
            unit_cost: line.unit_cost,
            reason: line.reason.as_ref().map(|it| (it.code, it.message.clone())),
        })
    };
    remote.lines.iter().map(read).collect()
}

fn reason(told: Option<&RemoteReason>) -> (SupplierRejection, String) {
    match told {
        Some(reason) => (reason.code, reason.message.clone()),
        None => (SupplierRejection::Other, "the supplier gave no reason".to_owned()),
    }
}

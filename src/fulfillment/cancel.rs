//! Cancelling: at once while nothing was sent, by asking the supplier afterwards.

use super::entity::{line, supplier_order};
use super::error::OrderCancelProblem;
use super::forward::way_to;
use super::jobs::{CancelAtSupplier, ReconcileSupplierOrder, SettleOrderMoney};
use super::recall;
use super::replan::{drop_open_untold, tell_dropped, withdraw};
use super::requests::{self, RequestCall, RequestOutcome};
use super::state::{RequestStatus, SupplierOrderStatus};
use super::trouble;
use super::work::{self, Work, open_all};
use crate::app::App;
use crate::identity::audit::Changes;
use crate::identity::{Action, Actor, audit};
use crate::inventory;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{OrderId, SupplierOrderId};
use crate::kernel::problem::{Fault, VerbError};
use crate::orders::{self, LineFact, order};
use crate::platform::jobs::{self, Done, JobError};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::suppliers::adapter::{AdapterError, CancelAnswer, Cancelling, SupplierAdapter};

type Refused = VerbError<OrderCancelProblem>;

/// The longest reason.
const MAX_REASON: usize = 500;
/// How long a supplier that thinks about a cancellation is left alone before it is asked again.
const ASK_AGAIN: std::time::Duration = std::time::Duration::from_secs(30);

/// Cancels what can still be cancelled of an order. A repeat answers the order as it is.
pub async fn order_cancel(
    app: &App,
    actor: &Actor,
    id: OrderId,
    reason: Option<String>,
    token: Option<String>,
) -> Result<order::Model, Refused> {
    if reason.as_ref().is_some_and(|it| it.chars().count() > MAX_REASON) {
        return Err(invalid_reason());
    }
    let actor = acting(app, actor, id, token.as_deref()).await?;
    // Before it is looked for: who may cancel nothing is not told what there is.
    actor.may(Action::CancelOrder)?;
    let tx = Tx::begin(app).await?;
    let order = orders::lock(&tx, id).await?.ok_or_else(not_found)?;
    match actor.may_on(Action::CancelOrder, &order) {
        Err(Fault::NotFound) => return Err(not_found()),
        other => other?,
    }
    let reason = reason.unwrap_or_else(|| "the customer changed their mind".to_owned());
    let order = cancel_locked(&tx, order, &reason).await?;
    audit::record(&tx, &actor, "order.cancel", id, Changes::none()).await?;
    tx.commit().await?;
    Ok(order)
}

/// Whoever shows an order's token acts as its guest.
async fn acting(app: &App, actor: &Actor, id: OrderId, token: Option<&str>) -> Result<Actor, Refused> {
    let Some(token) = token else { return Ok(actor.clone()) };
    match orders::lookup_by_token(app, token).await? {
        Some(order) if order.id == id => Ok(Actor::guest(id)),
        _ => Err(not_found()),
    }
}

fn not_found() -> Refused {
    VerbError::refused(OrderCancelProblem::NotFound, "id", "there is no such order")
}

fn invalid_reason() -> Refused {
    let message = format!("a reason has at most {MAX_REASON} characters");
    VerbError::refused(OrderCancelProblem::Invalid, "input.reason", message)
}

async fn cancel_locked(tx: &Tx, order: order::Model, reason: &str) -> Result<order::Model, Refused> {
    let mut parts = open_all(tx, &order).await?;
    let lines = orders::lines_of(tx, &[order.id]).await?;
    if lines.iter().all(|it| it.live() == 0) {
        return Ok(order);
    }
    if parts.is_empty() {
        return Ok(cancel_unplanned(tx, &order).await?);
    }
    let mut tally = Tally::default();
    for part in &mut parts {
        cancel_part(tx, part, reason, &mut tally).await?;
    }
    if tally.cancelled == 0 && tally.asked == 0 {
        if tally.asked_before > 0 {
            return Ok(order);
        }
        let message = "everything has left already";
        return Err(VerbError::refused(OrderCancelProblem::TooLate, "id", message));
    }
    let order = orders::lookup(tx, order.id).await?.unwrap_or(order);
    let whole = order.fulfillment_status == orders::FulfillmentStatus::Cancelled;
    let message = if whole { "Your order was cancelled." } else { "A part of your order was cancelled." };
    tell_dropped(tx, order.id, message, tally.cancelled).await?;
    if tally.asked > 0 {
        let message = "You asked to cancel; we are finding out whether it is still possible.";
        let event = NewEvent::of_order(order.id, EventType::CancellationRequested, Audience::Customer, message);
        outbox::append(tx, event).await?;
    }
    Ok(order)
}

#[derive(Default)]
struct Tally {
    cancelled: i64,
    asked: i64,
    asked_before: i64,
}

async fn cancel_part(tx: &Tx, part: &mut Work, reason: &str, tally: &mut Tally) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    if part.lines.iter().any(|row| row.open() > 0) {
        tally.cancelled += drop_open_untold(tx, part).await?;
    }
    match part.own.status {
        S::Draft | S::Routed | S::OnHold | S::Queued | S::Failed => {
            withdraw(tx, part, reason).await?;
            tally.cancelled += drop_open_untold(tx, part).await?;
        }
        S::Submitting | S::Unknown | S::Submitted | S::Acknowledged | S::InProduction | S::PartiallyShipped => {
            if part.own.cancel_requested_at.is_some() {
                tally.asked_before += 1;
                return Ok(());
            }
            ask(tx, part, reason).await?;
            tally.asked += 1;
        }
        S::CancelRequested if part.own.recalled_at.is_some() => {
            recall::becomes_cancellation(part, reason);
            part.save(tx).await?;
            tally.asked += 1;
        }
        S::CancelRequested => tally.asked_before += 1,
        S::Shipped | S::Delivered | S::Rejected | S::Cancelled => {}
    }
    Ok(())
}

/// Notes the wish; one that is on its way to the supplier is asked about when it has arrived.
pub(super) async fn ask(tx: &Tx, part: &mut Work, reason: &str) -> Result<(), Fault> {
    part.own.cancel_requested_at = Some(tx.now());
    part.own.cancel_told_at = None;
    part.own.cancel_reason = Some(reason.to_owned());
    let on_its_way = matches!(part.own.status, SupplierOrderStatus::Submitting | SupplierOrderStatus::Unknown);
    if !on_its_way {
        part.step(tx, SupplierOrderStatus::CancelRequested, reason).await?;
        part.own.request_status = RequestStatus::CancelRequested;
        jobs::enqueue(tx, &CancelAtSupplier { id: part.own.id }).await?;
    } else if part.own.status == SupplierOrderStatus::Unknown {
        // Where nobody can be asked whether it arrived, the wish is passed on all the same.
        jobs::enqueue(tx, &ReconcileSupplierOrder { id: part.own.id }).await?;
    }
    part.save(tx).await
}

/// Before there is any supplier order, the order's own lines are all there is.
async fn cancel_unplanned(tx: &Tx, order: &order::Model) -> Result<order::Model, Fault> {
    let lines = orders::lines_of(tx, &[order.id]).await?;
    let facts: Vec<LineFact> =
        lines.iter().map(|it| LineFact { cancelled: it.live(), ..LineFact::of(it.id) }).collect();
    let order = orders::record(tx, order.id, &facts).await?;
    inventory::release_commitments(tx, order.id, &order.plan.0.by_offer(), &order.id.to_string()).await?;
    let event =
        NewEvent::of_order(order.id, EventType::OrderCancelled, Audience::Customer, "Your order was cancelled.");
    outbox::append(tx, event).await?;
    jobs::enqueue(tx, &SettleOrderMoney { order_id: order.id }).await?;
    Ok(order)
}

/// The supplier agreed to drop it, or never had it: what has not left is off, or goes to others if that is
/// why it was asked.
pub(super) async fn agreed(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    if work.own.recalled_at.is_some() {
        return recall::agreed(tx, work).await;
    }
    let before = work.lines.clone();
    let mut released = Vec::new();
    for row in &mut work.lines {
        let units = row.live() - row.shipped;
        row.cancelled += units;
        row.accepted = row.accepted.min(row.shipped);
        row.settled = row.refused;
        released.push((row.offer_id, units));
    }
    let forwarded = work.own.submitted_at.is_some();
    let was = before.clone();
    let old = move |row: &line::Model| was.iter().find(|it| it.id == row.id).cloned();
    work.record(tx, |row, fact| {
        if let Some(old) = old(row) {
            let off = row.cancelled - old.cancelled;
            fact.cancelled = off + old.open();
            fact.accepted = row.accepted - old.accepted;
            fact.forwarded = if forwarded { -off } else { 0 };
        }
    })
    .await?;
    released.retain(|(_, units)| *units > 0);
    inventory::release_commitments(tx, work.order.id, &released, &work.own.id.to_string()).await?;
    let rest_left = work.lines.iter().any(|row| row.shipped > 0);
    work.own.request_status = RequestStatus::CancelAccepted;
    if rest_left {
        back_to_facts(tx, work, "the supplier cancelled what had not left").await?;
    } else {
        work.step(tx, SupplierOrderStatus::Cancelled, "the supplier cancelled it").await?;
    }
    finish_agreed(tx, work).await
}

async fn finish_agreed(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    trouble::cancelled(tx, work.own.id).await?;
    work.save(tx).await?;
    work.tell_store(tx, EventType::SupplierOrderCancelled, "A supplier order was cancelled.").await?;
    let whole = work.order.fulfillment_status == orders::FulfillmentStatus::Cancelled;
    let message = if whole { "Your order was cancelled." } else { "A part of your order was cancelled." };
    let event = NewEvent::of_order(work.order.id, EventType::OrderCancelled, Audience::Customer, message);
    outbox::append(tx, event).await?;
    jobs::enqueue(tx, &SettleOrderMoney { order_id: work.order.id }).await?;
    Ok(())
}

/// The supplier will not drop it: it goes on where it was.
pub(super) async fn declined(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    // Of one whose arrival was not known, this tells it.
    work.note_submitted(tx, tx.now()).await?;
    work.own.request_status = RequestStatus::CancelRejected;
    back_to_facts(tx, work, reason).await?;
    work.save(tx).await?;
    tell_declined(tx, work).await
}

/// Tells the customer and the owner that it was too late.
pub(super) async fn tell_declined(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    trouble::cancellation_answered(tx, work.own.id).await?;
    if work.own.recalled_at.is_some() {
        return recall::declined(tx, work).await;
    }
    trouble::cancellation_refused(tx, work).await?;
    let message = "It was too late to cancel a part of your order; it is on its way to you.";
    let event = NewEvent::of_order(work.order.id, EventType::CancellationRefused, Audience::Customer, message);
    outbox::append(tx, event).await?;
    jobs::enqueue(tx, &SettleOrderMoney { order_id: work.order.id }).await?;
    Ok(())
}

pub(super) async fn back_to_facts(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    use SupplierOrderStatus as S;
    let sum = |count: fn(&line::Model) -> i64| work.lines.iter().map(count).sum::<i64>();
    let (live, shipped, delivered) = (sum(line::Model::live), sum(|it| it.shipped), sum(|it| it.delivered));
    let to = match () {
        () if shipped > 0 && delivered >= live => S::Delivered,
        () if shipped > 0 && shipped >= live => S::Shipped,
        () if shipped > 0 => S::PartiallyShipped,
        () if work.own.acknowledged_at.is_some() => S::Acknowledged,
        () => S::Submitted,
    };
    work.step(tx, to, reason).await
}

/// Asks the supplier to drop an order.
pub(super) async fn at_supplier(app: &App, id: SupplierOrderId) -> Result<Done, JobError> {
    let own = super::queries::lookup(app.db.read(), id).await?;
    let Some(own) = own.filter(|it| it.status == SupplierOrderStatus::CancelRequested) else { return Ok(Done::OK) };
    let Some((adapter, _place)) = way_to(app, id).await? else { return Ok(Done::OK) };
    let capabilities = adapter.capabilities();
    if !capabilities.submits {
        // It comes to us: the answer is given at the portal.
        return Ok(Done::OK);
    }
    let remote_id = match (capabilities.cancels, &own.remote_id) {
        (Cancelling::Message, _) => return tell(app, adapter.as_ref(), &own).await,
        (Cancelling::Call, Some(remote_id)) => remote_id.clone(),
        (Cancelling::Call, None) | (Cancelling::Never, _) => return decide(app, id, false).await,
    };
    let reason = own.cancel_reason.unwrap_or_default();
    let read = |answer: &CancelAnswer| match answer {
        CancelAnswer::Cancelled(_) => RequestOutcome::Done,
        CancelAnswer::Pending(_) => RequestOutcome::Pending,
        CancelAnswer::TooLate => RequestOutcome::Refused,
    };
    let call = adapter.cancel(&remote_id, &reason);
    let (answer, asked) = requests::ask(app, RequestCall::Cancel, &remote_id, call, read).await;
    asked.write_alone(app, id).await?;
    match answer {
        Ok(CancelAnswer::Cancelled(_)) => decide(app, id, true).await,
        Ok(CancelAnswer::Pending(_)) => Ok(Done::Again(ASK_AGAIN)),
        Ok(CancelAnswer::TooLate) => decide(app, id, false).await,
        Err(AdapterError::Refused { .. }) => decide(app, id, false).await,
        // A cancellation may be repeated without harm.
        Err(AdapterError::Retry { reason, after }) => Err(JobError::Retry { reason, after }),
        Err(AdapterError::Unknown { reason }) => Err(JobError::retry(reason)),
    }
}

/// Tells a supplier that takes cancellations by message, once. To be told twice does no harm, so that a
/// message that may have arrived is sent again.
async fn tell(app: &App, adapter: &dyn SupplierAdapter, seen: &supplier_order::Model) -> Result<Done, JobError> {
    if seen.cancel_told_at.is_some() {
        return Ok(Done::OK);
    }
    match adapter.cancel(&seen.reference(), seen.cancel_reason.as_deref().unwrap_or_default()).await {
        Ok(_) => {}
        Err(AdapterError::Retry { reason, after }) => return Err(JobError::Retry { reason, after }),
        Err(AdapterError::Unknown { reason } | AdapterError::Refused { reason, .. }) => {
            return Err(JobError::retry(reason));
        }
    }
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, seen.id).await? else { return Ok(Done::OK) };
    if work.own.cancel_requested_at == seen.cancel_requested_at {
        work.own.cancel_told_at = Some(tx.now());
        work.save(&tx).await?;
        tx.commit().await?;
    }
    Ok(Done::OK)
}

/// Passes on a cancellation of an order of which nobody can find out whether the supplier has it: whatever
/// the supplier says to that settles both.
pub(super) async fn ask_blindly(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    trouble::answered(tx, work.own.id).await?;
    work.step(tx, SupplierOrderStatus::CancelRequested, "whether it arrived is not known").await?;
    work.own.request_status = RequestStatus::CancelRequested;
    jobs::enqueue(tx, &CancelAtSupplier { id: work.own.id }).await?;
    work.save(tx).await
}

async fn decide(app: &App, id: SupplierOrderId, accepted: bool) -> Result<Done, JobError> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(Done::OK) };
    if work.own.status == SupplierOrderStatus::CancelRequested {
        if accepted {
            agreed(&tx, &mut work).await?;
        } else {
            declined(&tx, &mut work, "the supplier says it is too late").await?;
        }
        tx.commit().await?;
    }
    Ok(Done::OK)
}

/// Whether [`order_cancel`] would change anything: units are left that nobody has asked to cancel, and
/// that have not left.
pub fn can_cancel(lines: &[orders::line::Model], parts: &[supplier_order::Model]) -> bool {
    use SupplierOrderStatus as S;
    let waiting: i64 = lines.iter().map(|it| it.live() - it.shipped).sum();
    let open = |part: &supplier_order::Model| match part.status {
        S::CancelRequested => part.recalled_at.is_some(),
        S::Shipped | S::Delivered | S::Rejected | S::Cancelled => false,
        _ => part.cancel_requested_at.is_none(),
    };
    let with_suppliers = parts.iter().any(|part| !matches!(part.status, S::Rejected | S::Cancelled));
    waiting > 0 && (parts.iter().any(open) || !with_suppliers)
}

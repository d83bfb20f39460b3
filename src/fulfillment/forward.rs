//! Sending a supplier order, and finding out what became of one whose sending went wrong.
//!
//! `QUEUED → SUBMITTING` is committed before the supplier is called, so that whatever happens next
//! everyone knows that it may have it. From there it never goes back to the queue unless the supplier
//! is known not to have it: by a definite failure, or by saying so when asked by our reference after
//! every call has surely ended.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use super::answer;
use super::entity::supplier_order;
use super::jobs::{ForwardSupplierOrder, ReconcileSupplierOrder};
use super::remote::{self, NewsOutcome};
use super::requests::{self, Asked, RequestCall, RequestOutcome};
use super::state::SupplierOrderStatus;
use super::trouble;
use super::work::{self, Work};
use crate::app::App;
use crate::kernel::event::EventType;
use crate::kernel::ids::{SupplierId, SupplierOrderId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs::lanes::Pass;
use crate::platform::jobs::{self, Done, JobError};
use crate::platform::planted::{self, Bug};
use crate::platform::restoration;
use crate::platform::tx::Tx;
use crate::store;
use crate::suppliers::adapter::{
    AdapterError, Cancelling, OrderRequest, PackingSlip, RemoteOrder, RequestLine, SupplierAdapter,
};
use crate::suppliers::{self, adapter_for};

/// After so many sendings in vain the owner is told; sending goes on.
const TELL_AFTER: i32 = 4;
/// After so many sendings none of which the supplier knows of, something is wrong that waiting does not mend.
const MAX_SENDINGS: i32 = 12;
/// By then every call has ended: adapters give up after 10 s. Network time, never scaled.
pub(super) const GRACE: TimeDelta = TimeDelta::seconds(30);
/// How soon an uncertain order is asked about.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How often it is asked about after that.
const ASK_AGAIN: Duration = Duration::from_secs(10);
/// How long it may stay uncertain before the owner is told.
const TELL_UNKNOWN_AFTER: Duration = Duration::from_secs(600);
/// The longest pause between two sendings.
const MAX_PAUSE: Duration = Duration::from_secs(600);
/// How long an order for a paused supplier waits before it is looked at again.
const PAUSED: Duration = Duration::from_secs(60);

/// What is needed to talk about one sending.
struct Sending {
    request: OrderRequest,
    supplier_id: SupplierId,
    number: i32,
}

/// Sends a queued supplier order.
pub(super) async fn forward(app: &App, id: SupplierOrderId) -> Result<Done, JobError> {
    let Some((adapter, _place)) = way_to(app, id).await? else { return Ok(Done::OK) };
    let sending = match begin(app, id).await? {
        Begun::Send(sending) => sending,
        Begun::Later(wait) => return Ok(Done::Again(wait)),
        Begun::Nothing => return Ok(Done::OK),
    };
    let call = adapter.submit(&sending.request);
    let (outcome, asked) =
        requests::ask(app, RequestCall::Submit, &sending.request.reference, call, |_| RequestOutcome::Done).await;
    note_health(app, sending.supplier_id, &outcome).await?;
    settle(app, id, sending.number, outcome, asked).await
}

enum Begun {
    Send(Box<Sending>),
    Later(Duration),
    Nothing,
}

async fn begin(app: &App, id: SupplierOrderId) -> Result<Begun, Fault> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(Begun::Nothing) };
    if work.own.status == SupplierOrderStatus::Submitting && work.own.sent_at.is_some_and(|it| it + GRACE < tx.now()) {
        // The run before this one went away in mid-call.
        lose(&tx, &mut work, "the call was cut off").await?;
        tx.commit().await?;
        return Ok(Begun::Nothing);
    }
    if work.own.status == SupplierOrderStatus::Submitting {
        return Ok(Begun::Later(ASK_AGAIN));
    }
    if work.own.status != SupplierOrderStatus::Queued {
        return Ok(Begun::Nothing);
    }
    let supplier = suppliers::lookup(&tx, work.own.supplier_id).await?;
    if !supplier.is_some_and(|it| it.is_active()) {
        return Ok(Begun::Later(PAUSED));
    }
    if is_doubtful(&tx, &work.own) {
        work.own.sent_at = Some(tx.now());
        work.step(&tx, SupplierOrderStatus::Submitting, "the database was restored: the supplier is asked first")
            .await?;
        lose(&tx, &mut work, "the database was restored; the supplier may have it already").await?;
        tx.commit().await?;
        return Ok(Begun::Nothing);
    }
    work.own.sendings += 1;
    work.own.sent_at = Some(tx.now());
    let reason = format!("sending number {}", work.own.sendings);
    work.step(&tx, SupplierOrderStatus::Submitting, &reason).await?;
    work.save(&tx).await?;
    let store_name = store::settings(&tx).await?.name;
    let sending =
        Sending { request: request(&work, store_name), supplier_id: work.own.supplier_id, number: work.own.sendings };
    tx.commit().await?;
    Ok(Begun::Send(Box::new(sending)))
}

/// Whether it may have been sent before the database was restored, which does not know it any more.
pub(super) fn is_doubtful(tx: &Tx, own: &supplier_order::Model) -> bool {
    let before = |at| restoration::concerns(tx.app(), at);
    before(own.created_at) && own.sent_at.is_none_or(before)
}

async fn settle(
    app: &App,
    id: SupplierOrderId,
    number: i32,
    outcome: Result<RemoteOrder, AdapterError>,
    asked: Asked,
) -> Result<Done, JobError> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(Done::OK) };
    asked.write(&tx, id).await?;
    // A worker that wakes up late may still bring an order, but no failure of a sending long past.
    let current = work.own.sendings == number && work.own.status == SupplierOrderStatus::Submitting;
    let done = match outcome {
        Ok(remote) => {
            if let NewsOutcome::Wrong(reason) = remote::take(&tx, &mut work, &remote).await? {
                let reason = format!("the supplier's answer makes no sense: {reason}");
                if current {
                    lose(&tx, &mut work, &reason).await?;
                }
            }
            Done::OK
        }
        Err(_) if !current => Done::OK,
        Err(AdapterError::Retry { .. }) if work.own.cancel_requested_at.is_some() => {
            // It was cancelled while it was being sent, and the supplier surely does not have it.
            super::cancel::agreed(&tx, &mut work).await?;
            Done::OK
        }
        Err(AdapterError::Retry { reason, after }) => {
            work.own.note = Some(reason.clone());
            work.step(&tx, SupplierOrderStatus::Queued, &reason).await?;
            if number >= TELL_AFTER {
                trouble::cannot_send(&tx, &work, &reason).await?;
            }
            work.save(&tx).await?;
            Done::Again(after.unwrap_or_else(|| pause(number)))
        }
        Err(AdapterError::Unknown { reason }) if planted::is(Bug::ResendBlindly) => {
            work.step(&tx, SupplierOrderStatus::Queued, &reason).await?;
            work.save(&tx).await?;
            Done::Again(Duration::ZERO)
        }
        Err(AdapterError::Unknown { reason }) => {
            lose(&tx, &mut work, &reason).await?;
            Done::OK
        }
        Err(AdapterError::Refused { code, reason }) => {
            answer::reject(&tx, &mut work, code, &reason).await?;
            Done::OK
        }
    };
    tx.commit().await?;
    Ok(done)
}

/// Doubles with each sending.
fn pause(number: i32) -> Duration {
    let exponent = u32::try_from(number.clamp(1, 12) - 1).unwrap_or_default();
    Duration::from_secs(2_u64.saturating_pow(exponent + 1)).min(MAX_PAUSE)
}

/// Nobody knows whether the supplier has it: it is going to be asked.
pub(super) async fn lose(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    work.own.note = Some(reason.to_owned());
    work.step(tx, SupplierOrderStatus::Unknown, reason).await?;
    work.save(tx).await?;
    work.tell_store(tx, EventType::SupplierOrderUnknown, "Whether a supplier has its order is being found out.")
        .await?;
    jobs::enqueue_after(tx, &ReconcileSupplierOrder { id: work.own.id }, ASK_AFTER).await?;
    Ok(())
}

/// Asks the supplier, by our reference, about an order it may have.
pub(super) async fn reconcile(app: &App, id: SupplierOrderId) -> Result<Done, JobError> {
    let own = super::queries::lookup(app.db.read(), id).await?;
    let Some(own) = own.filter(|it| it.status == SupplierOrderStatus::Unknown) else { return Ok(Done::OK) };
    let Some((adapter, _place)) = way_to(app, id).await? else { return Ok(Done::OK) };
    if !adapter.capabilities().lookup_by_reference {
        return cannot_ask(app, id, adapter.capabilities().cancels).await;
    }
    let reference = own.reference();
    let found = |order: &Option<RemoteOrder>| match order {
        Some(_) => RequestOutcome::Done,
        None => RequestOutcome::NotFound,
    };
    let (answer, asked) = requests::ask(app, RequestCall::Find, &reference, adapter.find(&reference), found).await;
    asked.write_alone(app, id).await?;
    match answer {
        Ok(Some(remote)) => {
            suppliers::note_success(app, own.supplier_id).await?;
            match remote::apply_remote(app, own.supplier_id, &remote).await? {
                NewsOutcome::Applied => Ok(Done::OK),
                NewsOutcome::NotYet(reason) | NewsOutcome::Wrong(reason) => keep_asking(app, &own, &reason).await,
            }
        }
        Ok(None) => not_there(app, &own).await,
        Err(error) => {
            suppliers::note_error(app, own.supplier_id, &error.to_string()).await?;
            keep_asking(app, &own, &error.to_string()).await
        }
    }
}

/// The supplier does not know it. Once no call can be under way any more, that is final.
async fn not_there(app: &App, seen: &supplier_order::Model) -> Result<Done, JobError> {
    let tx = Tx::begin(app).await?;
    if seen.sent_at.is_some_and(|sent| tx.now() < sent + GRACE) {
        return Ok(Done::Again(ASK_AGAIN));
    }
    let Some(mut work) = work::open(&tx, seen.id).await? else { return Ok(Done::OK) };
    if work.own.status != SupplierOrderStatus::Unknown || work.own.sendings != seen.sendings {
        return Ok(Done::OK);
    }
    if work.own.cancel_requested_at.is_some() {
        super::cancel::agreed(&tx, &mut work).await?;
    } else if work.own.sendings >= MAX_SENDINGS {
        work.step(&tx, SupplierOrderStatus::Failed, "it never reached the supplier").await?;
        trouble::cannot_send(&tx, &work, "it never reached the supplier").await?;
    } else {
        work.step(&tx, SupplierOrderStatus::Queued, "the supplier does not have it").await?;
        jobs::enqueue(&tx, &ForwardSupplierOrder { id: work.own.id }).await?;
    }
    work.save(&tx).await?;
    tx.commit().await?;
    Ok(Done::OK)
}

/// Nobody can be asked but by a person, who decides what is sent next.
async fn cannot_ask(app: &App, id: SupplierOrderId, cancels: Cancelling) -> Result<Done, JobError> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(Done::OK) };
    if work.own.status != SupplierOrderStatus::Unknown {
        return Ok(Done::OK);
    }
    if work.own.cancel_requested_at.is_some() && cancels == Cancelling::Message {
        super::cancel::ask_blindly(&tx, &mut work).await?;
    } else {
        trouble::cannot_be_asked(&tx, &work).await?;
    }
    tx.commit().await?;
    Ok(Done::OK)
}

/// Whether the supplier can be asked by a program whether it has the order.
pub(super) async fn can_be_asked(app: &App, id: SupplierOrderId) -> Result<bool, Fault> {
    let Some(own) = super::queries::lookup(app.db.read(), id).await? else { return Ok(false) };
    let supplier = suppliers::lookup(app.db.read(), own.supplier_id).await?;
    let supplier = supplier.ok_or_else(|| Fault::internal("a supplier order has no supplier"))?;
    Ok(adapter_for(app, &supplier)?.capabilities().lookup_by_reference)
}

/// A person found out that the supplier does not have it: it is sent again, or no more if it was cancelled
/// meanwhile.
pub(super) async fn known_missing(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    if work.own.cancel_requested_at.is_some() {
        return super::cancel::agreed(tx, work).await;
    }
    work.step(tx, SupplierOrderStatus::Queued, "a person found that the supplier does not have it").await?;
    jobs::enqueue(tx, &ForwardSupplierOrder { id: work.own.id }).await?;
    Ok(())
}

async fn keep_asking(app: &App, own: &supplier_order::Model, reason: &str) -> Result<Done, JobError> {
    let told_at = own.sent_at.map(|sent| sent + jobs::scaled(app, TELL_UNKNOWN_AFTER));
    if told_at.is_none_or(|at| at < app.clock.now()) {
        tell_unknown(app, own.id, reason).await?;
    }
    Ok(Done::Again(ASK_AGAIN))
}

async fn tell_unknown(app: &App, id: SupplierOrderId, reason: &str) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let Some(work) = work::open(&tx, id).await? else { return Ok(()) };
    if work.own.status == SupplierOrderStatus::Unknown {
        trouble::still_unknown(&tx, &work, reason).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The adapter for a supplier order's supplier, and a place among the jobs that wait for it.
pub(super) async fn way_to(
    app: &App,
    id: SupplierOrderId,
) -> Result<Option<(Arc<dyn SupplierAdapter>, Pass)>, JobError> {
    let Some(own) = super::queries::lookup(app.db.read(), id).await? else { return Ok(None) };
    let supplier = suppliers::lookup(app.db.read(), own.supplier_id).await?;
    let supplier = supplier.ok_or_else(|| Fault::internal("a supplier order has no supplier"))?;
    let place = suppliers::enter(app, supplier.id)?;
    Ok(Some((adapter_for(app, &supplier)?, place)))
}

async fn note_health(app: &App, id: SupplierId, outcome: &Result<RemoteOrder, AdapterError>) -> Result<(), Fault> {
    match outcome {
        Ok(_) | Err(AdapterError::Refused { .. }) => suppliers::note_success(app, id).await,
        Err(error) => suppliers::note_error(app, id, &error.to_string()).await,
    }
}

fn request(work: &Work, store_name: String) -> OrderRequest {
    let line = |row: &super::entity::line::Model| RequestLine {
        line_id: row.id.to_string(),
        sku: row.supplier_sku.clone(),
        title: row.title.clone(),
        quantity: row.live(),
        max_unit_cost: Some(Money::from_minor(row.unit_cost, work.own.currency)),
    };
    OrderRequest {
        reference: work.own.reference(),
        placed_at: work.order.placed_at,
        currency: work.own.currency,
        destination: work.order.shipping_address.clone(),
        email: None,
        shipping_service: work.own.service_code.clone(),
        accept_by: work.own.accept_by,
        ship_by: work.own.ship_by,
        lines: work.lines.iter().filter(|row| row.live() > 0).map(line).collect(),
        packing_slip: PackingSlip { store_name, order_number: work.order.number.to_string(), note: None },
    }
}

//! The supplier's answer: all of it, a part, nothing. The same for whichever way it arrives.
//!
//! Answers may come late, doubled and out of order. They only ever go one way: what is refused stays
//! refused, and the smallest quantity ever accepted holds. So every order of arrival ends alike.

use sea_orm::ActiveEnum;

use super::entity::line;
use super::jobs::{ReplanRefused, SettleOrderMoney};
use super::state::{RequestStatus, SupplierOrderStatus};
use super::trouble;
use super::work::Work;
use crate::inventory;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::SupplierOrderLineId;
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::platform::jobs;
use crate::platform::outbox::{self, NewEvent};
use crate::platform::tx::Tx;
use crate::pricing::rates;
use crate::suppliers::SupplierRejection;

/// What a supplier says of one line.
#[derive(Debug, Clone)]
pub(super) struct LineAnswer {
    /// The line.
    pub id: SupplierOrderLineId,
    /// Units it will send.
    pub accepted: i64,
    /// What one costs, if it says so.
    pub unit_cost: Option<Money>,
    /// Why it does not send them all.
    pub reason: Option<(SupplierRejection, String)>,
}

/// Takes in a yes, to all or to a part; lines that are not named are accepted as they are. A second
/// yes can only take back units, never add any.
pub(super) async fn accept(
    tx: &Tx,
    work: &mut Work,
    answers: &[LineAnswer],
    estimated_ship_at: Option<Timestamp>,
) -> Result<(), Fault> {
    let first = work.own.acknowledged_at.is_none();
    work.note_submitted(tx, tx.now()).await?;
    work.own.estimated_ship_at = estimated_ship_at.or(work.own.estimated_ship_at);
    note_costs(tx, work, answers).await?;
    let before = work.lines.clone();
    for row in &mut work.lines {
        let said = answers.iter().find(|it| it.id == row.id);
        let most = if first { row.live() } else { row.accepted };
        let accepted = said.map_or(most, |it| it.accepted).clamp(row.shipped.min(most), most);
        refuse_units(row, row.live() - accepted, said.and_then(|it| it.reason.clone()));
        row.accepted = accepted;
    }
    if work.lines.iter().all(|row| row.live() == 0) {
        return finish_refusal(tx, work, &before, "the supplier accepted nothing").await;
    }
    let changed = first || work.lines != before;
    settle_units(tx, work, &before).await?;
    if first {
        acknowledge(tx, work).await?;
    }
    if changed {
        let whole = work.lines.iter().all(|row| row.refused == 0);
        if work.own.status != SupplierOrderStatus::CancelRequested {
            work.own.request_status = if whole { RequestStatus::Accepted } else { RequestStatus::PartiallyAccepted };
        }
        // What was heard of first may have been the parcel, with all that will ever come.
        super::ship::restate(tx, work, "the supplier refused the rest").await?;
        follow_up(tx, work).await?;
    }
    Ok(())
}

/// Takes in a no to everything that has not left yet.
pub(super) async fn reject(tx: &Tx, work: &mut Work, code: SupplierRejection, message: &str) -> Result<(), Fault> {
    let before = work.lines.clone();
    for row in &mut work.lines {
        let open = row.live() - row.shipped;
        refuse_units(row, open, Some((code, message.to_owned())));
        row.accepted = row.accepted.min(row.live());
    }
    work.own.rejection_code = Some(code.to_value());
    work.own.rejection_message = Some(message.to_owned());
    if work.lines.iter().any(|row| row.shipped > 0) {
        // A part has left: the rest is refused, what left goes on.
        settle_units(tx, work, &before).await?;
        super::ship::restate(tx, work, "the supplier refused the rest").await?;
        return follow_up(tx, work).await;
    }
    finish_refusal(tx, work, &before, message).await
}

async fn finish_refusal(tx: &Tx, work: &mut Work, before: &[line::Model], reason: &str) -> Result<(), Fault> {
    settle_units(tx, work, before).await?;
    work.step(tx, SupplierOrderStatus::Rejected, reason).await?;
    work.own.request_status = RequestStatus::Rejected;
    trouble::ended(tx, work.own.id).await?;
    work.tell_store(tx, EventType::SupplierOrderRejected, "A supplier refused its order.").await?;
    follow_up(tx, work).await
}

/// Writes the supplier order, has refused units planned again and the money looked at.
async fn follow_up(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    work.save(tx).await?;
    if work.lines.iter().any(|row| row.open() > 0) {
        jobs::enqueue(tx, &ReplanRefused { id: work.own.id, despite_limit: false }).await?;
    }
    jobs::enqueue(tx, &SettleOrderMoney { order_id: work.order.id }).await?;
    Ok(())
}

async fn acknowledge(tx: &Tx, work: &mut Work) -> Result<(), Fault> {
    let whole = work.lines.iter().all(|row| row.refused == 0);
    work.own.acknowledged_at = Some(tx.now());
    if work.own.status != SupplierOrderStatus::CancelRequested {
        work.step(tx, SupplierOrderStatus::Acknowledged, "the supplier accepted").await?;
    }
    trouble::answered(tx, work.own.id).await?;
    let message = if whole { "A supplier accepted its order." } else { "A supplier accepted a part of its order." };
    work.tell_store(tx, EventType::SupplierOrderAccepted, message).await?;
    let message = "Your order is being prepared.";
    let event = NewEvent::of_order(work.order.id, EventType::ProcessingStarted, Audience::Customer, message);
    outbox::append(tx, event.supplier_order(work.own.id)).await?;
    Ok(())
}

/// Moves the difference between `before` and now into the order's facts and the stock.
pub(super) async fn settle_units(tx: &Tx, work: &mut Work, before: &[line::Model]) -> Result<(), Fault> {
    let was = before.to_vec();
    let old = move |row: &line::Model| was.iter().find(|it| it.id == row.id).cloned();
    let forwarded = work.own.submitted_at.is_some();
    work.record(tx, |row, fact| {
        if let Some(old) = old(row) {
            fact.accepted = row.accepted - old.accepted;
            fact.forwarded = if forwarded { old.refused - row.refused } else { 0 };
        }
    })
    .await?;
    let more = |count: fn(&line::Model) -> i64| -> Vec<_> {
        let rows = work.lines.iter().zip(before).map(|(row, old)| (row.offer_id, count(row) - count(old)));
        rows.filter(|(_, units)| *units > 0).collect()
    };
    inventory::lock_offers(tx, work.lines.iter().map(|row| row.offer_id)).await?;
    inventory::note_accepted(tx, work.order.id, &more(|row| row.accepted), tx.now()).await?;
    let document = work.own.id.to_string();
    inventory::release_commitments(tx, work.order.id, &more(|row| row.refused), &document).await
}

fn refuse_units(row: &mut line::Model, units: i64, reason: Option<(SupplierRejection, String)>) {
    if units <= 0 {
        return;
    }
    row.refused += units;
    let (code, message) = reason.unwrap_or((SupplierRejection::Other, "the supplier gave no reason".to_owned()));
    row.reason_code = Some(code.to_value());
    row.reason_message = Some(message);
}

/// Takes over the costs the supplier names, as far as they are in its currency.
async fn note_costs(tx: &Tx, work: &mut Work, answers: &[LineAnswer]) -> Result<(), Fault> {
    let rates = rates::current(tx, work.order.currency, tx.now()).await?;
    let currency = work.own.currency;
    for row in &mut work.lines {
        let cost = answers.iter().find(|it| it.id == row.id).and_then(|it| it.unit_cost);
        let Some(cost) = cost.filter(|it| it.currency() == currency && !it.is_negative()) else { continue };
        row.unit_cost = cost.minor();
        if let Some(in_store) = rates.to_store(cost) {
            row.store_unit_cost = in_store.minor();
        }
    }
    Ok(())
}

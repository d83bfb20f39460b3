//! What an order's units have come to, in money.
//!
//! The customer pays for what suppliers will send. Money is taken once, when every unit has an answer
//! or the first one left; what is not needed is released, and what is cancelled afterwards goes back.

use sea_orm::{ActiveModelTrait, ConnectionTrait, IntoActiveModel, Set};

use super::queries;
use crate::app::App;
use crate::kernel::ids::OrderId;
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::orders::{self, line, order};
use crate::payments::{self, MoneyTotals};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;
use crate::store::{self, CaptureMoment};

/// Orders the movements of money that the order's facts ask for. Idempotent: each movement is ordered
/// once, and counted as soon as it is.
pub(super) async fn settle(app: &App, order_id: OrderId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let order = orders::lock(&tx, order_id).await?.ok_or(Fault::NotFound)?;
    let lines = orders::lines_of(&tx, &[order_id]).await?;
    let due = amount_due(&order, &lines)?;
    let totals = payments::totals(&tx, order_id).await?;
    if totals.pending_captured.minor() > 0 {
        // Nothing can go back of what is not there yet, nor be released: that would leave nothing to
        // take. `PaymentCaptured` leads here again.
        return Ok(());
    }
    if totals.captured.minor() > 0 {
        // What was refunded by line does not go back once more when its unit is cancelled.
        let due = due.add(refunded_and_cancelled(&tx, &order, &lines).await?)?;
        after_capture(&tx, order, due, &totals).await?;
    } else if due.minor() == 0 {
        payments::void_rest(&tx, order_id, "nothing of the order is left").await?;
    } else if is_time(&tx, order_id, &lines).await? {
        payments::capture(&tx, order_id, due, "the goods are confirmed").await?;
        remember(&tx, order, due).await?;
    }
    tx.commit().await
}

/// Releases what is held for an order of which nothing is left, unless money was taken or is being taken.
pub(super) async fn release(app: &App, order_id: OrderId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let order = orders::lock(&tx, order_id).await?.ok_or(Fault::NotFound)?;
    let due = amount_due(&order, &orders::lines_of(&tx, &[order_id]).await?)?;
    let totals = payments::totals(&tx, order_id).await?;
    if due.minor() + totals.captured.minor() + totals.pending_captured.minor() == 0 {
        payments::void_rest(&tx, order_id, "nothing of the order is left").await?;
    }
    tx.commit().await
}

/// What the customer owes for units that were not cancelled, with the order's shipping.
pub fn amount_due(order: &order::Model, lines: &[line::Model]) -> Result<Money, Fault> {
    if lines.iter().all(|it| it.live() == 0) {
        return Ok(Money::zero(order.currency));
    }
    let mut due = order.money(order.total);
    for it in lines {
        let shares = order.money(it.total).allocate(&[it.live(), it.cancelled]);
        if let Some(cancelled) = shares.get(1) {
            due = due.sub(*cancelled)?;
        }
    }
    Ok(due)
}

/// The price of those units that were refunded by line and are not live any more: each line's first units
/// are refunded, and its last ones cancelled.
async fn refunded_and_cancelled(tx: &Tx, order: &order::Model, lines: &[line::Model]) -> Result<Money, Fault> {
    let refunded = payments::units_refunded(tx, order.id).await?;
    let mut sum = Money::zero(order.currency);
    for it in lines {
        let gone = refunded.get(&it.id).copied().unwrap_or_default();
        let live = usize::try_from(it.live()).unwrap_or_default();
        if gone > live {
            let all = usize::try_from(it.quantity).unwrap_or_default();
            let units = order.money(it.total).allocate(&vec![1; all]);
            let both = units.into_iter().take(gone).skip(live);
            sum = sum.add(Money::sum(order.currency, both)?)?;
        }
    }
    Ok(sum)
}

async fn after_capture(tx: &Tx, order: order::Model, due: Money, totals: &MoneyTotals) -> Result<(), Fault> {
    let order_id = order.id;
    let settled = order.settled_due.unwrap_or(totals.captured.minor());
    let back = settled - due.minor();
    if back > 0 {
        let amount = order.money(back.min(totals.refundable().minor()));
        if amount.minor() > 0 && !planted::is(Bug::KeepMoney) {
            let key = format!("cancelled:{order_id}:{}", due.minor());
            payments::refund(tx, order_id, amount, "units were cancelled", &key).await?;
        }
    }
    if back > 0 || order.settled_due.is_none() {
        let floor = due.minor().min(settled);
        let due = order.money(floor);
        remember(tx, order, due).await?;
    }
    if totals.capturable().minor() > 0 {
        payments::void_rest(tx, order_id, "the goods cost less than was authorized").await?;
    }
    Ok(())
}

async fn remember(tx: &Tx, order: order::Model, due: Money) -> Result<(), Fault> {
    let mut change = order.into_active_model();
    change.settled_due = Set(Some(due.minor()));
    change.update(tx).await?;
    Ok(())
}

/// Whether the money may be taken: at once if the store says so, else when every unit that is still to
/// be sent was accepted, or some have left already.
async fn is_time(conn: &impl ConnectionTrait, order_id: OrderId, lines: &[line::Model]) -> Result<bool, Fault> {
    if store::settings(conn).await?.capture == CaptureMoment::OnPlacement || lines.iter().any(|it| it.shipped > 0) {
        return Ok(true);
    }
    let all_answered = queries::of_orders(conn, &[order_id])
        .await?
        .iter()
        .all(|it| it.acknowledged_at.is_some() || it.status.is_final());
    Ok(all_answered && lines.iter().all(|it| it.accepted >= it.live()))
}

/// What the customer pays for units that were not cancelled, with shipping, without tax.
pub fn revenue(order: &order::Model, lines: &[line::Model]) -> Result<Money, Fault> {
    let due = amount_due(order, lines)?;
    let of_lines: i64 = lines.iter().map(|it| it.tax).sum();
    // What is left of the tax is shipping's, and falls with the last unit.
    let mut tax = order.money(if due.minor() == 0 { 0 } else { (order.tax - of_lines).max(0) });
    for it in lines {
        let shares = order.money(it.tax).allocate(&[it.live(), it.cancelled]);
        if let Some(live) = shares.first().filter(|_| it.live() > 0) {
            tax = tax.add(*live)?;
        }
    }
    Ok(due.sub(tax)?)
}

/// What suppliers ask for an order's units and for sending them, in the order's currency: as planned
/// until there are supplier orders.
pub async fn cost(conn: &impl ConnectionTrait, order: &order::Model, lines: &[line::Model]) -> Result<Money, Fault> {
    let parts = queries::of_orders(conn, &[order.id]).await?;
    if parts.is_empty() {
        let live = lines.iter().any(|it| it.live() > 0);
        let planned: i64 = lines.iter().filter(|it| it.live() > 0).map(|it| it.planned_cost).sum();
        return Ok(order.money(if live { planned } else { 0 }));
    }
    let ids: Vec<_> = parts.iter().map(|it| it.id).collect();
    let rows = queries::lines_of(conn, &ids).await?;
    let mut sum = Money::zero(order.currency);
    for part in &parts {
        let own = rows.iter().filter(|row| row.supplier_order_id == part.id);
        let live: Vec<_> = own.filter(|row| row.live() > 0).collect();
        for row in &live {
            sum = sum.add(order.money(row.store_unit_cost).times(row.live())?)?;
        }
        if !live.is_empty() {
            sum = sum.add(order.money(part.store_shipping_cost))?;
        }
    }
    Ok(sum)
}

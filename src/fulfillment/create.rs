//! From the plan to supplier orders.

use std::collections::HashMap;
use std::time::Duration;

use chrono::{Datelike, Days, TimeDelta, Weekday};
use sea_orm::{ActiveModelTrait, Set};

use super::entity::supplier_order::Tried;
use super::entity::{line, supplier_order};
use super::jobs::ForwardSupplierOrder;
use super::state::{RequestStatus, SupplierOrderStatus};
use super::trouble;
use super::work::{Work, open_all};
use crate::app::App;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::EventType;
use crate::kernel::ids::{OrderId, SupplierId, SupplierOrderId, TypedId as _};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Fault;
use crate::orders::{self, order};
use crate::platform::jobs;
use crate::platform::restoration;
use crate::platform::tx::Tx;
use crate::routing::{Pick, PlannedParcel};
use crate::suppliers::{self, adapter_for, supplier};

/// How long a supplier has to answer. A business wait: the time scale divides it.
const ANSWER_WITHIN: Duration = Duration::from_secs(24 * 3600);

/// Where supplier orders come from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    /// The how-many-th try for these units.
    pub attempt: i32,
    /// Who was asked before.
    pub tried: Vec<SupplierId>,
    /// Whose units these were.
    pub replaces: Option<SupplierOrderId>,
}

/// Makes the supplier orders of an order, once.
pub(super) async fn create_from_plan(app: &App, order_id: OrderId) -> Result<(), Fault> {
    let tx = Tx::begin(app).await?;
    let order = orders::lock(&tx, order_id).await?.ok_or(Fault::NotFound)?;
    let cancelled = orders::lines_of(&tx, &[order_id]).await?.iter().all(|it| it.live() == 0);
    if cancelled || !open_all(&tx, &order).await?.is_empty() {
        return Ok(());
    }
    let origin = Origin { attempt: 1, tried: Vec::new(), replaces: None };
    for parcel in &order.plan.0.parcels {
        create(&tx, &order, parcel, &origin).await?;
    }
    tx.commit().await
}

/// Makes one supplier order out of a parcel and sends it on its way. Its units are committed already.
pub(super) async fn create(
    tx: &Tx,
    order: &order::Model,
    parcel: &PlannedParcel,
    origin: &Origin,
) -> Result<Work, Fault> {
    let supplier = suppliers::lookup(tx, parcel.supplier_id).await?;
    let supplier = supplier.ok_or_else(|| Fault::internal("a planned supplier is gone"))?;
    let row = header(tx, order, parcel, origin, &supplier).await?;
    let own = row.insert(tx).await?;
    let titles: HashMap<_, _> =
        orders::lines_of(tx, &[order.id]).await?.into_iter().map(|it| (it.id, it.title)).collect();
    let mut lines = Vec::with_capacity(parcel.picks.len());
    for pick in &parcel.picks {
        let line_id = pick.line.parse().map_err(|_| Fault::internal("a plan names no order line"))?;
        let title = titles.get(&line_id).cloned().unwrap_or_default();
        lines.push(line_row(tx, &own, pick, line_id, title));
    }
    lines.sort_by_key(|row| row.id);
    tx.save_all::<line::Entity>(lines.clone(), &line::CHANGING).await?;
    orders::note_supplier(tx, order.id, supplier.id).await?;
    let mut work = Work::of(order.clone(), own, lines);
    work.tell_store(tx, EventType::SupplierOrderCreated, "A supplier order was made.").await?;
    if is_doubtful(tx, order) {
        work.step(tx, SupplierOrderStatus::Routed, "the database was restored: the supplier may have it already")
            .await?;
        trouble::perhaps_sent(tx, &work).await?;
    } else if supplier.auto_forward {
        release(tx, &mut work, &supplier, "made from the plan").await?;
    } else {
        work.step(tx, SupplierOrderStatus::Routed, "the owner decides when it is sent").await?;
        trouble::approval_required(tx, &work).await?;
    }
    work.save(tx).await?;
    Ok(work)
}

/// Whether the supplier may have been asked before the database was restored, under a reference that is
/// lost: it cannot be asked by the new one.
pub(super) fn is_doubtful(tx: &Tx, order: &order::Model) -> bool {
    let begun = order.attempt_id.uuid().get_timestamp().map(|it| it.to_unix());
    let begun = begun.and_then(|(seconds, nanos)| Timestamp::from_timestamp(i64::try_from(seconds).ok()?, nanos));
    restoration::concerns(tx.app(), begun.unwrap_or(order.placed_at))
}

/// Sends a supplier order on its way: to the queue, or, for a supplier who comes to us, to its list.
pub(super) async fn release(tx: &Tx, work: &mut Work, supplier: &supplier::Model, reason: &str) -> Result<(), Fault> {
    if adapter_for(tx.app(), supplier)?.capabilities().submits {
        work.step(tx, SupplierOrderStatus::Queued, reason).await?;
        jobs::enqueue(tx, &ForwardSupplierOrder { id: work.own.id }).await?;
        return Ok(());
    }
    work.step(tx, SupplierOrderStatus::Submitted, reason).await?;
    work.own.request_status = RequestStatus::Submitted;
    work.note_submitted(tx, tx.now()).await
}

async fn header(
    tx: &Tx,
    order: &order::Model,
    parcel: &PlannedParcel,
    origin: &Origin,
    supplier: &supplier::Model,
) -> Result<supplier_order::ActiveModel, Fault> {
    let units = parcel.picks.iter().map(|pick| pick.quantity).sum();
    let currency = parcel.picks.first().map_or(order.currency, |pick| pick.unit_cost.currency());
    let services = suppliers::services_of(tx, &[supplier.id]).await?;
    let service = services.iter().find(|it| it.id == parcel.chosen_service);
    let price = service.map(|it| it.price_for(units)).transpose()?.unwrap_or(Money::zero(currency));
    let in_store = parcel.service().map_or(0, |it| it.price.minor());
    let now = tx.now();
    let days = u64::try_from(supplier.processing_days).unwrap_or_default();
    let scaled = |wait: TimeDelta| jobs::scaled(tx.app(), wait.to_std().unwrap_or_default());
    Ok(supplier_order::ActiveModel {
        id: Set(tx.new_id()),
        order_id: Set(order.id),
        supplier_id: Set(supplier.id),
        status: Set(SupplierOrderStatus::Draft),
        request_status: Set(RequestStatus::Unsubmitted),
        attempt: Set(origin.attempt),
        tried: Set(Tried(origin.tried.clone())),
        replaces: Set(origin.replaces),
        service_code: Set(parcel.service().map(|it| it.code.clone()).unwrap_or_default()),
        currency: Set(currency),
        shipping_cost: Set(in_currency(price, currency)),
        store_shipping_cost: Set(in_store),
        remote_id: Set(None),
        cancel_told_at: Set(None),
        supplier_reference: Set(None),
        accept_by: Set(now + jobs::scaled(tx.app(), ANSWER_WITHIN)),
        ship_by: Set(now + scaled(business_days_after(now, days + 1) - now)),
        estimated_ship_at: Set(None),
        sent_at: Set(None),
        sendings: Set(0),
        asked_at: Set(None),
        submitted_at: Set(None),
        acknowledged_at: Set(None),
        rejection_code: Set(None),
        rejection_message: Set(None),
        cancel_reason: Set(None),
        cancel_requested_at: Set(None),
        held_at: Set(None),
        hold_reason: Set(None),
        recalled_at: Set(None),
        recall_to: Set(None),
        destination: Set(None),
        accept_missed_at: Set(None),
        ship_missed_at: Set(None),
        note: Set(None),
        steps: Set(0),
        created_at: Set(now),
        updated_at: Set(now),
    })
}

/// A service may be priced in another currency than the goods; then its cost is known in the store's
/// currency only.
fn in_currency(price: Money, currency: Currency) -> i64 {
    if price.currency() == currency { price.minor() } else { 0 }
}

fn line_row(
    tx: &Tx,
    own: &supplier_order::Model,
    pick: &Pick,
    order_line_id: crate::kernel::ids::OrderLineId,
    title: String,
) -> line::Model {
    line::Model {
        id: tx.new_id(),
        supplier_order_id: own.id,
        order_line_id,
        offer_id: pick.offer_id,
        variant_id: pick.variant_id,
        supplier_sku: pick.supplier_sku.clone(),
        title,
        quantity: pick.quantity,
        accepted: 0,
        refused: 0,
        settled: 0,
        cancelled: 0,
        shipped: 0,
        delivered: 0,
        unit_cost: pick.unit_cost.minor(),
        store_unit_cost: pick.unit_cost_in_store.minor(),
        reason_code: None,
        reason_message: None,
    }
}

/// The moment `days` business days after `start`.
fn business_days_after(start: Timestamp, days: u64) -> Timestamp {
    let (mut time, mut left) = (start, days);
    while left > 0 {
        time = time.checked_add_days(Days::new(1)).unwrap_or(time);
        if !matches!(time.weekday(), Weekday::Sat | Weekday::Sun) {
            left -= 1;
        }
    }
    time
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weekends_do_not_count() {
        let friday: Timestamp = "2026-11-20T10:00:00Z".parse().unwrap();
        assert_eq!(business_days_after(friday, 1), "2026-11-23T10:00:00Z".parse::<Timestamp>().unwrap());
        assert_eq!(business_days_after(friday, 0), friday);
    }
}

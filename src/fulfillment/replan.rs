//! Refused units find other suppliers, or a person who decides.

use sea_orm::{EntityTrait, Set};

use super::create::{self, Origin};
use super::entity::{decision, line};
use super::jobs::SettleOrderMoney;
use super::recall;
use super::trouble;
use super::work::{self, Work};
use crate::app::App;
use crate::inventory;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{OrderId, SupplierId, SupplierOrderId, VariantId};
use crate::kernel::problem::Fault;
use crate::orders;
use crate::platform::jobs::{self, Done, JobError};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;
use crate::routing::{self, Demand, Plan};

/// So many suppliers are tried for a unit before a person decides.
pub(super) const MAX_ATTEMPTS: i32 = 4;

/// Gives a supplier order's refused units to other suppliers.
pub(super) async fn replan(app: &App, id: SupplierOrderId, despite_limit: bool) -> Result<Done, JobError> {
    let tx = Tx::begin(app).await?;
    let Some(mut work) = work::open(&tx, id).await? else { return Ok(Done::OK) };
    let units: i64 = work.lines.iter().map(line::Model::open).sum();
    if units == 0 || planted::is(Bug::LeaveRefused) {
        return Ok(Done::OK);
    }
    if work.own.cancel_requested_at.is_some() && work.own.recalled_at.is_none() {
        drop_open(&tx, &mut work, "Your order was cancelled.").await?;
    } else if work.own.was_refused_for_address() && !despite_limit {
        let why = "their supplier says that the address is wrong: correct it, or retry to have others send them there";
        trouble::refused(&tx, &work, trouble::ADDRESS_REFUSED, units, why).await?;
    } else if work.own.attempt >= MAX_ATTEMPTS && !despite_limit && work.own.recall_to.is_none() {
        let why = format!("{MAX_ATTEMPTS} suppliers in a row did so");
        trouble::refused(&tx, &work, trouble::REJECTED, units, &why).await?;
    } else {
        let Some(replacements) = hand_on(&tx, &mut work).await? else {
            return Err(JobError::retry("stock was taken by somebody else meanwhile"));
        };
        let left: i64 = work.lines.iter().map(line::Model::open).sum();
        if left > 0 {
            trouble::refused(&tx, &work, trouble::NO_SUPPLIER, left, "no other supplier can send them").await?;
        }
        if replacements.is_empty() {
            tracing::info!(supplier_order.id = %id, "refused units have no other supplier");
        }
    }
    tx.commit().await?;
    Ok(Done::OK)
}

/// Gives the open units to the supplier they were called back for, as far as it can send them, and the rest
/// to others.
async fn hand_on(tx: &Tx, work: &mut Work) -> Result<Option<Vec<Work>>, Fault> {
    let mut made = Vec::new();
    let to = work.own.recall_to;
    if let Some(to) = to {
        let Some(named) = hand_to(tx, work, to).await? else { return Ok(None) };
        made.extend(named);
    }
    if work.lines.iter().any(|row| row.open() > 0) {
        let Some(others) = hand_over(tx, work, &[]).await? else { return Ok(None) };
        made.extend(others);
    }
    // While the supplier is being asked, what it gives back later is for the same one; as is what nobody can send now.
    if work.own.recalled_at.is_none() && to.is_some() && work.lines.iter().all(|row| row.open() == 0) {
        work.own.recall_to = None;
        work.save(tx).await?;
    }
    Ok(Some(made))
}

/// Plans the open units without the suppliers already tried (and without `avoid`) and makes supplier
/// orders for those that can be sent. `None` if stock ran out while taking it: roll back.
pub(super) async fn hand_over(tx: &Tx, work: &mut Work, avoid: &[SupplierId]) -> Result<Option<Vec<Work>>, Fault> {
    let tried = tried(work, avoid);
    let plan = plan_open(tx, work, &tried).await?;
    take_over(tx, work, &plan, tried).await
}

/// The same with one supplier alone, whether it was tried or not.
pub(super) async fn hand_to(tx: &Tx, work: &mut Work, to: SupplierId) -> Result<Option<Vec<Work>>, Fault> {
    let variants: Vec<VariantId> = work.lines.iter().map(|row| row.variant_id).collect();
    let offers = inventory::offers_for(tx, tx.now(), &variants).await?;
    let mut others: Vec<SupplierId> = offers.iter().map(|it| it.supplier_id).filter(|it| *it != to).collect();
    others.sort_unstable();
    others.dedup();
    let plan = plan_open(tx, work, &others).await?;
    let asked = tried(work, &[]);
    take_over(tx, work, &plan, asked).await
}

/// Whether others could send everything that has not left.
pub(super) async fn others_can(tx: &Tx, work: &Work) -> Result<bool, Fault> {
    let mut without = work.clone();
    for row in &mut without.lines {
        row.refused += row.live() - row.shipped;
    }
    Ok(plan_open(tx, &without, &tried(work, &[])).await?.is_complete())
}

/// Who was asked for these units, and who shall not be.
fn tried(work: &Work, avoid: &[SupplierId]) -> Vec<SupplierId> {
    let mut tried = work.own.tried.0.clone();
    tried.push(work.own.supplier_id);
    tried.extend(avoid);
    tried.sort_unstable();
    tried.dedup();
    tried
}

/// Makes the supplier orders of a plan for the open units.
async fn take_over(tx: &Tx, work: &mut Work, plan: &Plan, tried: Vec<SupplierId>) -> Result<Option<Vec<Work>>, Fault> {
    remember(tx, work, plan).await?;
    let document = work.own.id.to_string();
    if inventory::commit_directly(tx, work.order.id, &plan.by_offer(), &document).await?.is_err() {
        return Ok(None);
    }
    let origin = Origin { attempt: work.own.attempt + 1, tried, replaces: Some(work.own.id) };
    let mut made = Vec::new();
    for parcel in &plan.parcels {
        made.push(create::create(tx, &work.order, parcel, &origin).await?);
    }
    for row in &mut work.lines {
        let name = row.id.to_string();
        let unrouted: i64 = plan.unrouted.iter().filter(|it| it.line == name).map(|it| it.quantity).sum();
        if !planted::is(Bug::PlanTwice) {
            row.settled += row.open() - unrouted;
        }
    }
    work.save(tx).await?;
    if !made.is_empty() {
        work.tell_store(tx, EventType::SupplierOrderRerouted, "Units went to other suppliers.").await?;
        trouble::handed_on(tx, work.own.id, "suppliers have the units").await?;
    }
    Ok(Some(made))
}

/// The plan for the open units, its lines called by the order's lines.
async fn plan_open(tx: &Tx, work: &Work, avoid: &[SupplierId]) -> Result<Plan, Fault> {
    let open: Vec<&line::Model> = work.lines.iter().filter(|row| row.open() > 0).collect();
    let mut variants: Vec<VariantId> = open.iter().map(|row| row.variant_id).collect();
    variants.sort_unstable();
    variants.dedup();
    let sold = orders::lines_of(tx, &[work.order.id]).await?;
    let demand = |row: &&line::Model| Demand {
        line: row.id.to_string(),
        variant_id: row.variant_id,
        quantity: row.open(),
        unit_price: sold
            .iter()
            .find(|it| it.id == row.order_line_id)
            .and_then(|it| it.net_unit_price())
            .map(|minor| work.order.money(minor)),
    };
    let demands = open.iter().map(demand).collect();
    let facts = routing::load(tx, &variants, work.order.customer_id, work.order.currency, tx.now()).await?;
    let destination = work.order.shipping_address.country_code;
    let request = facts.request(demands, destination, avoid.to_vec()).by(work.order.promise_latest);
    let mut plan = routing::plan(&request);
    if !plan.is_complete() {
        // Late is better than never.
        plan = routing::plan(&request.by(None));
    }
    for pick in plan.parcels.iter_mut().flat_map(|parcel| &mut parcel.picks) {
        if let Some(row) = work.lines.iter().find(|row| row.id.to_string() == pick.line) {
            pick.line = row.order_line_id.to_string();
        }
    }
    Ok(plan)
}

/// Keeps why.
async fn remember(tx: &Tx, work: &Work, plan: &Plan) -> Result<(), Fault> {
    let row = decision::ActiveModel {
        id: Set(tx.new_id()),
        order_id: Set(work.order.id),
        supplier_order_id: Set(work.own.id),
        plan: Set(decision::DecidedPlan(plan.clone())),
        decided_at: Set(tx.now()),
    };
    decision::Entity::insert(row).exec_without_returning(tx).await?;
    Ok(())
}

/// Gives up the open units, and tells the customer.
pub(super) async fn drop_open(tx: &Tx, work: &mut Work, message: &str) -> Result<i64, Fault> {
    let dropped = drop_open_untold(tx, work).await?;
    tell_dropped(tx, work.order.id, message, dropped).await?;
    Ok(dropped)
}

/// Tells the customer of units that were given up.
pub(super) async fn tell_dropped(tx: &Tx, order_id: OrderId, message: &str, units: i64) -> Result<(), Fault> {
    if units == 0 {
        return Ok(());
    }
    let event = NewEvent::of_order(order_id, EventType::OrderCancelled, Audience::Customer, message);
    outbox::append(tx, event.data(serde_json::json!({ "units": units }))).await.map(drop)
}

/// Gives up the open units: nobody sends them, and the customer does not pay for them. How many they were.
pub(super) async fn drop_open_untold(tx: &Tx, work: &mut Work) -> Result<i64, Fault> {
    let before = work.lines.clone();
    for row in &mut work.lines {
        row.settled = row.refused;
    }
    let dropped: i64 = before.iter().map(line::Model::open).sum();
    if dropped == 0 {
        return Ok(0);
    }
    work.record(tx, |row, fact| {
        fact.cancelled = before.iter().find(|it| it.id == row.id).map_or(0, line::Model::open);
    })
    .await?;
    work.save(tx).await?;
    jobs::enqueue(tx, &SettleOrderMoney { order_id: work.order.id }).await?;
    trouble::handed_on(tx, work.own.id, "the units were cancelled").await?;
    Ok(dropped)
}

/// Takes all units of a supplier order back that surely is not with its supplier.
pub(super) async fn withdraw(tx: &Tx, work: &mut Work, reason: &str) -> Result<(), Fault> {
    let all: Vec<_> = work.lines.iter().map(|row| (row.id, row.live())).collect();
    recall::take_back(tx, work, &all, reason).await
}

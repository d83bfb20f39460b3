//! Recording what became of an order, in the transaction of whoever learned it.
//!
//! Lock order, everywhere: the order first, then its supplier orders by id, then offers by id.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, QuerySelect, Set};
use serde::{Deserialize, Serialize};

use crate::kernel::ids::{OrderId, OrderLineId, SupplierId};
use crate::kernel::problem::Fault;
use crate::payments;
use crate::platform::jobs::{Done, Job, JobError, JobRun, Priority};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

use super::entity::{line, order, supplier};
use super::queries::lines_of;
use super::state::{self, MoneyFacts};

/// What changed for one line: how many units more (or, below zero, fewer) each fact counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineFact {
    /// The line.
    pub order_line_id: OrderLineId,
    /// Units that will not be sent.
    pub cancelled: i64,
    /// Units now with suppliers.
    pub forwarded: i64,
    /// Units accepted.
    pub accepted: i64,
    /// Units handed to carriers.
    pub shipped: i64,
    /// Units delivered.
    pub delivered: i64,
    /// Units that came back.
    pub returned: i64,
}

/// The columns the facts are kept in.
const FACTS: [line::Column; 6] = [
    line::Column::Cancelled,
    line::Column::Forwarded,
    line::Column::Accepted,
    line::Column::Shipped,
    line::Column::Delivered,
    line::Column::Returned,
];

impl LineFact {
    /// No change for `order_line_id`.
    pub fn of(order_line_id: OrderLineId) -> Self {
        Self { order_line_id, cancelled: 0, forwarded: 0, accepted: 0, shipped: 0, delivered: 0, returned: 0 }
    }

    fn is_nothing(&self) -> bool {
        *self == Self::of(self.order_line_id)
    }
}

/// Locks the order's row until the transaction ends.
pub async fn lock(tx: &Tx, id: OrderId) -> Result<Option<order::Model>, Fault> {
    Ok(order::Entity::find_by_id(id).lock_exclusive().one(tx).await?)
}

/// Adds `facts` to the order's lines and derives its statuses anew. The order must be locked.
pub async fn record(tx: &Tx, order_id: OrderId, facts: &[LineFact]) -> Result<order::Model, Fault> {
    let mut lines = lines_of(tx, &[order_id]).await?;
    let places: HashMap<OrderLineId, usize> = lines.iter().enumerate().map(|(place, it)| (it.id, place)).collect();
    let mut changed = BTreeSet::new();
    for fact in facts.iter().filter(|fact| !fact.is_nothing()) {
        let place = places.get(&fact.order_line_id).copied();
        let place = place.ok_or_else(|| Fault::internal("a fact is about another order's line"))?;
        let row = &mut lines[place];
        row.cancelled += fact.cancelled;
        row.forwarded += fact.forwarded;
        row.accepted += fact.accepted;
        row.shipped += fact.shipped;
        row.delivered += fact.delivered;
        row.returned += fact.returned;
        changed.insert(place);
    }
    let changed = changed.into_iter().map(|place| lines[place].clone()).collect();
    tx.save_all::<line::Entity>(changed, &FACTS).await?;
    let order = lock(tx, order_id).await?.ok_or(Fault::NotFound)?;
    let money = order.money_facts();
    recompute(tx, order, &lines, money).await
}

/// Notes that `supplier_id` has a part of the order, so that it can be found by supplier.
pub async fn note_supplier(tx: &Tx, order_id: OrderId, supplier_id: SupplierId) -> Result<(), Fault> {
    let row = supplier::ActiveModel { order_id: Set(order_id), supplier_id: Set(supplier_id) };
    let key = [supplier::Column::OrderId, supplier::Column::SupplierId];
    let conflict = OnConflict::columns(key).do_nothing().to_owned();
    supplier::Entity::insert(row).on_conflict(conflict).exec_without_returning(tx).await?;
    Ok(())
}

/// The one place where statuses are written.
async fn recompute(
    tx: &Tx,
    order: order::Model,
    lines: &[line::Model],
    money: MoneyFacts,
) -> Result<order::Model, Fault> {
    let mut change = order.into_active_model();
    change.authorized = Set(money.authorized);
    change.captured = Set(money.captured);
    change.voided = Set(money.voided);
    change.refunded = Set(money.refunded);
    change.payment_status = Set(state::payment_status(money));
    change.fulfillment_status = Set(state::fulfillment_status(lines));
    change.return_status = Set(state::return_status(lines));
    change.updated_at = Set(tx.now());
    if planted::is(Bug::TotalChanges) && money.captured > 0 {
        change.total = Set(money.captured);
    }
    Ok(change.update(tx).await?)
}

/// Copies what the payments' books say into the order's money facts.
#[derive(Debug, Serialize, Deserialize)]
pub struct SyncMoney {
    /// The order.
    pub order_id: OrderId,
}

impl Job for SyncMoney {
    const KIND: &'static str = "orders.sync_money";
    const PRIORITY: Priority = Priority::Urgent;

    async fn run(self, run: &JobRun) -> Result<Done, JobError> {
        let tx = Tx::begin(&run.app).await?;
        sync_money(&tx, self.order_id).await?;
        tx.commit().await?;
        Ok(Done::OK)
    }
}

/// Brings the order's money facts up to the payments' books.
pub async fn sync_money(tx: &Tx, order_id: OrderId) -> Result<(), Fault> {
    let Some(order) = lock(tx, order_id).await? else { return Ok(()) };
    let totals = payments::totals(tx, order_id).await?;
    let money = MoneyFacts {
        authorized: totals.authorized.minor(),
        captured: totals.captured.minor(),
        voided: totals.voided.minor(),
        refunded: totals.refunded.minor(),
        capture_failed: totals.captured.minor() == 0 && payments::capture_failed(tx, order_id).await?,
        free: order.total == 0,
    };
    if money != order.money_facts() {
        let lines = lines_of(tx, &[order_id]).await?;
        recompute(tx, order, &lines, money).await?;
    }
    Ok(())
}

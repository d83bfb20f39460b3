//! A supplier order under its locks, about to be changed.
//!
//! Everything that changes a supplier order goes through here: the order is locked first, then the
//! supplier order; each step is checked against the table of edges and written down.

use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};

use super::entity::{line, supplier_order, transition};
use super::state::SupplierOrderStatus;
use crate::identity::order_links;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{OrderId, SupplierOrderId, SupplierOrderLineId};
use crate::kernel::problem::Fault;
use crate::orders::{self, LineFact, order};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::planted::{self, Bug};
use crate::platform::tx::Tx;

/// A locked supplier order with its lines and its order.
#[derive(Debug, Clone)]
pub struct Work {
    /// The order.
    pub order: order::Model,
    /// The supplier order.
    pub own: supplier_order::Model,
    /// Its lines, by id.
    pub lines: Vec<line::Model>,
    /// The lines as they are in the table.
    stored: Vec<line::Model>,
}

/// Locks a supplier order and its order.
pub async fn open(tx: &Tx, id: SupplierOrderId) -> Result<Option<Work>, Fault> {
    let Some(seen) = supplier_order::Entity::find_by_id(id).one(tx).await? else { return Ok(None) };
    let order =
        orders::lock(tx, seen.order_id).await?.ok_or_else(|| Fault::internal("a supplier order has no order"))?;
    reopen(tx, order, id).await
}

/// Locks all supplier orders of an order that is locked already.
pub(super) async fn open_all(tx: &Tx, order: &order::Model) -> Result<Vec<Work>, Fault> {
    let mut all = Vec::new();
    for id in ids_of(tx, order.id).await? {
        all.extend(reopen(tx, order.clone(), id).await?);
    }
    Ok(all)
}

async fn reopen(tx: &Tx, order: order::Model, id: SupplierOrderId) -> Result<Option<Work>, Fault> {
    let own = supplier_order::Entity::find_by_id(id).lock_exclusive().one(tx).await?;
    let Some(own) = own else { return Ok(None) };
    let query = line::Entity::find().filter(line::Column::SupplierOrderId.eq(id)).order_by_asc(line::Column::Id);
    Ok(Some(Work::of(order, own, query.all(tx).await?)))
}

async fn ids_of(tx: &Tx, order_id: OrderId) -> Result<Vec<SupplierOrderId>, Fault> {
    let query = supplier_order::Entity::find().filter(supplier_order::Column::OrderId.eq(order_id));
    let rows = query.order_by_asc(supplier_order::Column::Id).all(tx).await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}

impl Work {
    /// A locked supplier order, as it is in the tables.
    pub fn of(order: order::Model, own: supplier_order::Model, lines: Vec<line::Model>) -> Self {
        Self { order, own, stored: lines.clone(), lines }
    }

    /// Takes a step; staying is no step. A step the table does not have is a defect. Every step ends a
    /// hold, and the deadlines move by as long as the store's lasted.
    pub async fn step(&mut self, tx: &Tx, to: SupplierOrderStatus, reason: &str) -> Result<(), Fault> {
        let from = self.own.status;
        if from == to {
            return Ok(());
        }
        if !from.may_become(to) {
            return Err(Fault::internal(format!("supplier order {} cannot go from {from:?} to {to:?}", self.own.id)));
        }
        self.end_hold(tx).await?;
        self.own.steps += 1;
        self.own.status = to;
        if planted::is(Bug::SkipStep) && to == SupplierOrderStatus::Rejected {
            return Ok(());
        }
        let row = transition::ActiveModel {
            supplier_order_id: Set(self.own.id),
            seq: Set(self.own.steps),
            from_status: Set(from),
            to_status: Set(to),
            reason: Set(reason.to_owned()),
            at: Set(tx.now()),
        };
        transition::Entity::insert(row).exec_without_returning(tx).await?;
        // Nothing is left to answer.
        if to.is_final() { order_links::end(tx, self.own.id).await } else { Ok(()) }
    }

    /// Goes on with what is held, if it is.
    pub(super) async fn end_hold(&mut self, tx: &Tx) -> Result<(), Fault> {
        let Some(since) = self.own.held_at.take() else { return Ok(()) };
        self.own.hold_reason = None;
        if self.own.status == SupplierOrderStatus::OnHold {
            let held = tx.now() - since;
            self.own.accept_by += held;
            self.own.ship_by += held;
        }
        super::trouble::released(tx, self.own.id).await
    }

    /// Writes the supplier order and those of its lines that changed.
    pub async fn save(&mut self, tx: &Tx) -> Result<(), Fault> {
        self.own.updated_at = tx.now();
        self.own.clone().into_active_model().reset_all().update(tx).await?;
        let changed = self.lines.iter().filter(|row| !self.stored.contains(row)).cloned().collect();
        tx.save_all::<line::Entity>(changed, &line::CHANGING).await?;
        self.stored.clone_from(&self.lines);
        Ok(())
    }

    /// Records what happened to units in the order's own facts; `change` fills in one fact per line.
    pub async fn record(&mut self, tx: &Tx, change: impl Fn(&line::Model, &mut LineFact)) -> Result<(), Fault> {
        let facts: Vec<LineFact> = self
            .lines
            .iter()
            .map(|row| {
                let mut fact = LineFact::of(row.order_line_id);
                change(row, &mut fact);
                fact
            })
            .collect();
        self.order = orders::record(tx, self.order.id, &facts).await?;
        Ok(())
    }

    /// Tells the store.
    pub async fn tell_store(&self, tx: &Tx, kind: EventType, message: impl Into<String>) -> Result<(), Fault> {
        let event = NewEvent::of_order(self.order.id, kind, Audience::Store, message).supplier_order(self.own.id);
        outbox::append(tx, event.data(serde_json::json!({ "supplierOrderId": self.own.id }))).await?;
        Ok(())
    }

    /// The line with this id.
    pub fn line(&self, id: SupplierOrderLineId) -> Option<&line::Model> {
        self.lines.iter().find(|row| row.id == id)
    }

    /// Notes that the supplier has it for sure, since `at`: its units count as forwarded.
    pub(super) async fn note_submitted(&mut self, tx: &Tx, at: Timestamp) -> Result<(), Fault> {
        if self.own.submitted_at.is_some() {
            return Ok(());
        }
        self.own.submitted_at = Some(at);
        let took = (at - self.order.placed_at).to_std().unwrap_or_default();
        tx.measure(move || metrics::histogram!("consign_paid_to_forwarded_seconds").record(took.as_secs_f64()));
        self.own.note = None;
        self.record(tx, |row, fact| fact.forwarded = row.live()).await?;
        self.tell_store(tx, EventType::SupplierOrderSubmitted, "A supplier order reached its supplier.").await
    }

    /// Whether the supplier may have it: its units cannot simply be taken back.
    pub(super) fn is_out(&self) -> bool {
        self.own.status.is_out()
    }
}

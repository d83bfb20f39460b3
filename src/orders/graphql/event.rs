//! What happened, as it is told.

use async_graphql::{Context, Object};

use super::enums::EventTypeOut;
use super::told::Told;
use super::types::Order;
use crate::fulfillment;
use crate::fulfillment::graphql::SupplierOrder;
use crate::graph::scalars::DateTime;
use crate::graph::{ContextExt, Nullable, SharedFault, nullable};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::event::Audience;
use crate::kernel::problem::Fault;
use crate::orders::timeline::{self, Telling};
use crate::orders::{self, activity};
use crate::platform::outbox::entity::Model;
use crate::shipments;
use crate::shipments::graphql::Shipment;
use crate::workitems;
use crate::workitems::graphql::WorkItem;

/// Something that happened to an order.
pub struct OrderEvent(pub Telling);

// What an event refers to is read anew for each, once for all who are told: a stream outlives what a
// loader remembers.
/// Something that happened to an order, in words for its customer.
#[Object]
impl OrderEvent {
    /// Its place in the order's history: hand it to `after` to go on behind it, here or in
    /// `orderTracking`.
    async fn cursor(&self) -> String {
        timeline::cursor(self.0.event())
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.0.event().occurred_at
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn kind(&self) -> EventTypeOut {
        self.0.event().kind.into()
    }

    /// The same as a sentence.
    async fn message(&self) -> &str {
        &self.0.event().message
    }

    /// The order, as it is now.
    async fn order(&self, ctx: &Context<'_>) -> async_graphql::Result<Order> {
        let id = self.0.event().order_id.ok_or_else(|| Fault::internal("an order's event names no order"))?;
        let app = ctx.app();
        let order = match &self.0 {
            Telling::Past(_) => orders::lookup(app.db.read(), id).await?,
            Telling::News(event) => app.local::<Told>().order(app, id, event.seq).await?,
        };
        Ok(Order(order.ok_or_else(|| Fault::internal("an event's order is gone"))?))
    }

    /// The parcel it is about, as it is now; null if it is about none.
    async fn shipment(&self, ctx: &Context<'_>) -> Nullable<Shipment> {
        let id = self.0.event().shipment_id?;
        let app = ctx.app();
        let found = match &self.0 {
            Telling::Past(_) => shipments::lookup(app.db.read(), id).await.map_err(SharedFault::from),
            Telling::News(event) => app.local::<Told>().shipment(app, id, event.seq).await,
        };
        nullable(found.map(|found| found.map(Shipment)))
    }
}

/// One step of an order's history, as the store sees it.
pub struct OrderHistoryEvent(pub Model);

/// One step of an order's history, as the store sees it.
#[Object(visible = "visible_to_store")]
impl OrderHistoryEvent {
    /// Its number in the order's history, from 1 and without gaps.
    async fn sequence(&self) -> i64 {
        self.0.seq
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn kind(&self) -> EventTypeOut {
        self.0.kind.into()
    }

    /// When it happened.
    async fn at(&self) -> DateTime {
        self.0.occurred_at
    }

    /// The same as a sentence.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether the customer sees it in the timeline.
    async fn visible_to_customer(&self) -> bool {
        self.0.audience == Audience::Customer
    }
}

/// Something that happened in the store.
pub struct StoreEvent(pub Model);

/// Something that happened in the store.
#[Object(visible = "visible_to_store")]
impl StoreEvent {
    /// Its place in the store's history: hand it to `after` to go on behind it.
    async fn cursor(&self) -> String {
        activity::cursor(&self.0)
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.0.occurred_at
    }

    /// What happened.
    #[graphql(name = "type")]
    async fn kind(&self) -> EventTypeOut {
        self.0.kind.into()
    }

    /// The same as a sentence.
    async fn message(&self) -> &str {
        &self.0.message
    }

    /// The order it is about, as it is now; null if it is about none.
    async fn order(&self, ctx: &Context<'_>) -> Nullable<Order> {
        let id = self.0.order_id?;
        nullable(orders::find(ctx.app(), ctx.actor(), id).await.map(|found| found.map(Order)))
    }

    /// The supplier order it is about, as it is now; null if it is about none, or the caller may not
    /// see supplier orders.
    async fn supplier_order(&self, ctx: &Context<'_>) -> Nullable<SupplierOrder> {
        let id = self.0.supplier_order_id?;
        ctx.actor().may(Action::ReadSupplierOrder).ok()?;
        nullable(fulfillment::find(ctx.app(), ctx.actor(), id).await.map(|found| found.map(SupplierOrder)))
    }

    /// The parcel it is about, as it is now; null if it is about none.
    async fn shipment(&self, ctx: &Context<'_>) -> Nullable<Shipment> {
        let id = self.0.shipment_id?;
        nullable(shipments::lookup(ctx.app().db.read(), id).await.map(|found| found.map(Shipment)))
    }

    /// The entry of the exceptions queue it is about, as it is now; null if it is about none, or the
    /// caller may not see the queue.
    async fn work_item(&self, ctx: &Context<'_>) -> Nullable<WorkItem> {
        let id = self.0.work_item_id?;
        ctx.actor().may(Action::ReadWorkItems).ok()?;
        nullable(workitems::lookup(ctx.app().db.read(), id).await.map(|found| found.map(WorkItem)))
    }
}

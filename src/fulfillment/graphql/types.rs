//! What a supplier order looks like.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use async_graphql::{Context, Object, SimpleObject};
use sea_orm::ActiveEnum;

use super::enums::{SupplierOrderAction, SupplierOrderStatusOut, SupplierRejectionOut, SupplierRequestStatus};
use super::requests::{self, SupplierOrderHold, SupplierRequest};
use crate::app::App;
use crate::fulfillment::{self, line, supplier_order, transition};
use crate::graph::scalars::{Address, DateTime};
use crate::graph::{
    Connection, ContextExt, GlobalId, Nullable, PageArgs, RequestLoader, SharedFault, nullable, required,
};
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::identity::{Action, Actor};
use crate::kernel::ids::{OrderId, OrderLineId, SupplierId, SupplierOrderId, SupplierOrderLineId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::orders::graphql::{Order, OrderLoader};
use crate::shipments::graphql::{Shipment, ShipmentsLoader};
use crate::suppliers::SupplierRejection;
use crate::suppliers::graphql::{Supplier, SupplierLoader};

/// What is asked of one supplier for one order.
pub struct SupplierOrder(pub supplier_order::Model);

/// What is asked of one supplier for one order.
#[Object(visible = "visible_to_supplier")]
impl SupplierOrder {
    /// The id.
    pub async fn id(&self) -> GlobalId<SupplierOrderId> {
        GlobalId(self.0.id)
    }

    /// What the supplier knows it by.
    async fn reference(&self) -> String {
        self.0.reference()
    }

    /// What the supplier calls it; null until it says.
    async fn supplier_reference(&self) -> Option<&str> {
        // Where a supplier cannot say what it calls an order, it is known there by our name.
        let remote_id = self.0.remote_id.as_deref().filter(|id| *id != self.0.reference());
        self.0.supplier_reference.as_deref().or(remote_id)
    }

    /// The number the customer knows the order by; it goes on the packing slip.
    async fn order_number(&self, ctx: &Context<'_>) -> async_graphql::Result<i64> {
        Ok(order(ctx, self.0.order_id).await?.0.number)
    }

    /// Where it stands.
    async fn status(&self) -> SupplierOrderStatusOut {
        self.0.status.into()
    }

    /// What was asked of the supplier, and what the supplier said.
    async fn request_status(&self) -> SupplierRequestStatus {
        self.0.request_status.into()
    }

    /// What whoever asks can do with it now. The mutations go by the same table.
    async fn allowed_actions(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SupplierOrderAction>> {
        let rows = ctx.loaders().load::<SupplierOrdersLoader, SupplierOrderId>(self.0.id).await?.unwrap_or_default();
        Ok(fulfillment::allowed(ctx.actor(), &self.0, &rows).into_iter().map(Into::into).collect())
    }

    /// Why and since when it is held back: by the store while it is `ON_HOLD`, else by its supplier; null if
    /// it is not.
    async fn hold(&self) -> Option<SupplierOrderHold> {
        let since = self.0.held_at?;
        Some(SupplierOrderHold { since, reason: self.0.hold_reason.clone() })
    }

    /// An answer is due by then.
    async fn accept_by(&self) -> DateTime {
        self.0.accept_by
    }

    /// The parcel is due by then.
    async fn ship_by(&self) -> DateTime {
        self.0.ship_by
    }

    /// When the supplier means to ship; null until it says.
    async fn estimated_ship_at(&self) -> Option<DateTime> {
        self.0.estimated_ship_at
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        self.0.created_at
    }

    /// When the supplier had it; null until then.
    async fn submitted_at(&self) -> Option<DateTime> {
        self.0.submitted_at
    }

    /// When the supplier said yes; null until then.
    async fn acknowledged_at(&self) -> Option<DateTime> {
        self.0.acknowledged_at
    }

    /// Where the goods go, or went.
    async fn destination(&self, ctx: &Context<'_>) -> async_graphql::Result<Address> {
        if let Some(address) = &self.0.destination {
            return Ok(address.clone().into());
        }
        Ok(order(ctx, self.0.order_id).await?.0.shipping_address.into())
    }

    /// The supplier's code of the service to send it by.
    async fn shipping_service(&self) -> &str {
        &self.0.service_code
    }

    /// What is asked for.
    async fn lines(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<SupplierOrderLine>> {
        let rows = ctx.loaders().load::<SupplierOrdersLoader, SupplierOrderId>(self.0.id).await?.unwrap_or_default();
        let of = |row| SupplierOrderLine { money: self.0.money(0), row };
        Ok(rows.into_iter().map(of).collect())
    }

    /// What the supplier asks for sending it; null for those of the store who may not see costs.
    async fn shipping_cost(&self, ctx: &Context<'_>) -> Option<Money> {
        sees_cost(ctx.actor()).then(|| self.0.money(self.0.shipping_cost))
    }

    /// The parcels that left, oldest first.
    async fn shipments(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Shipment>> {
        let found = ctx.loaders().load::<ShipmentsLoader, SupplierOrderId>(self.0.id).await?;
        Ok(found.unwrap_or_default().into_iter().map(Shipment).collect())
    }

    /// Why it was refused; null if it was not.
    async fn rejection(&self) -> Option<SupplierRejectionReason> {
        let code = read_code(self.0.rejection_code.as_deref()?);
        Some(SupplierRejectionReason { code, message: self.0.rejection_message.clone() })
    }

    /// Why it is to be cancelled; null if nobody asked.
    async fn cancel_reason(&self) -> Option<&str> {
        self.0.cancel_reason.as_deref()
    }

    /// Who is asked; null if the caller may not see suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn supplier(&self, ctx: &Context<'_>) -> Nullable<Supplier> {
        ctx.actor().may(Action::ReadSuppliers).ok()?;
        nullable(
            ctx.loaders().load::<SupplierLoader, SupplierId>(self.0.supplier_id).await.map(|found| found.map(Supplier)),
        )
    }

    /// The order it is a part of; null if the caller may not see orders.
    #[graphql(visible = "visible_to_store")]
    async fn order(&self, ctx: &Context<'_>) -> Nullable<Order> {
        ctx.actor().may(Action::ReadOrders).ok()?;
        required(order(ctx, self.0.order_id).await)
    }

    /// The how-many-th supplier order for its units; null for suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn attempt(&self, ctx: &Context<'_>) -> Option<i32> {
        ctx.actor().is_staff().then_some(self.0.attempt)
    }

    /// What went wrong last; null if nothing did, or for suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn note(&self, ctx: &Context<'_>) -> Option<&str> {
        self.0.note.as_deref().filter(|_| ctx.actor().is_staff())
    }

    /// The steps it took, oldest first; null for suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn history(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<SupplierOrderStep>> {
        if !ctx.actor().is_staff() {
            return None;
        }
        required(history(ctx, self.0.id, PageArgs::new(first, after, last, before)).await)
    }

    /// What its supplier was asked about it over the wire, and what came back, newest first: the last
    /// hundred calls of a month. Null for suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn requests(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<SupplierRequest>> {
        if !ctx.actor().is_staff() {
            return None;
        }
        required(requests::page(ctx, self.0.id, PageArgs::new(first, after, last, before)).await)
    }
}

async fn history(
    ctx: &Context<'_>,
    id: SupplierOrderId,
    args: PageArgs,
) -> Result<Connection<SupplierOrderStep>, Fault> {
    let page = fulfillment::history(ctx.app().db.read(), id, &args.request()?).await?;
    Ok(Connection::new(page.map(Into::into)))
}

async fn order(ctx: &Context<'_>, id: OrderId) -> Result<Order, SharedFault> {
    let found = ctx.loaders().load::<OrderLoader, OrderId>(id).await?;
    found.map(Order).ok_or_else(|| Fault::internal("a supplier order has no order").into())
}

/// Whether somebody who sees a supplier order sees what it costs: its supplier does.
fn sees_cost(actor: &Actor) -> bool {
    actor.is_supplier() || actor.may(Action::ReadCost).is_ok()
}

fn read_code(text: &str) -> SupplierRejectionOut {
    SupplierRejection::try_from_value(&text.to_owned()).unwrap_or(SupplierRejection::Other).into()
}

/// Why a supplier refused.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_supplier")]
pub struct SupplierRejectionReason {
    /// Why, for programs.
    code: SupplierRejectionOut,
    /// Why, in the supplier's words; null if it gave none.
    message: Option<String>,
}

/// One step of a supplier order.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderStep {
    /// From where.
    from: SupplierOrderStatusOut,
    /// To where.
    to: SupplierOrderStatusOut,
    /// Why.
    reason: String,
    /// When.
    at: DateTime,
}

/// A step a supplier order may take.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct SupplierOrderStateEdge {
    /// From where.
    pub(super) from: SupplierOrderStatusOut,
    /// To where.
    pub(super) to: SupplierOrderStatusOut,
}

impl From<transition::Model> for SupplierOrderStep {
    fn from(row: transition::Model) -> Self {
        Self { from: row.from_status.into(), to: row.to_status.into(), reason: row.reason, at: row.at }
    }
}

/// Units of one item.
pub struct SupplierOrderLine {
    row: line::Model,
    /// Nothing, in the supplier's currency.
    money: Money,
}

/// Units of one item.
#[Object(visible = "visible_to_supplier")]
impl SupplierOrderLine {
    /// The id.
    pub async fn id(&self) -> GlobalId<SupplierOrderLineId> {
        GlobalId(self.row.id)
    }

    /// The supplier's name for the item.
    async fn supplier_sku(&self) -> &str {
        &self.row.supplier_sku
    }

    /// The store's name for the item.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Units asked for.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// Units the supplier will send.
    async fn accepted_quantity(&self) -> i64 {
        self.row.accepted
    }

    /// Units the supplier will not send.
    async fn refused_quantity(&self) -> i64 {
        self.row.refused
    }

    /// Units that left.
    async fn shipped_quantity(&self) -> i64 {
        self.row.shipped
    }

    /// What one costs the store, in the supplier's currency; null for those of the store who may not see
    /// costs.
    async fn unit_cost(&self, ctx: &Context<'_>) -> Option<Money> {
        sees_cost(ctx.actor()).then(|| Money::from_minor(self.row.unit_cost, self.money.currency()))
    }

    /// Why units were refused; null if none were.
    async fn rejection(&self) -> Option<SupplierRejectionReason> {
        let code = read_code(self.row.reason_code.as_deref()?);
        Some(SupplierRejectionReason { code, message: self.row.reason_message.clone() })
    }

    /// The order's line these units are for; null for suppliers.
    #[graphql(visible = "visible_to_store")]
    async fn order_line_id(&self, ctx: &Context<'_>) -> Option<GlobalId<OrderLineId>> {
        ctx.actor().is_staff().then_some(GlobalId(self.row.order_line_id))
    }
}

/// Loads the supplier orders of orders, and the lines of supplier orders. Whoever uses it has decided
/// that the actor may see them.
pub struct SupplierOrdersLoader(App);

impl RequestLoader for SupplierOrdersLoader {
    fn new(app: &App, _: &Actor) -> Self {
        Self(app.clone())
    }
}

impl Loader<OrderId> for SupplierOrdersLoader {
    type Value = Vec<supplier_order::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[OrderId]) -> Result<HashMap<OrderId, Vec<supplier_order::Model>>, SharedFault> {
        let mut all: HashMap<OrderId, Vec<supplier_order::Model>> = HashMap::new();
        for row in fulfillment::of_orders(self.0.db.read(), keys).await? {
            all.entry(row.order_id).or_default().push(row);
        }
        Ok(all)
    }
}

impl Loader<SupplierOrderId> for SupplierOrdersLoader {
    type Value = Vec<line::Model>;
    type Error = SharedFault;

    async fn load(&self, keys: &[SupplierOrderId]) -> Result<HashMap<SupplierOrderId, Vec<line::Model>>, SharedFault> {
        let mut all: HashMap<SupplierOrderId, Vec<line::Model>> = HashMap::new();
        for row in fulfillment::lines_of(self.0.db.read(), keys).await? {
            all.entry(row.supplier_order_id).or_default().push(row);
        }
        Ok(all)
    }
}

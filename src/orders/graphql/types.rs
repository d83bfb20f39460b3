//! What an order looks like.

use async_graphql::{Context, Object, SimpleObject};

use super::enums::{FulfillmentStatusOut, PaymentStatusOut, ReturnStatusOut};
use super::event::{OrderEvent, OrderHistoryEvent};
use super::loaders::OrderLinesLoader;
use crate::catalog::graphql::ProductVariant;
use crate::fulfillment;
use crate::fulfillment::graphql::{SupplierOrder, SupplierOrdersLoader};
use crate::graph::scalars::{Address, DateTime, DeliveryWindow};
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, SharedFault, nullable, required};
use crate::identity::graphql::{Customer, CustomerLoader, visible_to_store};
use crate::identity::{Action, Who};
use crate::kernel::ids::{CustomerId, OrderId, OrderLineId};
use crate::kernel::money::Money;
use crate::kernel::problem::Fault;
use crate::orders::{self, line, order, timeline};
use crate::payments::graphql::{Payment, PaymentLoader};
use crate::routing::graphql::RoutingDecision;
use crate::shipments::graphql::{Shipment, ShipmentsLoader};

/// An order.
#[derive(Clone)]
pub struct Order(pub order::Model);

/// What an order costs its customer.
#[derive(SimpleObject)]
pub struct OrderCost {
    /// The goods before discounts.
    subtotal: Money,
    /// What discounts took off.
    discount: Money,
    /// Shipping.
    shipping: Money,
    /// Tax, on top or contained.
    tax: Money,
    /// What the customer pays.
    total: Money,
}

/// What the store earns with an order.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct OrderMargin {
    /// What the customer pays for units that were not cancelled, with shipping, without tax.
    revenue: Money,
    /// What suppliers ask for those units and for sending them, in the store's currency; as planned
    /// until they say otherwise.
    cost: Money,
    /// The difference.
    profit: Money,
}

/// An order: what a customer bought, and what became of it.
#[Object]
impl Order {
    /// The id.
    pub async fn id(&self) -> GlobalId<OrderId> {
        GlobalId(self.0.id)
    }

    /// The number people use.
    async fn number(&self) -> i64 {
        self.0.number
    }

    /// When it was placed.
    async fn placed_at(&self) -> DateTime {
        self.0.placed_at
    }

    /// The address mails go to.
    async fn email(&self) -> &str {
        &self.0.email
    }

    /// A telephone number; null if none was given.
    async fn phone(&self) -> Option<&str> {
        self.0.phone.as_deref()
    }

    /// The customer; null for a guest's order, and for those who may not see customers.
    async fn customer(&self, ctx: &Context<'_>) -> Nullable<Customer> {
        let id = self.0.customer_id?;
        let own = ctx.actor().customer_id() == Some(id);
        if !own && ctx.actor().may(Action::ReadCustomers).is_err() {
            return None;
        }
        nullable(ctx.loaders().load::<CustomerLoader, CustomerId>(id).await.map(|found| found.map(Customer)))
    }

    /// Where the money stands.
    async fn payment_status(&self) -> PaymentStatusOut {
        self.0.payment_status.into()
    }

    /// Where the goods are.
    async fn fulfillment_status(&self) -> FulfillmentStatusOut {
        self.0.fulfillment_status.into()
    }

    /// What came back.
    async fn return_status(&self) -> ReturnStatusOut {
        self.0.return_status.into()
    }

    /// Whether `orderCancel` may still do something.
    async fn can_cancel(&self, ctx: &Context<'_>) -> async_graphql::Result<bool> {
        let (lines, parts) = futures_util::try_join!(lines(ctx, self.0.id), parts(ctx, self.0.id))?;
        Ok(fulfillment::can_cancel(&lines, &parts))
    }

    /// Whether it was paid with play money.
    async fn test(&self) -> bool {
        self.0.is_test
    }

    /// What the customer pays.
    async fn total(&self) -> Money {
        self.0.money(self.0.total)
    }

    /// What the total is made of.
    async fn cost(&self) -> OrderCost {
        let money = |minor| self.0.money(minor);
        OrderCost {
            subtotal: money(self.0.subtotal),
            discount: money(self.0.discount),
            shipping: money(self.0.shipping),
            tax: money(self.0.tax),
            total: money(self.0.total),
        }
    }

    /// The discount codes used.
    async fn discount_codes(&self) -> &[String] {
        &self.0.discount_codes.0
    }

    /// What was bought.
    async fn lines(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<OrderLine>> {
        let lines = lines(ctx, self.0.id).await?;
        Ok(lines.into_iter().map(|row| OrderLine { row, order: self.0.clone() }).collect())
    }

    /// Where the goods go.
    async fn shipping_address(&self) -> Address {
        self.0.shipping_address.clone().into()
    }

    /// Who is billed.
    async fn billing_address(&self) -> Address {
        self.0.billing_address.clone().into()
    }

    /// When delivery was promised at the checkout; null if nothing was.
    async fn delivery_promise(&self) -> Option<DeliveryWindow> {
        Some((self.0.promise_earliest?, self.0.promise_latest?).into())
    }

    /// The secret that lets its holder see and cancel the order without signing in; null for those of
    /// the store.
    async fn tracking_token(&self, ctx: &Context<'_>) -> Nullable<String> {
        if matches!(ctx.actor().who, Who::Staff(_) | Who::Supplier(_) | Who::OrderLink(_)) {
            return None;
        }
        required(orders::tracking_token(ctx.app(), &self.0))
    }

    /// The parcels that left, oldest first.
    async fn shipments(&self, ctx: &Context<'_>) -> async_graphql::Result<Vec<Shipment>> {
        let found = ctx.loaders().load::<ShipmentsLoader, OrderId>(self.0.id).await?;
        Ok(found.unwrap_or_default().into_iter().map(Shipment).collect())
    }

    /// What happened, oldest first, in words for the customer.
    async fn timeline(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> async_graphql::Result<Connection<OrderEvent>> {
        let request = PageArgs::new(first, after, last, before).request()?;
        let page = timeline::page(ctx.app().db.read(), self.0.id, &request).await?;
        Ok(Connection::new(page.map(|event| OrderEvent(timeline::Telling::Past(event)))))
    }

    /// Everything that happened, oldest first: the timeline and what the customer is not told. Null for
    /// those who may not see all orders.
    #[graphql(visible = "visible_to_store")]
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
    ) -> Nullable<Connection<OrderHistoryEvent>> {
        ctx.actor().may(Action::ReadOrders).ok()?;
        required(history(ctx, self.0.id, PageArgs::new(first, after, last, before)).await)
    }

    /// The payment it was placed with; null for those who may not see payments.
    #[graphql(visible = "visible_to_store")]
    async fn payment(&self, ctx: &Context<'_>) -> Nullable<Payment> {
        ctx.actor().may(Action::ReadPayments).ok()?;
        nullable(ctx.loaders().load::<PaymentLoader, OrderId>(self.0.id).await.map(|found| found.map(Payment)))
    }

    /// What the store earns with it; null for those who may not see costs.
    #[graphql(visible = "visible_to_store")]
    async fn margin(&self, ctx: &Context<'_>) -> Nullable<OrderMargin> {
        ctx.actor().may(Action::ReadCost).ok()?;
        required(margin(ctx, &self.0).await)
    }

    /// What is asked of suppliers, oldest first; null for those who may not see it.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_orders(&self, ctx: &Context<'_>) -> Nullable<Vec<SupplierOrder>> {
        if !ctx.actor().is_staff() || ctx.actor().may(Action::ReadSupplierOrder).is_err() {
            return None;
        }
        let found = parts(ctx, self.0.id).await;
        required(found.map(|all| all.into_iter().map(SupplierOrder).collect()))
    }

    /// Why its units went to whom, the newest decision first: those that followed when a supplier could not send
    /// them, and last the one it was placed with. Null for those who may not see it.
    #[graphql(visible = "visible_to_store", complexity = "2 * child_complexity + 1")]
    async fn routing_decisions(&self, ctx: &Context<'_>) -> Nullable<Vec<RoutingDecision>> {
        ctx.actor().may(Action::ManageFulfillment).ok()?;
        required(decisions(ctx, &self.0).await)
    }
}

/// The decisions about an order, the newest first; the last is the one it was placed with.
async fn decisions(ctx: &Context<'_>, order: &order::Model) -> Result<Vec<RoutingDecision>, Fault> {
    let first = RoutingDecision::of(order.plan.0.clone(), order.placed_at, None);
    let later = fulfillment::decisions_of(ctx.app().db.read(), order.id).await?;
    let later = later.into_iter().map(|it| RoutingDecision::of(it.plan.0, it.decided_at, Some(it.supplier_order_id)));
    Ok(later.rev().chain(std::iter::once(first)).collect())
}

async fn history(ctx: &Context<'_>, id: OrderId, args: PageArgs) -> Result<Connection<OrderHistoryEvent>, Fault> {
    let page = timeline::history(ctx.app().db.read(), id, &args.request()?).await?;
    Ok(Connection::new(page.map(OrderHistoryEvent)))
}

async fn lines(ctx: &Context<'_>, id: OrderId) -> Result<Vec<line::Model>, SharedFault> {
    Ok(ctx.loaders().load::<OrderLinesLoader, OrderId>(id).await?.unwrap_or_default())
}

async fn parts(ctx: &Context<'_>, id: OrderId) -> Result<Vec<fulfillment::supplier_order::Model>, SharedFault> {
    Ok(ctx.loaders().load::<SupplierOrdersLoader, OrderId>(id).await?.unwrap_or_default())
}

async fn margin(ctx: &Context<'_>, order: &order::Model) -> Result<OrderMargin, Fault> {
    let conn = ctx.app().db.read();
    let lines = orders::lines_of(conn, &[order.id]).await?;
    let revenue = fulfillment::revenue(order, &lines)?;
    let cost = fulfillment::cost(conn, order, &lines).await?;
    Ok(OrderMargin { profit: revenue.sub(cost)?, revenue, cost })
}

/// What was bought, as it was then, and what became of it.
pub struct OrderLine {
    pub(super) row: line::Model,
    pub(super) order: order::Model,
}

/// What was bought, as it was then, and what became of it.
#[Object]
impl OrderLine {
    /// The id.
    pub async fn id(&self) -> GlobalId<OrderLineId> {
        GlobalId(self.row.id)
    }

    /// What was bought, as it is now; null if it is gone or not for sale any more. The store's people get
    /// it in any case.
    async fn variant(&self, ctx: &Context<'_>) -> Nullable<ProductVariant> {
        nullable(ProductVariant::load(ctx, self.row.variant_id).await)
    }

    /// Its name then.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// The variant's name then.
    async fn variant_title(&self) -> &str {
        &self.row.variant_title
    }

    /// The SKU then.
    async fn sku(&self) -> &str {
        &self.row.sku
    }

    /// The price of one then.
    async fn unit_price(&self) -> Money {
        self.order.money(self.row.unit_price)
    }

    /// The line's share of the discounts.
    async fn discount(&self) -> Money {
        self.order.money(self.row.discount)
    }

    /// The line's share of the tax.
    async fn tax(&self) -> Money {
        self.order.money(self.row.tax)
    }

    /// What the customer pays for the line.
    async fn total(&self) -> Money {
        self.order.money(self.row.total)
    }

    /// Units ordered.
    async fn quantity(&self) -> i64 {
        self.row.quantity
    }

    /// Units that will not be sent.
    async fn cancelled_quantity(&self) -> i64 {
        self.row.cancelled
    }

    /// Units that left.
    async fn shipped_quantity(&self) -> i64 {
        self.row.shipped
    }

    /// Units that arrived.
    async fn delivered_quantity(&self) -> i64 {
        self.row.delivered
    }

    /// Units that came back.
    async fn returned_quantity(&self) -> i64 {
        self.row.returned
    }
}

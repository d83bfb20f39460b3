//! Asking for orders, and following what happens.

use async_graphql::{Context, Enum, InputObject, Object, Subscription};
use futures_util::{Stream, StreamExt};

use super::enums::{FulfillmentStatusOut, PaymentStatusOut};
use super::event::StoreEvent;
use super::types::Order;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::clock::Moment;
use crate::kernel::ids::{CustomerId, OrderId, SupplierId};
use crate::kernel::problem::Fault;
use crate::orders::{self, OrderFilter, OrderSort, activity};

/// In which order orders are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderSort", name = "OrderSort", visible = "visible_to_store")]
pub enum OrderSortIn {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The dearest first.
    TotalDesc,
}

/// Which orders. All that is said must hold.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "OrderFilter", visible = "visible_to_store")]
pub struct OrderFilterInput {
    /// A part of the number, the e-mail address, the recipient's name, or of the goods' names or SKUs.
    query: Option<String>,
    /// In one of these payment states.
    payment_status: Option<Vec<PaymentStatusOut>>,
    /// In one of these fulfillment states.
    fulfillment_status: Option<Vec<FulfillmentStatusOut>>,
    /// Placed then or later.
    placed_after: Option<Moment>,
    /// Placed before then.
    placed_before: Option<Moment>,
    /// Of this customer.
    customer_id: Option<GlobalId<CustomerId>>,
    /// With a part at this supplier; for those who may see supplier orders.
    supplier_id: Option<GlobalId<SupplierId>>,
}

impl From<OrderFilterInput> for OrderFilter {
    fn from(it: OrderFilterInput) -> Self {
        Self {
            query: it.query,
            payment_statuses: it.payment_status.map(|all| all.into_iter().map(Into::into).collect()),
            fulfillment_statuses: it.fulfillment_status.map(|all| all.into_iter().map(Into::into).collect()),
            placed_after: it.placed_after.map(|it| it.0),
            placed_before: it.placed_before.map(|it| it.0),
            customer_id: it.customer_id.map(|id| id.0),
            supplier_id: it.supplier_id.map(|id| id.0),
        }
    }
}

/// The queries about orders.
#[derive(Default)]
pub struct OrderQuery;

#[Object]
impl OrderQuery {
    /// An order; null if there is none with this id for whoever asks: its customer, or the store.
    async fn order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: GlobalId<OrderId>,
    ) -> Nullable<Order> {
        nullable(find(ctx, id.0).await)
    }

    /// The order a tracking token belongs to: the token stands for the right to look. Null if there is
    /// none.
    async fn order_by_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tracking token, from the checkout's answer or a mail.")] token: String,
    ) -> Nullable<Order> {
        nullable(orders::lookup_by_token(ctx.app(), &token).await.map(|found| found.map(Order)))
    }

    /// The orders. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    #[expect(clippy::too_many_arguments, reason = "the arguments of a connection, a filter and a sort")]
    async fn orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which orders; all without.")] filter: Option<OrderFilterInput>,
        #[graphql(desc = "In which order; the newest first without.")] sort: Option<OrderSortIn>,
    ) -> Nullable<Connection<Order>> {
        let sort = sort.map_or(OrderSort::default(), Into::into);
        let filter = filter.unwrap_or_default().into();
        required(page(ctx, &filter, sort, PageArgs::new(first, after, last, before)).await)
    }
}

/// The order, for whoever may see it.
pub async fn find(ctx: &Context<'_>, id: OrderId) -> Result<Option<Order>, Fault> {
    Ok(orders::find(ctx.app(), ctx.actor(), id).await?.map(Order))
}

async fn page(
    ctx: &Context<'_>,
    filter: &OrderFilter,
    sort: OrderSort,
    args: PageArgs,
) -> Result<Connection<Order>, Fault> {
    let page = orders::list(ctx.app(), ctx.actor(), filter, sort, &args.request()?).await?;
    Connection::counted(ctx, page.map(Order), orders::count(ctx.app(), ctx.actor(), filter)).await
}

/// A customer's orders, for the customer and for those of the store who may see orders.
pub async fn orders_of(ctx: &Context<'_>, id: CustomerId, args: PageArgs) -> Result<Connection<Order>, Fault> {
    if ctx.actor().customer_id() != Some(id) {
        ctx.actor().may(Action::ReadOrders)?;
    }
    let page = orders::list_of(ctx.app(), id, &args.request()?).await?;
    Connection::counted(ctx, page.map(Order), orders::count_of(ctx.app(), id)).await
}

/// What can be followed of the store.
#[derive(Default)]
pub struct OrderSubscription;

#[Subscription]
impl OrderSubscription {
    /// Everything that happens in the store, in order: what happened behind `after`, then each event
    /// as it happens. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn store_activity(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The cursor of the last event seen; from now on without.")] after: Option<String>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<StoreEvent>>> {
        ctx.actor().may(Action::StoreActivity)?;
        let after = after.map(|cursor| activity::read_cursor(&cursor)).transpose().map_err(Fault::from)?;
        let events = activity::stream(ctx.app().clone(), after);
        Ok(events.map(|event| event.map(StoreEvent).map_err(Into::into)))
    }
}

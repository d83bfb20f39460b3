//! Following an order.

use async_graphql::{Context, Subscription};
use futures_util::StreamExt;
use futures_util::stream::BoxStream;

use crate::graph::{ContextExt, GlobalId};
use crate::kernel::ids::OrderId;
use crate::kernel::problem::Fault;
use crate::orders::graphql::OrderEvent;
use crate::orders::{self, order, timeline};

/// What can be followed of an order.
#[derive(Default)]
pub struct ShipmentSubscription;

#[Subscription]
impl ShipmentSubscription {
    /// What happens to an order, in order: what happened behind `after`, or from the start, then each
    /// event as it happens. For its customer or the store by `orderId`, for anybody who holds its
    /// tracking token by `token`; exactly one of the two.
    async fn order_tracking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] order_id: Option<GlobalId<OrderId>>,
        #[graphql(desc = "The order's tracking token.")] token: Option<String>,
        #[graphql(desc = "The cursor of the last event seen, from here or from a timeline.")] after: Option<String>,
    ) -> async_graphql::Result<BoxStream<'static, async_graphql::Result<OrderEvent>>> {
        // Boxed, as is what it answers: thousands of these wait, and each keeps the memory of all it did.
        let order = Box::pin(find(ctx, order_id, token)).await?;
        let after = after.map(|cursor| timeline::read_cursor(order.id, &cursor)).transpose().map_err(Fault::from)?;
        let events = timeline::stream(ctx.app().clone(), order.id, after);
        Ok(events.map(|event| event.map(OrderEvent).map_err(Into::into)).boxed())
    }
}

async fn find(
    ctx: &Context<'_>,
    order_id: Option<GlobalId<OrderId>>,
    token: Option<String>,
) -> Result<order::Model, Fault> {
    let found = match (order_id, token) {
        (Some(id), None) => orders::find(ctx.app(), ctx.actor(), id.0).await?,
        (None, Some(token)) => orders::lookup_by_token(ctx.app(), &token).await?,
        _ => return Err(Fault::BadInput("give exactly one of orderId and token".to_owned())),
    };
    found.ok_or(Fault::NotFound)
}

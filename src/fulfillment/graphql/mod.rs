//! Supplier orders as the store's people and their suppliers see them. Customers see none of it, but
//! cancel their orders here.

mod enums;
mod inputs;
mod mutation;
mod requests;
mod types;

use async_graphql::{Context, InputObject, Object};

pub use self::enums::{
    SupplierOrderAction, SupplierOrderStatusOut, SupplierRejectionOut, SupplierRequestCall, SupplierRequestOutcome,
    SupplierRequestStatus,
};
pub use self::inputs::{
    OrderCancelErrorCode, OrderCancelInput, OrderCancelPayload, OrderCancelUserError,
    OrderShippingAddressUpdateErrorCode, OrderShippingAddressUpdatePayload, OrderShippingAddressUpdateUserError,
    SupplierOrderAcceptInput, SupplierOrderCancelAnswerInput, SupplierOrderErrorCode, SupplierOrderHoldInput,
    SupplierOrderLineInput, SupplierOrderMoveInput, SupplierOrderPayload, SupplierOrderRecallInput,
    SupplierOrderRejectInput, SupplierOrderRerouteInput, SupplierOrderReroutePayload, SupplierOrderUserError,
};
pub use self::mutation::FulfillmentMutation;
pub use self::requests::{SupplierOrderHold, SupplierRequest};
pub use self::types::{SupplierOrder, SupplierOrderStateEdge, SupplierOrdersLoader};
use super::SupplierOrderFilter;
use super::state::EDGES;
use crate::graph::{Connection, ContextExt, GlobalId, Nullable, PageArgs, nullable, required};
use crate::identity::Action;
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::kernel::ids::SupplierOrderId;
use crate::kernel::problem::Fault;

/// Which supplier orders.
#[derive(Debug, Clone, Default, InputObject)]
#[graphql(name = "SupplierOrderFilter", visible = "visible_to_supplier")]
pub struct SupplierOrderFilterInput {
    /// In one of these states; in any without.
    status: Option<Vec<SupplierOrderStatusOut>>,
}

/// The queries about supplier orders.
#[derive(Default)]
pub struct FulfillmentQuery;

#[Object]
impl FulfillmentQuery {
    /// The supplier orders, newest first: a supplier's own, or all of them for the owner and staff.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_orders(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many from the start.")] first: Option<i32>,
        #[graphql(desc = "The cursor to start behind.")] after: Option<String>,
        #[graphql(desc = "How many from the end.")] last: Option<i32>,
        #[graphql(desc = "The cursor to end before.")] before: Option<String>,
        #[graphql(desc = "Which supplier orders; all without.")] filter: Option<SupplierOrderFilterInput>,
    ) -> Nullable<Connection<SupplierOrder>> {
        let statuses = filter.and_then(|it| it.status).map(|all| all.into_iter().map(Into::into).collect());
        let filter = SupplierOrderFilter { statuses };
        required(page(ctx, &filter, PageArgs::new(first, after, last, before)).await)
    }

    /// The steps a supplier order may take: its published state machine. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_order_transitions(&self, ctx: &Context<'_>) -> Nullable<Vec<SupplierOrderStateEdge>> {
        let edges = EDGES.iter().flat_map(|(from, all)| {
            all.iter().map(|to| SupplierOrderStateEdge { from: (*from).into(), to: (*to).into() })
        });
        required(ctx.actor().may(Action::ManageFulfillment).map(|()| edges.collect()))
    }

    /// One supplier order; null if there is none with this id for whoever asks.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
    ) -> Nullable<SupplierOrder> {
        nullable(find(ctx, id.0).await)
    }
}

/// The supplier order, for whoever may see it.
pub async fn find(ctx: &Context<'_>, id: SupplierOrderId) -> Result<Option<SupplierOrder>, Fault> {
    Ok(super::find(ctx.app(), ctx.actor(), id).await?.map(SupplierOrder))
}

async fn page(
    ctx: &Context<'_>,
    filter: &SupplierOrderFilter,
    args: PageArgs,
) -> Result<Connection<SupplierOrder>, Fault> {
    let page = super::list(ctx.app(), ctx.actor(), filter, &args.request()?).await?;
    Connection::counted(ctx, page.map(SupplierOrder), super::count(ctx.app(), ctx.actor(), filter)).await
}

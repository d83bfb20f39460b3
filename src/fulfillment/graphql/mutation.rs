//! The mutations of supplier orders, and the cancelling of orders.

use async_graphql::{Context, Object};

use super::inputs::{
    OrderCancelInput, OrderCancelPayload, OrderShippingAddressUpdatePayload, SupplierOrderAcceptInput,
    SupplierOrderCancelAnswerInput, SupplierOrderHoldInput, SupplierOrderMoveInput, SupplierOrderPayload,
    SupplierOrderRecallInput, SupplierOrderRejectInput, SupplierOrderRerouteInput, SupplierOrderReroutePayload,
};
use super::types::SupplierOrder;
use crate::checkout::graphql::AddressInput;
use crate::fulfillment::{self, SupplierOrderProblem, supplier_order};
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::graphql::{visible_to_store, visible_to_supplier};
use crate::kernel::ids::{OrderId, SupplierId, SupplierOrderId};
use crate::kernel::problem::VerbError;
use crate::orders::graphql::Order;

/// The mutations of supplier orders, and the cancelling of orders.
#[derive(Default)]
pub struct FulfillmentMutation;

#[Object]
impl FulfillmentMutation {
    /// Cancels what has not left of an order: at once while no supplier was asked, else as soon as the
    /// supplier agrees. For its customer, whoever holds its tracking token, and the store. A repeat
    /// answers the order as it is.
    async fn order_cancel(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: GlobalId<OrderId>,
        #[graphql(desc = "Why, and by what right.")] input: OrderCancelInput,
    ) -> Nullable<OrderCancelPayload> {
        let result = fulfillment::order_cancel(ctx.app(), ctx.actor(), id.0, input.reason, input.token).await;
        let build = |(order, user_errors): (Option<_>, _)| OrderCancelPayload { order: order.map(Order), user_errors };
        required(payload(result).map(build))
    }

    /// Sends an order to another address of the same country, as long as no supplier may send a part of it to the
    /// old one: nothing was handed to a supplier yet, or what was has left or was refused. What was refused goes out
    /// again, to the same supplier first if the address was the reason. The customer gets a mail. For the owner, and
    /// staff with both `FULFILLMENT` and `ORDERS`. A repeat answers the order as it is.
    #[graphql(visible = "visible_to_store")]
    async fn order_shipping_address_update(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order's id.")] id: GlobalId<OrderId>,
        #[graphql(desc = "Where it goes.")] address: AddressInput,
    ) -> Nullable<OrderShippingAddressUpdatePayload> {
        let result = fulfillment::order_shipping_address_update(ctx.app(), ctx.actor(), id.0, address.into()).await;
        let build = |(order, user_errors): (Option<_>, _)| OrderShippingAddressUpdatePayload {
            order: order.map(Order),
            user_errors,
        };
        required(payload(result).map(build))
    }

    /// Sends a supplier order that waits for the owner's word. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_order_submit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::submit(ctx.app(), ctx.actor(), id.0).await)
    }

    /// Gives a supplier order that its supplier does not have to others; nothing changes unless they
    /// can send all of it. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_order_reroute(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "Why, and who shall not get it.")] input: SupplierOrderRerouteInput,
    ) -> Nullable<SupplierOrderReroutePayload> {
        let avoid: Vec<SupplierId> = input.avoid_supplier_ids.unwrap_or_default().into_iter().map(|it| it.0).collect();
        given_away(fulfillment::reroute(ctx.app(), ctx.actor(), id.0, input.reason, &avoid).await)
    }

    /// Gives all or a part of a supplier order to a supplier by name, if its supplier does not have it, has
    /// not accepted it at the portal, or refused; nothing changes unless that supplier can send all that is
    /// asked. What its supplier works on is called back first. For the owner and staff.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_order_move(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "What goes where.")] input: SupplierOrderMoveInput,
    ) -> Nullable<SupplierOrderReroutePayload> {
        given_away(fulfillment::relocate(ctx.app(), ctx.actor(), id.0, input.into()).await)
    }

    /// Asks the supplier of a supplier order to give back what has not left. If it agrees, others send that;
    /// if not, the supplier order goes on. For the owner and staff. A repeat answers it as it is.
    #[graphql(visible = "visible_to_store")]
    async fn supplier_order_recall(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "Why, and for whom.")] input: SupplierOrderRecallInput,
    ) -> Nullable<SupplierOrderPayload> {
        let to = input.supplier_id.map(|it| it.0);
        answer(fulfillment::recall(ctx.app(), ctx.actor(), id.0, input.reason, to).await)
    }

    /// Holds a supplier order back. The owner and staff hold what was not sent, and its deadlines stand
    /// still meanwhile; a supplier says of what it has that it does not go on for now, and its deadlines run
    /// on. A repeat answers it as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order_hold(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "Why.")] input: SupplierOrderHoldInput,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::hold(ctx.app(), ctx.actor(), id.0, &input.reason).await)
    }

    /// Goes on with a supplier order that was held back, from where it was. For whoever holds it: the store,
    /// or its supplier. A repeat answers it as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order_release(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::release(ctx.app(), ctx.actor(), id.0).await)
    }

    /// Accepts a supplier order, or a part of it. For its supplier. A repeat answers it as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order_accept(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "What is accepted.")] input: SupplierOrderAcceptInput,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::accept(ctx.app(), ctx.actor(), id.0, input.into()).await)
    }

    /// Refuses what has not left of a supplier order. For its supplier. A repeat answers it as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order_reject(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "Why.")] input: SupplierOrderRejectInput,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::reject(ctx.app(), ctx.actor(), id.0, input.reason.into(), input.message).await)
    }

    /// Answers a cancellation that was asked for. For its supplier. A repeat answers it as it is.
    #[graphql(visible = "visible_to_supplier")]
    async fn supplier_order_cancel_answer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The supplier order's id.")] id: GlobalId<SupplierOrderId>,
        #[graphql(desc = "The answer.")] input: SupplierOrderCancelAnswerInput,
    ) -> Nullable<SupplierOrderPayload> {
        answer(fulfillment::cancel_answer(ctx.app(), ctx.actor(), id.0, input.accept, input.reason).await)
    }
}

fn given_away(
    result: Result<(supplier_order::Model, Vec<supplier_order::Model>), VerbError<SupplierOrderProblem>>,
) -> Nullable<SupplierOrderReroutePayload> {
    let build = |(done, user_errors): (Option<(supplier_order::Model, Vec<supplier_order::Model>)>, _)| {
        let (own, made) = done.unzip();
        SupplierOrderReroutePayload {
            supplier_order: own.map(SupplierOrder),
            replacements: made.unwrap_or_default().into_iter().map(SupplierOrder).collect(),
            user_errors,
        }
    };
    required(payload(result).map(build))
}

fn answer(result: Result<supplier_order::Model, VerbError<SupplierOrderProblem>>) -> Nullable<SupplierOrderPayload> {
    let build = |(own, user_errors): (Option<_>, _)| SupplierOrderPayload {
        supplier_order: own.map(SupplierOrder),
        user_errors,
    };
    required(payload(result).map(build))
}

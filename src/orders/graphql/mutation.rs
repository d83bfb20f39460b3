//! Claiming an order.

use async_graphql::{Context, Enum, Object, SimpleObject};

use super::types::Order;
use crate::graph::{ContextExt, Nullable, payload, required};
use crate::orders::{self, OrderClaimProblem};
use crate::user_error;

/// What can be wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "OrderClaimProblem")]
pub enum OrderClaimErrorCode {
    /// There is no order with this token, or it is somebody else's.
    NotFound,
}

user_error!(OrderClaimUserError, OrderClaimErrorCode);

/// What became of a claim.
#[derive(SimpleObject)]
pub struct OrderClaimPayload {
    /// The order; null if it was refused.
    order: Option<Order>,
    /// Why it was refused; empty if it was not.
    user_errors: Vec<OrderClaimUserError>,
}

/// The mutations of orders.
#[derive(Default)]
pub struct OrderMutation;

#[Object]
impl OrderMutation {
    /// Makes the order that a tracking token belongs to the customer's who asks, if it is nobody's yet. The
    /// token goes on reading it. For customers; what they ordered as guests with their account's address
    /// becomes theirs by itself.
    async fn order_claim(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tracking token, from the checkout's answer or a mail.")] token: String,
    ) -> Nullable<OrderClaimPayload> {
        let result = orders::claim(ctx.app(), ctx.actor(), &token).await;
        required(payload(result).map(|(order, user_errors)| OrderClaimPayload { order: order.map(Order), user_errors }))
    }
}

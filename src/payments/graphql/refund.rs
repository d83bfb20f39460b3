//! `refundCreate`.

use async_graphql::{Context, Enum, InputObject, Object, SimpleObject};

use super::types::Refund;
use crate::graph::scalars::MoneyInput;
use crate::graph::{ContextExt, GlobalId, Nullable, payload, required};
use crate::identity::Action;
use crate::identity::graphql::visible_to_store;
use crate::kernel::ids::{OrderId, OrderLineId};
use crate::kernel::money::Money;
use crate::kernel::problem::{Fault, Problem, VerbError};
use crate::payments::{self, RefundErrorCode, RefundLine, RefundOf, RefundRequest};
use crate::{orders, user_error};

/// What can be wrong with a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "RefundErrorCode", visible = "visible_to_store")]
pub enum RefundCreateErrorCode {
    /// There is no such order, or line of it.
    NotFound,
    /// A value is missing, malformed or out of bounds.
    Invalid,
    /// The amount is in another currency than the order.
    CurrencyMismatch,
    /// More than was charged, or more units than were bought, and not yet refunded.
    TooMuch,
    /// The key was used with another input.
    IdempotencyKeyReused,
}

user_error!(RefundCreateUserError, RefundCreateErrorCode, "visible_to_store");

/// What to refund: lines or an amount, not both.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RefundCreateInput {
    /// Names the request, in 1 to 255 characters: a repeat answers the same refund.
    idempotency_key: String,
    /// The lines whose price goes back: each line's total, after discounts and with tax, by units.
    lines: Option<Vec<RefundLineInput>>,
    /// The amount that goes back, in the order's currency.
    amount: Option<MoneyInput>,
    /// Why, in at most 500 characters.
    reason: Option<String>,
    /// Whether the customer is told by mail; true if not given.
    notify_customer: Option<bool>,
}

/// A line whose price goes back.
#[derive(InputObject)]
#[graphql(visible = "visible_to_store")]
pub struct RefundLineInput {
    /// The line.
    order_line_id: GlobalId<OrderLineId>,
    /// For how many units.
    quantity: i32,
}

/// What became of a refund.
#[derive(SimpleObject)]
#[graphql(visible = "visible_to_store")]
pub struct RefundCreatePayload {
    /// The refund; null if nothing was done.
    refund: Option<Refund>,
    /// Why not.
    user_errors: Vec<RefundCreateUserError>,
}

/// The mutations about refunds.
#[derive(Default)]
pub struct RefundMutation;

#[Object]
impl RefundMutation {
    /// Gives money back to an order's customer, at most what was charged. For the owner, and staff who
    /// may. The refund is pending until the payment provider confirms it.
    #[graphql(visible = "visible_to_store")]
    async fn refund_create(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The order.")] order_id: GlobalId<OrderId>,
        #[graphql(desc = "What to refund.")] input: RefundCreateInput,
    ) -> Nullable<RefundCreatePayload> {
        let result = payload(create(ctx, order_id.0, input).await);
        required(result.map(|(refund, user_errors)| RefundCreatePayload { refund, user_errors }))
    }
}

async fn create(
    ctx: &Context<'_>,
    order_id: OrderId,
    input: RefundCreateInput,
) -> Result<Refund, VerbError<RefundErrorCode>> {
    ctx.actor().may(Action::Refund)?;
    // An empty list names no line.
    let named = input.lines.as_ref().filter(|lines| !lines.is_empty());
    let of = match (named, &input.amount) {
        (None, Some(amount)) => {
            RefundOf::Amount(amount.money().map_err(|error| invalid("input.amount", error.to_string()))?)
        }
        (Some(lines), None) => RefundOf::Lines(lines_of(ctx, order_id, lines).await?),
        _ => return Err(invalid("input", "give either lines or an amount").into()),
    };
    let request = RefundRequest {
        idempotency_key: input.idempotency_key,
        of,
        reason: input.reason,
        notify_customer: input.notify_customer.unwrap_or(true),
    };
    payments::create_refund(ctx.app(), ctx.actor(), order_id, &request).await.map(Refund)
}

/// The lines with what the customer paid for each of their units that were not cancelled: a line's total,
/// shared out to the cent.
async fn lines_of(
    ctx: &Context<'_>,
    order_id: OrderId,
    wanted: &[RefundLineInput],
) -> Result<Vec<RefundLine>, VerbError<RefundErrorCode>> {
    let conn = ctx.app().db.read();
    let order = orders::lookup(conn, order_id).await?;
    let order = order.ok_or_else(|| Problem::at(RefundErrorCode::NotFound, "orderId", "there is no such order"))?;
    let lines = orders::lines_of(conn, &[order_id]).await?;
    let mut found = Vec::with_capacity(wanted.len());
    for (index, one) in wanted.iter().enumerate() {
        let line = lines.iter().find(|line| line.id == one.order_line_id.0);
        let path = format!("input.lines.{index}.orderLineId");
        let line = line.ok_or_else(|| Problem::at(RefundErrorCode::NotFound, &path, "the order has no such line"))?;
        let twice = wanted[..index].iter().any(|before| before.order_line_id == one.order_line_id);
        let quantity = usize::try_from(one.quantity).unwrap_or_default();
        let units = usize::try_from(line.quantity).map_err(|_| Fault::internal("a line of less than nothing"))?;
        if twice || quantity == 0 || quantity > units {
            let message = format!("name the line once, with 1 to {units} units");
            return Err(invalid(&format!("input.lines.{index}.quantity"), message).into());
        }
        let mut units = Money::from_minor(line.total, order.currency).allocate(&vec![1; units]);
        // What is paid for cancelled units goes back by itself.
        units.truncate(usize::try_from(line.live()).unwrap_or_default());
        found.push(RefundLine { order_line_id: line.id, quantity, units });
    }
    Ok(found)
}

fn invalid(path: &str, message: impl Into<String>) -> Problem<RefundErrorCode> {
    Problem::at(RefundErrorCode::Invalid, path, message)
}

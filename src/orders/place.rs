//! Placing an order: the moment a paid cart becomes a promise.
//!
//! Called by checkout inside the transaction that records the payment, so that an order exists
//! exactly if its money is authorized.

use crate::catalog::VariantSnapshot;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{CartId, CustomerId, OrderLineId, PaymentAttemptId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Fault;
use crate::platform::tx::Tx;
use crate::routing::Plan;

use super::entity::order;

/// What a new order is made of.
#[derive(Debug, Clone)]
pub struct Placement {
    /// The cart it comes from; a cart becomes one order at most.
    pub cart_id: CartId,
    /// Whose it is; `None` for a guest.
    pub customer_id: Option<CustomerId>,
    /// Where mails go.
    pub email: String,
    /// A telephone number.
    pub phone: Option<String>,
    /// Where the goods go.
    pub shipping_address: Address,
    /// Who is billed.
    pub billing_address: Address,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Goods before discount.
    pub subtotal: Money,
    /// What discounts took off.
    pub discount: Money,
    /// Shipping.
    pub shipping: Money,
    /// Tax, on top or contained.
    pub tax: Money,
    /// What the customer pays.
    pub total: Money,
    /// What was bought.
    pub lines: Vec<PlacedLine>,
    /// Who is to send what. Its demands' `line` are the texts of [`PlacedLine::key`].
    pub plan: Plan,
    /// The payment.
    pub attempt_id: PaymentAttemptId,
    /// What is authorized.
    pub authorized: Money,
    /// The discount codes used.
    pub discount_codes: Vec<String>,
    /// Whether it was paid with play money.
    pub test: bool,
    /// The earliest and latest delivery the customer was shown.
    pub promise: Option<(Timestamp, Timestamp)>,
}

/// A line of a new order.
#[derive(Debug, Clone)]
pub struct PlacedLine {
    /// What the plan calls this line (the cart line's id, as text).
    pub key: String,
    /// What is bought, as it is now.
    pub variant: VariantSnapshot,
    /// Units.
    pub quantity: i64,
    /// Price times quantity.
    pub subtotal: Money,
    /// The line's share of the discounts.
    pub discount: Money,
    /// The line's share of the tax.
    pub tax: Money,
    /// What the customer pays for the line.
    pub total: Money,
    /// What the plan's picks for the line cost the store, in the order's currency.
    pub planned_cost: Money,
}

/// A placed order.
#[derive(Debug, Clone)]
pub struct Placed {
    /// The order.
    pub order: order::Model,
    /// The ids of its lines, in the order of [`Placement::lines`].
    pub line_ids: Vec<OrderLineId>,
    /// The tracking token in plain text.
    pub token: String,
}

/// Writes the order, its lines and `OrderPlaced`.
pub async fn place(_tx: &Tx, _placement: Placement) -> Result<Placed, Fault> {
    todo!()
}

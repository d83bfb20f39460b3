//! Placing an order: the moment a paid cart becomes a promise.
//!
//! Called by checkout inside the transaction that records the payment, so that an order exists
//! exactly if its money is authorized.

use std::collections::HashMap;

use sea_orm::{ConnectionTrait, EntityTrait, FromQueryResult, Set, Statement};

use crate::app::App;
use crate::catalog::VariantSnapshot;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::event::{Audience, EventType};
use crate::kernel::ids::{CartId, CustomerId, OrderId, OrderLineId, PaymentAttemptId};
use crate::kernel::money::{Currency, Money};
use crate::kernel::problem::Fault;
use crate::platform::keys::{hash_token, random_token};
use crate::platform::outbox::{self, NewEvent};
use crate::platform::reseal::{self, Resealed};
use crate::platform::tx::Tx;
use crate::routing::Plan;
use crate::store;

use super::entity::order::{Codes, StoredPlan};
use super::entity::{counter, line, order};
use super::erase::after_placing;
use super::state::{self, MoneyFacts};

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

/// Writes the order, its lines and `OrderPlaced`. The number is drawn under the counter's row lock,
/// which is held until the transaction ends: call this late.
pub async fn place(tx: &Tx, id: OrderId, placement: Placement) -> Result<(), Fault> {
    store::use_currency(tx).await?;
    let token = random_token(&tx.app().ids, "ott_");
    let line_ids: Vec<OrderLineId> = placement.lines.iter().map(|_| tx.new_id()).collect();
    let number = next_number(tx).await?;
    let row = order_row(tx, id, number, &token, &placement, &line_ids);
    order::Entity::insert(row).exec_without_returning(tx).await?;
    let lines = placement.lines.iter().zip(&line_ids).enumerate();
    let rows: Vec<line::ActiveModel> = lines.map(|(place, (it, &line))| line_row(id, line, place, it)).collect();
    line::Entity::insert_many(rows).exec_without_returning(tx).await?;
    let event = NewEvent::of_order(id, EventType::OrderPlaced, Audience::Customer, "We received your order.");
    outbox::append(tx, event.data(serde_json::json!({ "orderId": id, "number": number }))).await?;
    if let Some(customer_id) = placement.customer_id {
        after_placing(tx, customer_id).await?;
    }
    tracing::info!(order.id = %id, "placed order {number}");
    Ok(())
}

/// Seals all tracking tokens with the current key.
pub async fn reseal(app: &App) -> Result<Resealed, Fault> {
    let (id, sealed) = (order::Column::Id, order::Column::TokenSealed);
    reseal::reseal::<order::Entity>(app, id, sealed, |row| token_context(row.id)).await
}

/// What the sealed token of an order is bound to.
pub(super) fn token_context(id: OrderId) -> String {
    format!("order.token:{id}")
}

async fn next_number(tx: &Tx) -> Result<i64, Fault> {
    let sql = "UPDATE order_counter SET last_number = last_number + 1 WHERE id = 1 RETURNING id, last_number";
    let statement = Statement::from_string(tx.get_database_backend(), sql);
    let row = counter::Model::find_by_statement(statement).one(tx).await?;
    Ok(row.ok_or_else(|| Fault::internal("the order counter is missing"))?.last_number)
}

/// Passes over numbers that may have been given before the database was restored; the first that is given
/// now.
pub async fn skip_numbers(tx: &Tx, count: u32) -> Result<i64, Fault> {
    let sql = "UPDATE order_counter SET last_number = last_number + $1 WHERE id = 1 RETURNING id, last_number";
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), sql, [i64::from(count).into()]);
    let row = counter::Model::find_by_statement(statement).one(tx).await?;
    Ok(row.ok_or_else(|| Fault::internal("the order counter is missing"))?.last_number + 1)
}

fn order_row(
    tx: &Tx,
    id: OrderId,
    number: i64,
    token: &str,
    new: &Placement,
    line_ids: &[OrderLineId],
) -> order::ActiveModel {
    let authorized = new.authorized.minor();
    let money = MoneyFacts { authorized, free: new.total.minor() == 0, ..MoneyFacts::default() };
    let goods = new.lines.iter().map(|it| (&it.variant.product_title, &it.variant.sku));
    order::ActiveModel {
        id: Set(id),
        number: Set(number),
        cart_id: Set(new.cart_id),
        attempt_id: Set(new.attempt_id),
        customer_id: Set(new.customer_id),
        email: Set(new.email.clone()),
        phone: Set(new.phone.clone()),
        shipping_address: Set(new.shipping_address.clone()),
        billing_address: Set(new.billing_address.clone()),
        currency: Set(new.currency),
        subtotal: Set(new.subtotal.minor()),
        discount: Set(new.discount.minor()),
        shipping: Set(new.shipping.minor()),
        tax: Set(new.tax.minor()),
        total: Set(new.total.minor()),
        discount_codes: Set(Codes(new.discount_codes.clone())),
        plan: Set(StoredPlan(plan_of_order(new, line_ids))),
        is_test: Set(new.test),
        token_hash: Set(hash_token(token)),
        token_sealed: Set(tx.app().sealer.seal(&token_context(id), token)),
        promise_earliest: Set(new.promise.map(|(earliest, _)| earliest)),
        promise_latest: Set(new.promise.map(|(_, latest)| latest)),
        authorized: Set(authorized),
        captured: Set(0),
        voided: Set(0),
        refunded: Set(0),
        settled_due: Set(None),
        payment_status: Set(state::payment_status(money)),
        fulfillment_status: Set(state::FulfillmentStatus::Unfulfilled),
        return_status: Set(state::ReturnStatus::None),
        search_text: Set(search_text(number, &[&new.email, &new.shipping_address.name], goods)),
        placed_at: Set(tx.now()),
        updated_at: Set(tx.now()),
        erased_at: Set(None),
    }
}

fn line_row(order_id: OrderId, id: OrderLineId, place: usize, new: &PlacedLine) -> line::ActiveModel {
    line::ActiveModel {
        id: Set(id),
        order_id: Set(order_id),
        place: Set(i32::try_from(place).unwrap_or(i32::MAX)),
        variant_id: Set(new.variant.id),
        product_id: Set(new.variant.product_id),
        title: Set(new.variant.product_title.clone()),
        variant_title: Set(new.variant.title.clone()),
        sku: Set(new.variant.sku.clone()),
        unit_price: Set(new.variant.price.minor()),
        subtotal: Set(new.subtotal.minor()),
        discount: Set(new.discount.minor()),
        tax: Set(new.tax.minor()),
        total: Set(new.total.minor()),
        planned_cost: Set(new.planned_cost.minor()),
        quantity: Set(new.quantity),
        cancelled: Set(0),
        forwarded: Set(0),
        accepted: Set(0),
        shipped: Set(0),
        delivered: Set(0),
        returned: Set(0),
    }
}

/// The plan with the cart's lines called by the order's: the cart may be forgotten.
fn plan_of_order(new: &Placement, line_ids: &[OrderLineId]) -> Plan {
    let names: HashMap<&str, String> =
        new.lines.iter().zip(line_ids).map(|(it, id)| (it.key.as_str(), id.to_string())).collect();
    let mut plan = new.plan.clone();
    for pick in plan.parcels.iter_mut().flat_map(|parcel| &mut parcel.picks) {
        if let Some(name) = names.get(pick.line.as_str()) {
            pick.line.clone_from(name);
        }
    }
    plan
}

/// What an order is found by: its number, who bought it, and the goods' titles and SKUs.
pub(super) fn search_text<'a>(
    number: i64,
    people: &[&str],
    goods: impl Iterator<Item = (&'a String, &'a String)>,
) -> String {
    let mut words = vec![number.to_string()];
    words.extend(people.iter().map(|&it| it.to_owned()));
    words.extend(goods.flat_map(|(title, sku)| [title.clone(), sku.clone()]));
    words.join("\n").to_lowercase()
}

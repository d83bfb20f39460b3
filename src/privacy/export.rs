//! Everything that is kept about a customer, page by page.
//!
//! The first page holds the account and what hangs on it; every page holds some of the orders, newest
//! first. Secrets are left out: password, tokens, what payment providers know a payment by.

use std::collections::HashMap;
use std::hash::Hash;

use serde_json::{Value, json};

use crate::app::App;
use crate::checkout;
use crate::fulfillment;
use crate::identity::{Action, Actor, Customer, addresses, customers, sessions};
use crate::kernel::ids::{CustomerId, OrderId};
use crate::kernel::page::PageRequest;
use crate::kernel::problem::Fault;
use crate::notifications;
use crate::orders::{self, line, order, timeline};
use crate::payments;
use crate::platform::outbox::entity::Model as Event;
use crate::shipments::{self, shipment};

/// Orders on one page: each brings its lines, payments, parcels and events.
const ORDERS: usize = 20;
/// The most rows of any other kind that are told.
const MOST: u64 = 500;

/// One page.
pub struct Export {
    /// What is kept.
    pub data: Value,
    /// What to ask for the next page with; nothing if this was the last one.
    pub next: Option<String>,
}

/// A page of what is kept about a customer: for themselves, and for those of the store who see customers.
/// Nothing if there is no such customer for `actor`.
pub async fn export(app: &App, actor: &Actor, id: CustomerId, after: Option<String>) -> Result<Option<Export>, Fault> {
    actor.may(Action::ExportCustomer)?;
    let found = customers::lookup(app.db.read(), id).await?;
    let Some(customer) = actor.see(Action::ExportCustomer, found)? else { return Ok(None) };
    let mut data = if after.is_none() { account(app, &customer).await? } else { json!({}) };
    let request = PageRequest { size: ORDERS, cursor: after, backward: false };
    let page = orders::list_of(app, id, &request).await?;
    let next = page.items.last().filter(|_| page.has_next).map(|(cursor, _)| cursor.clone());
    let orders: Vec<order::Model> = page.items.into_iter().map(|(_, order)| order).collect();
    data["orders"] = Value::Array(told(app, &orders).await?);
    Ok(Some(Export { data, next }))
}

/// The account and what hangs on it.
async fn account(app: &App, customer: &Customer) -> Result<Value, Fault> {
    let conn = app.db.read();
    let book = addresses::of_customers(conn, &[customer.id]).await?;
    let carts = checkout::of_customer(conn, customer.id, MOST).await?;
    let sessions = sessions::of_customer(conn, customer.id, MOST).await?;
    let mails = notifications::to_address(conn, &customer.email, MOST).await?;
    Ok(json!({
        "customer": {
            "id": customer.id, "email": customer.email, "firstName": customer.first_name,
            "lastName": customer.last_name, "acceptsMarketing": customer.accepts_marketing, "tags": customer.tags,
            "createdAt": customer.created_at, "erasedAt": customer.erased_at,
        },
        "addresses": book.into_iter().map(|it| json!({
            "id": it.id, "address": it.address, "default": customer.default_address_id == Some(it.id),
            "createdAt": it.created_at, "updatedAt": it.updated_at,
        })).collect::<Vec<_>>(),
        "sessions": sessions.into_iter().map(|it| json!({
            "createdAt": it.created_at, "expiresAt": it.expires_at, "endedAt": it.ended_at,
        })).collect::<Vec<_>>(),
        "carts": carts.into_iter().map(cart).collect::<Vec<_>>(),
        "mails": mails.into_iter().map(mail).collect::<Vec<_>>(),
    }))
}

fn cart((cart, lines): (checkout::Cart, Vec<checkout::CartLine>)) -> Value {
    json!({
        "email": cart.email, "phone": cart.phone, "country": cart.country,
        "shippingAddress": cart.shipping_address, "billingAddress": cart.billing_address,
        "discountCodes": cart.discount_codes, "orderId": cart.order_id,
        "createdAt": cart.created_at, "updatedAt": cart.updated_at, "expiresAt": cart.expires_at,
        "lines": lines.into_iter().map(|it| json!({
            "variantId": it.variant_id, "quantity": it.quantity,
        })).collect::<Vec<_>>(),
    })
}

fn mail(it: notifications::Notification) -> Value {
    json!({
        "about": format!("{:?}", it.kind), "recipient": it.recipient, "orderId": it.order_id,
        "createdAt": it.created_at, "sentAt": it.sent_at,
    })
}

/// Orders with all that belongs to them.
async fn told(app: &App, all: &[order::Model]) -> Result<Vec<Value>, Fault> {
    let conn = app.db.read();
    let ids: Vec<OrderId> = all.iter().map(|order| order.id).collect();
    let mut lines = grouped(orders::lines_of(conn, &ids).await?, |it| it.order_id);
    let mut attempts = grouped(payments::of_orders(conn, &ids).await?, |it| it.order_id);
    let mut refunds = grouped(payments::refunds(conn, &ids).await?, |it| it.order_id);
    let mut events = grouped(timeline::of_orders(conn, &ids).await?, |it| it.order_id);
    let mut mails = grouped(notifications::about_orders(conn, &ids).await?, |it| it.order_id);
    let mut parts = grouped(fulfillment::of_orders(conn, &ids).await?, |it| it.order_id);
    let parcels = shipments::of_orders(conn, &ids).await?;
    let parcel_ids: Vec<_> = parcels.iter().map(|it| it.id).collect();
    let mut moves = grouped(shipments::events_of(conn, &parcel_ids).await?, |it| it.shipment_id);
    let mut parcels = grouped(parcels, |it| it.order_id);
    let mut told = Vec::with_capacity(all.len());
    for order in all {
        let mut shown = figures(order);
        shown["lines"] = list(lines.remove(&order.id), |it| line(order, &it));
        shown["payments"] = list(attempts.remove(&Some(order.id)), |it| payment(&it));
        shown["refunds"] = list(
            refunds.remove(&order.id),
            |it| json!({ "amount": it.money().to_string(), "createdAt": it.created_at }),
        );
        let former = parts.remove(&order.id).unwrap_or_default().into_iter().filter_map(|it| it.destination);
        shown["formerAddresses"] = json!(former.collect::<Vec<_>>());
        shown["parcels"] = list(parcels.remove(&order.id), |it| {
            let moves = moves.remove(&it.id).unwrap_or_default();
            parcel(&it, moves)
        });
        shown["events"] = list(events.remove(&Some(order.id)), |it| event(&it));
        shown["mails"] = list(mails.remove(&Some(order.id)), mail);
        told.push(shown);
    }
    Ok(told)
}

fn grouped<K: Hash + Eq, T>(rows: Vec<T>, key: impl Fn(&T) -> K) -> HashMap<K, Vec<T>> {
    rows.into_iter().fold(HashMap::new(), |mut all, row| {
        all.entry(key(&row)).or_insert_with(Vec::new).push(row);
        all
    })
}

fn list<T>(rows: Option<Vec<T>>, tell: impl FnMut(T) -> Value) -> Value {
    Value::Array(rows.unwrap_or_default().into_iter().map(tell).collect())
}

fn figures(it: &order::Model) -> Value {
    let money = |minor| it.money(minor).to_string();
    json!({
        "id": it.id, "number": it.number, "placedAt": it.placed_at, "email": it.email, "phone": it.phone,
        "shippingAddress": it.shipping_address, "billingAddress": it.billing_address,
        "subtotal": money(it.subtotal), "discount": money(it.discount), "shipping": money(it.shipping),
        "tax": money(it.tax), "total": money(it.total), "captured": money(it.captured),
        "refunded": money(it.refunded), "discountCodes": it.discount_codes.0,
        "paymentStatus": format!("{:?}", it.payment_status),
        "fulfillmentStatus": format!("{:?}", it.fulfillment_status), "erasedAt": it.erased_at,
    })
}

fn line(order: &order::Model, it: &line::Model) -> Value {
    json!({
        "title": it.title, "variantTitle": it.variant_title, "sku": it.sku, "quantity": it.quantity,
        "unitPrice": order.money(it.unit_price).to_string(), "total": order.money(it.total).to_string(),
        "cancelled": it.cancelled, "shipped": it.shipped, "delivered": it.delivered, "returned": it.returned,
    })
}

fn payment(it: &payments::Attempt) -> Value {
    json!({
        "gateway": it.gateway, "status": format!("{:?}", it.status), "amount": it.money(it.amount).to_string(),
        "captured": it.money(it.captured).to_string(), "refunded": it.money(it.refunded).to_string(),
        "declineCode": it.decline_code, "createdAt": it.created_at,
    })
}

fn parcel(it: &shipment::Model, moves: Vec<shipments::event::Model>) -> Value {
    json!({
        "carrier": it.carrier, "trackingNumber": it.tracking_number, "trackingUrl": it.tracking_url,
        "shippedAt": it.shipped_at, "deliveredAt": it.delivered_at,
        "events": moves.into_iter().map(|it| json!({
            "occurredAt": it.occurred_at, "description": it.description, "location": it.location,
        })).collect::<Vec<_>>(),
    })
}

fn event(it: &Event) -> Value {
    json!({ "at": it.occurred_at, "message": it.message })
}

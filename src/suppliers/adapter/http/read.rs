//! From the protocol's words to neutral ones. What cannot be is not believed: an order is read in whole
//! or not at all, a page of stock without the items that make no sense.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::wire;
use crate::feeds::RowError;
use crate::kernel::clock::{Moment, Timestamp};
use crate::kernel::money::{Currency, Money};
use crate::suppliers::ShipmentStatus;
use crate::suppliers::adapter::exchange::Answer;
use crate::suppliers::adapter::text::{cut, web_address};
use crate::suppliers::adapter::{
    AdapterError, RemoteEvent, RemoteLine, RemoteOrder, RemoteReason, RemoteShipment, RemoteStatus, RemoteStock,
    StockPage, SupplierNews,
};

/// The longest id or SKU; a longer one is nobody's, and cutting it would make it somebody else's.
const MAX_ID: usize = 255;
/// The longest text that is shown as it is.
const MAX_TEXT: usize = 500;
/// The longest name of a carrier, a place, a word of a list.
const MAX_NAME: usize = 100;
/// The longest cursor.
const MAX_CURSOR: usize = 1024;
/// The largest quantity.
const MAX_QUANTITY: i64 = 1_000_000_000;
/// The most lines or parcels of an order.
const MAX_PARTS: usize = 1000;

/// The order of an answer about `reference`.
pub(super) fn order_of(answer: &Answer, reference: &str) -> Result<RemoteOrder, AdapterError> {
    let order = parse(&answer.body).and_then(order).ok_or_else(unreadable)?;
    if order.reference == reference { Ok(order) } else { Err(other_order()) }
}

/// The order of an answer about the supplier's order `id`.
pub(super) fn order_with_id(answer: &Answer, id: &str) -> Result<RemoteOrder, AdapterError> {
    let order = parse(&answer.body).and_then(order).ok_or_else(unreadable)?;
    if order.id == id { Ok(order) } else { Err(other_order()) }
}

/// What is unknown after a write is just not known yet after a read.
pub(super) fn as_reading(error: AdapterError) -> AdapterError {
    match error {
        AdapterError::Unknown { reason } => AdapterError::Retry { reason, after: None },
        other => other,
    }
}

fn unreadable() -> AdapterError {
    AdapterError::Unknown { reason: "the supplier's answer cannot be read".to_owned() }
}

fn other_order() -> AdapterError {
    AdapterError::Unknown { reason: "the supplier answered about another order".to_owned() }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_json::from_slice(body).ok()
}

/// A page of stock.
pub(super) fn stock(answer: &Answer) -> Result<StockPage, AdapterError> {
    parse(&answer.body).and_then(stock_page).ok_or_else(unreadable)
}

/// What a webhook says; `None` if it is not of the protocol's form.
pub(super) fn news(body: &[u8]) -> Option<SupplierNews> {
    let envelope: wire::Envelope = parse(body)?;
    match envelope.kind.as_str() {
        "order.updated" => order(from_value(envelope.data)?).map(SupplierNews::Order),
        "shipment.created" => {
            let created: wire::ShipmentCreated = from_value(envelope.data)?;
            Some(SupplierNews::ShipmentCreated {
                reference: id(created.reference)?,
                shipment: shipment(created.shipment)?,
            })
        }
        "shipment.updated" => shipment_updated(from_value(envelope.data)?),
        "stock.updated" => stock_page(from_value(envelope.data)?).map(SupplierNews::Stock),
        other => Some(SupplierNews::Unknown(cut(other, MAX_NAME))),
    }
}

fn from_value<T: DeserializeOwned>(value: Value) -> Option<T> {
    serde_json::from_value(value).ok()
}

fn order(order: wire::Order) -> Option<RemoteOrder> {
    if order.lines.len() > MAX_PARTS || order.shipments.len() > MAX_PARTS {
        return None;
    }
    Some(RemoteOrder {
        id: id(order.id)?,
        reference: id(order.reference)?,
        status: status(&order.status),
        estimated_ship_at: order.estimated_ship_at.and_then(sensible),
        lines: order.lines.into_iter().map(line).collect::<Option<_>>()?,
        shipping_cost: order.shipping_cost.as_ref().and_then(money),
        rejection: order.rejection.map(reason),
        shipments: order.shipments.into_iter().map(shipment).collect::<Option<_>>()?,
    })
}

fn status(text: &str) -> RemoteStatus {
    match text {
        "pending" => RemoteStatus::Pending,
        "accepted" => RemoteStatus::Accepted,
        "partially_accepted" => RemoteStatus::PartiallyAccepted,
        "rejected" => RemoteStatus::Rejected,
        "processing" => RemoteStatus::Processing,
        "partially_shipped" => RemoteStatus::PartiallyShipped,
        "shipped" => RemoteStatus::Shipped,
        "delivered" => RemoteStatus::Delivered,
        "cancelled" => RemoteStatus::Cancelled,
        other => RemoteStatus::Unknown(cut(other, MAX_NAME)),
    }
}

fn line(line: wire::OrderLine) -> Option<RemoteLine> {
    let accepted_quantity = match line.accepted_quantity {
        Some(accepted) => Some(quantity(accepted)?),
        None => None,
    };
    Some(RemoteLine {
        line_id: id(line.line_id)?,
        sku: id(line.sku)?,
        quantity: quantity(line.quantity)?,
        accepted_quantity,
        unit_cost: line.unit_cost.as_ref().and_then(money),
        reason: line.reason.map(reason),
    })
}

fn reason(reason: wire::Reason) -> RemoteReason {
    RemoteReason { code: wire::rejection(&reason.code), message: cut(&reason.message, MAX_TEXT) }
}

fn shipment(shipment: wire::Shipment) -> Option<RemoteShipment> {
    if shipment.lines.len() > MAX_PARTS {
        return None;
    }
    let lines = shipment.lines.into_iter().map(|line| Some((id(line.line_id)?, quantity(line.quantity)?)));
    Some(RemoteShipment {
        id: id(shipment.id)?,
        carrier: cut(&shipment.carrier, MAX_NAME),
        tracking_number: shipment.tracking_number.map(|number| cut(&number, MAX_NAME)),
        tracking_url: shipment.tracking_url.as_deref().and_then(web_address),
        shipped_at: shipment.shipped_at.and_then(sensible),
        lines: lines.collect::<Option<_>>()?,
        estimated_delivery: shipment.estimated_delivery.and_then(estimate),
        // The protocol tells of them one by one.
        events: vec![],
    })
}

fn shipment_updated(update: wire::ShipmentUpdated) -> Option<SupplierNews> {
    let event = match update.event {
        Some(event) => Some(tracking_event(event)?),
        None => None,
    };
    Some(SupplierNews::ShipmentUpdated {
        shipment_id: id(update.shipment_id)?,
        tracking_number: update.tracking_number.map(|number| cut(&number, MAX_NAME)),
        event,
        estimated_delivery: update.estimated_delivery.and_then(estimate),
    })
}

fn tracking_event(event: wire::Event) -> Option<RemoteEvent> {
    let status: Option<ShipmentStatus> = serde_json::from_value(Value::from(event.status.as_str())).ok();
    Some(RemoteEvent {
        id: id(event.id)?,
        status,
        raw_status: cut(&event.status, MAX_NAME),
        occurred_at: event.occurred_at.0,
        description: event.description.map(|text| cut(&text, MAX_TEXT)),
        location: event.location.map(|text| cut(&text, MAX_TEXT)),
    })
}

/// A moment that may be missing; some programs say the year 1 for none.
fn sensible(time: Timestamp) -> Option<Timestamp> {
    Moment::try_from(time).ok().map(|moment| moment.0)
}

/// An estimate that ends before it begins says nothing.
fn estimate(estimate: wire::Estimate) -> Option<(Timestamp, Timestamp)> {
    let (earliest, latest) = (sensible(estimate.earliest)?, sensible(estimate.latest)?);
    (earliest <= latest).then_some((earliest, latest))
}

fn stock_page(stock: wire::Stock) -> Option<StockPage> {
    let next_cursor = stock.next_cursor.filter(|cursor| !cursor.is_empty());
    if next_cursor.as_ref().is_some_and(|it| it.len() > MAX_CURSOR || it.chars().any(char::is_control)) {
        return None;
    }
    let (mut items, mut left_out) = (Vec::with_capacity(stock.items.len()), Vec::new());
    for (line, value) in (1..).zip(stock.items) {
        let sku = value.get("sku").and_then(Value::as_str).map(str::to_owned).and_then(id);
        let refused = || RowError { line, sku, reason: "UNREADABLE", message: "its figures cannot be".to_owned() };
        match from_value(value).and_then(stock_item) {
            Some(item) => items.push(item),
            None => left_out.push(refused()),
        }
    }
    Some(StockPage { as_of: stock.as_of.0, full: stock.full, items, next_cursor, left_out })
}

fn stock_item(item: wire::StockItem) -> Option<RemoteStock> {
    Some(RemoteStock {
        sku: id(item.sku)?,
        quantity: quantity(item.quantity)?,
        cost: item.cost.as_ref().and_then(money),
        restock_at: item.restock_at.and_then(sensible),
        discontinued: item.discontinued.unwrap_or(false),
    })
}

fn id(text: String) -> Option<String> {
    let sound = !text.is_empty() && text.len() <= MAX_ID && !text.chars().any(char::is_control);
    sound.then_some(text)
}

fn quantity(quantity: i64) -> Option<i64> {
    (0..=MAX_QUANTITY).contains(&quantity).then_some(quantity)
}

/// An amount that its currency cannot have is no amount.
fn money(money: &wire::Money) -> Option<Money> {
    let currency: Currency = money.currency.parse().ok()?;
    Money::from_decimal(money.amount, currency).ok().filter(|money| !money.is_negative())
}

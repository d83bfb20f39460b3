//! From Printful's words to neutral ones.

use chrono::{DateTime, NaiveDate, NaiveTime};
use serde_json::Value;

use super::wire::{self, Availability};
use super::{long, short};
use crate::kernel::clock::{Timestamp, to_microseconds};
use crate::kernel::ids::SupplierOrderLineId;
use crate::suppliers::ShipmentStatus;
use crate::suppliers::adapter::text::{cut, id, web_address};
use crate::suppliers::adapter::{RemoteEvent, RemoteOrder, RemoteShipment, RemoteStatus};

/// The longest word of a list, or name of a carrier.
const MAX_NAME: usize = 100;

/// An order under our `reference`; `None` if it is another one, or has no name.
pub(super) fn remote(
    order: &wire::Order,
    reference: &str,
    shipments: Vec<wire::Shipment>,
    now: Timestamp,
) -> Option<RemoteOrder> {
    if order.external_id.as_deref() != Some(short(reference)) {
        return None;
    }
    Some(RemoteOrder {
        id: id(&order.id)?,
        reference: reference.to_owned(),
        status: status(&order.status),
        estimated_ship_at: None,
        // Printful takes an order as a whole or not at all.
        lines: vec![],
        shipping_cost: None,
        rejection: None,
        shipments: shipments.into_iter().filter_map(|it| shipment(order, it, now)).collect(),
    })
}

fn status(word: &str) -> RemoteStatus {
    match word {
        "draft" => RemoteStatus::Pending,
        "pending" => RemoteStatus::Accepted,
        "inprocess" => RemoteStatus::Processing,
        "partial" => RemoteStatus::PartiallyShipped,
        "fulfilled" => RemoteStatus::Shipped,
        "canceled" => RemoteStatus::Cancelled,
        "failed" => RemoteStatus::Rejected,
        other => RemoteStatus::Unknown(cut(other, MAX_NAME)),
    }
}

/// A parcel that has left; what is only packed may still be changed.
fn shipment(order: &wire::Order, told: wire::Shipment, now: Timestamp) -> Option<RemoteShipment> {
    let has_left = matches!(told.shipment_status.as_deref(), Some("shipped" | "returned"));
    // A reshipment is Printful's own affair: its units have left already.
    if !has_left || told.is_reshipment == Some(true) {
        return None;
    }
    let estimate = told.estimated_delivery.and_then(|it| Some((date(&it.from_date?)?, date(&it.to_date?)?)));
    let id = id(&told.id)?;
    let came_back = told.shipment_status.as_deref() == Some("returned");
    let word = if came_back { Some("returned") } else { told.delivery_status.as_deref() };
    let event = word.and_then(|word| event(&id, word, now));
    Some(RemoteShipment {
        id,
        carrier: cut(told.carrier.as_deref().unwrap_or("Printful"), MAX_NAME),
        tracking_number: told.tracking_number.map(|it| cut(&it, MAX_NAME)).filter(|it| !it.is_empty()),
        tracking_url: told.tracking_url.as_deref().and_then(web_address),
        shipped_at: told.shipped_at.as_deref().and_then(moment),
        lines: contents(order, &told.shipment_items)?,
        estimated_delivery: estimate,
        events: event.into_iter().collect(),
    })
}

/// Our lines and how many of each are in a parcel; `None` if an item is not one of ours.
fn contents(order: &wire::Order, items: &[wire::ShipmentItem]) -> Option<Vec<(String, i64)>> {
    let line = |item: &wire::ShipmentItem| {
        let ordered = order.order_items.iter().find(|it| id(&it.id) == id(&item.order_item_id))?;
        Some((long::<SupplierOrderLineId>(ordered.external_id.as_deref()?), item.quantity))
    };
    items.iter().map(line).collect()
}

/// Where a parcel is, as something that happened: Printful does not say when.
fn event(parcel: &str, word: &str, now: Timestamp) -> Option<RemoteEvent> {
    Some(RemoteEvent {
        id: format!("{parcel}/{}", cut(word, MAX_NAME)),
        status: Some(delivery(word)?),
        raw_status: cut(word, MAX_NAME),
        occurred_at: now,
        description: None,
        location: None,
    })
}

fn delivery(word: &str) -> Option<ShipmentStatus> {
    Some(match word {
        "pre_transit" => ShipmentStatus::InfoReceived,
        "in_transit" => ShipmentStatus::InTransit,
        "out_for_delivery" => ShipmentStatus::OutForDelivery,
        "available_for_pickup" => ShipmentStatus::AvailableForPickup,
        "delivered" => ShipmentStatus::Delivered,
        "return_to_sender" => ShipmentStatus::Returning,
        "returned" => ShipmentStatus::Returned,
        "failure" => ShipmentStatus::AttemptFailed,
        "canceled" => ShipmentStatus::Exception,
        _ => return None,
    })
}

/// A moment of RFC 3339.
pub(super) fn moment(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| to_microseconds(time.to_utc()))
}

/// A day, or a moment of one.
fn date(text: &str) -> Option<Timestamp> {
    moment(text).or_else(|| {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(day.and_time(NaiveTime::MIN).and_utc())
    })
}

/// Whether a variant can surely be made in `region`, by any technique.
pub(super) fn is_in_stock(data: Value, region: &str) -> bool {
    let Ok(told) = serde_json::from_value::<Availability>(data) else { return false };
    let regions = told.techniques.into_iter().flat_map(|it| it.selling_regions);
    regions.filter(|it| it.name.as_deref() == Some(region)).any(|it| it.availability.as_deref() == Some("in stock"))
}

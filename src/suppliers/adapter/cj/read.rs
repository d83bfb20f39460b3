//! From CJ's words to neutral ones.

use chrono::NaiveDateTime;
use rust_decimal::Decimal;
use serde_json::{Number, Value};

use super::call::Failure;
use super::wire::{self, Warehouse};
use crate::kernel::clock::{Timestamp, to_microseconds};
use crate::kernel::country::CountryCode;
use crate::kernel::money::Money;
use crate::suppliers::adapter::text::{cut, id, web_address};
use crate::suppliers::adapter::{RemoteEvent, RemoteOrder, RemoteReason, RemoteShipment, RemoteStatus, RemoteStock};
use crate::suppliers::{ShipmentStatus, SupplierRejection};

/// The longest word of a list, name of a carrier, or text.
const MAX_NAME: usize = 100;
const MAX_TEXT: usize = 300;
/// The largest quantity that is believed.
const MAX_QUANTITY: i64 = 1_000_000_000;

/// The order in an answer.
pub(super) fn order(data: Value) -> Result<wire::Order, Failure> {
    serde_json::from_value(data).map_err(|_| Failure::Lost("CJ's order cannot be read".to_owned()))
}

/// An order under our `reference`; `None` if it is another one, or has no name.
pub(super) fn remote(order: wire::Order, reference: &str) -> Option<RemoteOrder> {
    if order.order_num.as_deref().is_some_and(|number| number != reference) {
        return None;
    }
    let own = id(order.order_id.as_ref()?)?;
    let shipments = shipment(&order, &own).into_iter().collect();
    Some(RemoteOrder {
        reference: reference.to_owned(),
        status: status(order.order_status.as_deref().unwrap_or_default()),
        estimated_ship_at: None,
        // CJ takes an order as a whole or not at all.
        lines: vec![],
        shipping_cost: order.postage_amount.as_ref().and_then(dollars),
        rejection: intercepted(&order),
        shipments,
        id: own,
    })
}

fn status(word: &str) -> RemoteStatus {
    match word {
        "CREATED" | "IN_CART" | "UNPAID" => RemoteStatus::Pending,
        "UNSHIPPED" => RemoteStatus::Processing,
        "SHIPPED" => RemoteStatus::Shipped,
        "DELIVERED" => RemoteStatus::Delivered,
        "CANCELLED" => RemoteStatus::Cancelled,
        other => RemoteStatus::Unknown(cut(other, MAX_NAME)),
    }
}

/// Why CJ does not go on with an order by itself.
fn intercepted(order: &wire::Order) -> Option<RemoteReason> {
    let reason = |message: &str| RemoteReason { code: SupplierRejection::Other, message: cut(message, MAX_TEXT) };
    if let Some(told) = order.intercept_order_reasons.iter().flatten().next() {
        let code = told.code.as_ref().and_then(id).unwrap_or_default();
        let message = format!("{code} {}", told.message.as_deref().unwrap_or_default());
        return Some(reason(message.trim()));
    }
    (order.logistics_miss == Some(true)).then(|| reason("the shipping service is not one of CJ's for this parcel"))
}

/// CJ has one parcel an order, named by its number. It holds all of the order.
fn shipment(order: &wire::Order, order_id: &str) -> Option<RemoteShipment> {
    let number = order.track_number.as_deref().filter(|number| !number.is_empty() && number.len() <= MAX_NAME)?;
    Some(RemoteShipment {
        id: parcel(order_id, number),
        carrier: cut(order.logistic_name.as_deref().unwrap_or("CJ"), MAX_NAME),
        tracking_number: Some(cut(number, MAX_NAME)),
        tracking_url: order.tracking_url.as_deref().and_then(web_address),
        shipped_at: order.out_warehouse_time.as_deref().and_then(moment),
        lines: vec![],
        estimated_delivery: None,
        events: delivered(order, order_id, number).into_iter().collect(),
    })
}

/// That it arrived, where the order says so: the message of it may be lost.
fn delivered(order: &wire::Order, order_id: &str, number: &str) -> Option<RemoteEvent> {
    let word = order.order_status.as_deref().filter(|word| *word == "DELIVERED")?;
    Some(RemoteEvent {
        id: format!("{}/{word}", parcel(order_id, number)),
        status: Some(ShipmentStatus::Delivered),
        raw_status: word.to_owned(),
        // CJ does not say when; not before it left.
        occurred_at: order.out_warehouse_time.as_deref().and_then(moment)?,
        description: None,
        location: None,
    })
}

/// An order that is not there any more.
pub(super) fn deleted(id: &str) -> RemoteOrder {
    RemoteOrder {
        id: id.to_owned(),
        reference: String::new(),
        status: RemoteStatus::Cancelled,
        estimated_ship_at: None,
        lines: vec![],
        shipping_cost: None,
        rejection: None,
        shipments: vec![],
    }
}

/// Our name for the parcel of an order.
pub(super) fn parcel(order_id: &str, number: &str) -> String {
    format!("{order_id}/{}", cut(number, MAX_NAME))
}

/// `2026-11-28 12:00:00`, which CJ says without a zone and means as UTC+8, or RFC 3339.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return Some(to_microseconds(time.to_utc()));
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    Some(to_microseconds((local - chrono::TimeDelta::hours(8)).and_utc()))
}

/// CJ counts in US dollars.
fn dollars(amount: &Number) -> Option<Money> {
    in_dollars(amount.to_string().parse().ok()?)
}

/// An amount of CJ's.
pub(super) fn in_dollars(amount: Decimal) -> Option<Money> {
    Money::from_decimal(amount.normalize(), "USD".parse().ok()?).ok()
}

/// What of an item can be sent from `country`; `None` if it cannot be read.
pub(super) fn stock(sku: &str, data: Value, country: CountryCode, factory_counts: bool) -> Option<RemoteStock> {
    // Nothing at all is said of what CJ does not know.
    let warehouses: Option<Vec<Warehouse>> = serde_json::from_value(data).ok()?;
    Some(item(sku, &warehouses.unwrap_or_default(), country, factory_counts))
}

/// The stock of an item in all of CJ's warehouses of `country`.
pub(super) fn item(sku: &str, all: &[Warehouse], country: CountryCode, factory_counts: bool) -> RemoteStock {
    let count = |warehouse: &Warehouse| {
        let held = warehouse.cj_inventory_num.or(warehouse.storage_num).unwrap_or_default().max(0);
        let made = warehouse.factory_inventory_num.filter(|_| factory_counts).unwrap_or_default().max(0);
        held.saturating_add(made)
    };
    let country = country.code();
    let here = all.iter().filter(|it| it.country_code.as_deref() == Some(country.as_str()));
    let quantity = here.map(count).fold(0_i64, i64::saturating_add).min(MAX_QUANTITY);
    RemoteStock { sku: sku.to_owned(), quantity, cost: None, restock_at: None, discontinued: false }
}

/// What CJ's numbers for a parcel's way mean.
pub(super) fn tracking(status: i64) -> Option<ShipmentStatus> {
    Some(match status {
        0 => ShipmentStatus::Pending,
        1 | 2 | 4..=6 | 9 => ShipmentStatus::InTransit,
        3 => ShipmentStatus::Returning,
        7 | 8 => ShipmentStatus::Customs,
        10 => ShipmentStatus::OutForDelivery,
        11 => ShipmentStatus::AvailableForPickup,
        12 => ShipmentStatus::Delivered,
        13 => ShipmentStatus::AttemptFailed,
        14 => ShipmentStatus::Returned,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_cj_holds_in_the_country_counts() {
        let all = serde_json::json!([
            { "countryCode": "CN", "totalInventoryNum": 90, "cjInventoryNum": 7, "factoryInventoryNum": 83 },
            { "countryCode": "US", "totalInventoryNum": 5, "cjInventoryNum": 5, "factoryInventoryNum": 0 },
            { "countryCode": "CN", "cjInventoryNum": -3 },
        ]);
        let china = "CN".parse().expect("a country");
        let quantity = |data: &Value, factory| stock("v", data.clone(), china, factory).map(|it| it.quantity);
        assert_eq!((quantity(&all, false), quantity(&all, true)), (Some(7), Some(90)));
        assert_eq!(quantity(&Value::Null, true), Some(0));
        assert_eq!(quantity(&serde_json::json!({ "countryCode": "CN" }), true), None);
    }

    #[test]
    fn words_that_are_not_known_stay_unknown() {
        assert_eq!(status("MOON"), RemoteStatus::Unknown("MOON".to_owned()));
        assert_eq!(tracking(15), None);
        assert_eq!(tracking(12), Some(ShipmentStatus::Delivered));
    }
}

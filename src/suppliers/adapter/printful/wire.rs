//! What goes over the wire, as far as the store uses it. Source: Printful's API, version 2
//! (<https://developers.printful.com/docs/v2-beta/>).

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What every answer is wrapped in.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<T> {
    pub data: T,
}

/// An error, in one of the forms it has.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorBody {
    pub error: Option<ErrorDetail>,
    pub detail: Option<String>,
}

/// The words of an error.
#[derive(Debug, Deserialize)]
pub(super) struct ErrorDetail {
    pub message: Option<String>,
}

/// An order to be made.
#[derive(Serialize)]
pub(super) struct NewOrder<'a> {
    pub external_id: &'a str,
    pub shipping: &'a str,
    pub recipient: Recipient<'a>,
    pub order_items: Vec<NewItem<'a>>,
}

/// Who gets it.
#[derive(Serialize)]
pub(super) struct Recipient<'a> {
    pub name: String,
    pub address1: String,
    pub city: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_code: Option<&'a str>,
    pub country_code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zip: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<&'a str>,
}

/// An item of it: a variant of a product that is set up in Printful's store.
#[derive(Serialize)]
pub(super) struct NewItem<'a> {
    pub source: &'static str,
    pub sync_variant_id: i64,
    pub external_id: &'a str,
    pub quantity: i64,
}

/// An order as Printful has it.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub id: Value,
    pub external_id: Option<String>,
    pub status: String,
    #[serde(default)]
    pub order_items: Vec<Item>,
}

/// An item of it.
#[derive(Debug, Deserialize)]
pub(super) struct Item {
    pub id: Value,
    pub external_id: Option<String>,
}

/// A parcel.
#[derive(Debug, Deserialize)]
pub(super) struct Shipment {
    pub id: Value,
    pub carrier: Option<String>,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub shipped_at: Option<String>,
    #[serde(alias = "status")]
    pub shipment_status: Option<String>,
    pub delivery_status: Option<String>,
    pub is_reshipment: Option<bool>,
    pub estimated_delivery: Option<Estimate>,
    #[serde(default)]
    pub shipment_items: Vec<ShipmentItem>,
}

/// What is in a parcel.
#[derive(Debug, Deserialize)]
pub(super) struct ShipmentItem {
    pub order_item_id: Value,
    pub quantity: i64,
}

/// When a parcel should arrive.
#[derive(Debug, Deserialize)]
pub(super) struct Estimate {
    pub from_date: Option<String>,
    pub to_date: Option<String>,
}

/// Whether a variant can be made, by technique and selling region.
#[derive(Debug, Deserialize)]
pub(super) struct Availability {
    #[serde(default)]
    pub techniques: Vec<Technique>,
}

/// One way to print.
#[derive(Debug, Deserialize)]
pub(super) struct Technique {
    #[serde(default)]
    pub selling_regions: Vec<Region>,
}

/// Where it can be made.
#[derive(Debug, Deserialize)]
pub(super) struct Region {
    pub name: Option<String>,
    pub availability: Option<String>,
}

/// How messages are sent.
#[derive(Deserialize)]
pub(super) struct Webhooks {
    /// What they are signed with, in hex.
    pub secret_key: String,
}

/// A webhook.
#[derive(Debug, Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type")]
    pub kind: String,
    pub occurred_at: String,
    #[serde(default)]
    pub data: Value,
}

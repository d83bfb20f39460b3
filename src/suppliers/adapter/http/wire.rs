//! The protocol's own words, as they travel.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kernel::clock::{Moment, Timestamp};
use crate::kernel::money;
use crate::suppliers::SupplierRejection;
use crate::suppliers::adapter::OrderRequest;

#[derive(Serialize, Deserialize)]
pub(super) struct Money {
    pub amount: Decimal,
    pub currency: String,
}

impl From<money::Money> for Money {
    fn from(money: money::Money) -> Self {
        Self { amount: money.amount(), currency: money.currency().code().to_owned() }
    }
}

#[derive(Serialize)]
pub(super) struct Cancel<'a> {
    pub reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    reference: &'a str,
    placed_at: Timestamp,
    currency: &'a str,
    destination: Destination<'a>,
    shipping_service: &'a str,
    lines: Vec<RequestLine<'a>>,
    packing_slip: PackingSlip<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Destination<'a> {
    name: &'a str,
    company: Option<&'a str>,
    address1: &'a str,
    address2: Option<&'a str>,
    city: &'a str,
    region: Option<&'a str>,
    postal_code: Option<&'a str>,
    country_code: String,
    phone: Option<&'a str>,
    email: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestLine<'a> {
    line_id: &'a str,
    sku: &'a str,
    quantity: i64,
    max_unit_cost: Option<Money>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackingSlip<'a> {
    store_name: &'a str,
    order_number: &'a str,
    note: Option<&'a str>,
}

impl<'a> Request<'a> {
    pub(super) fn of(order: &'a OrderRequest) -> Self {
        let to = &order.destination;
        let destination = Destination {
            name: &to.name,
            company: to.company.as_deref(),
            address1: &to.address1,
            address2: to.address2.as_deref(),
            city: &to.city,
            region: to.region.as_deref(),
            postal_code: to.postal_code.as_deref(),
            country_code: to.country_code.code(),
            phone: to.phone.as_deref(),
            email: order.email.as_deref(),
        };
        let line = |line: &'a crate::suppliers::adapter::RequestLine| RequestLine {
            line_id: &line.line_id,
            sku: &line.sku,
            quantity: line.quantity,
            max_unit_cost: line.max_unit_cost.map(Money::from),
        };
        Self {
            reference: &order.reference,
            placed_at: order.placed_at,
            currency: order.currency.code(),
            destination,
            shipping_service: &order.shipping_service,
            lines: order.lines.iter().map(line).collect(),
            packing_slip: PackingSlip {
                store_name: &order.packing_slip.store_name,
                order_number: &order.packing_slip.order_number,
                note: order.packing_slip.note.as_deref(),
            },
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Order {
    pub id: String,
    pub reference: String,
    pub status: String,
    pub estimated_ship_at: Option<Timestamp>,
    #[serde(default)]
    pub lines: Vec<OrderLine>,
    pub shipping_cost: Option<Money>,
    pub rejection: Option<Reason>,
    #[serde(default)]
    pub shipments: Vec<Shipment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderLine {
    pub line_id: String,
    pub sku: String,
    pub quantity: i64,
    pub accepted_quantity: Option<i64>,
    pub unit_cost: Option<Money>,
    pub reason: Option<Reason>,
}

#[derive(Deserialize)]
pub(super) struct Reason {
    pub code: String,
    #[serde(default)]
    pub message: String,
}

#[derive(Deserialize)]
pub(super) struct ErrorBody {
    pub error: Reason,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Shipment {
    pub id: String,
    #[serde(default)]
    pub carrier: String,
    pub tracking_number: Option<String>,
    pub tracking_url: Option<String>,
    pub shipped_at: Option<Timestamp>,
    #[serde(default)]
    pub lines: Vec<ShipmentLine>,
    pub estimated_delivery: Option<Estimate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipmentLine {
    pub line_id: String,
    pub quantity: i64,
}

#[derive(Deserialize)]
pub(super) struct Estimate {
    pub earliest: Timestamp,
    pub latest: Timestamp,
}

/// Items stay unread here: one that cannot be read must not spoil the others.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Stock {
    pub as_of: Moment,
    #[serde(default)]
    pub full: bool,
    pub items: Vec<Value>,
    pub next_cursor: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StockItem {
    pub sku: String,
    pub quantity: i64,
    pub cost: Option<Money>,
    pub restock_at: Option<Timestamp>,
    pub discontinued: Option<bool>,
}

#[derive(Deserialize)]
pub(super) struct Envelope {
    #[serde(rename = "type")]
    pub kind: String,
    pub data: Value,
}

#[derive(Deserialize)]
pub(super) struct ShipmentCreated {
    pub reference: String,
    pub shipment: Shipment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShipmentUpdated {
    pub shipment_id: String,
    pub tracking_number: Option<String>,
    pub event: Option<Event>,
    pub estimated_delivery: Option<Estimate>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Event {
    pub id: String,
    pub status: String,
    pub occurred_at: Moment,
    pub description: Option<String>,
    pub location: Option<String>,
}

/// The reason for a code; one we do not know is *other*.
pub(super) fn rejection(code: &str) -> SupplierRejection {
    serde_json::from_value(Value::from(code)).unwrap_or(SupplierRejection::Other)
}

//! The words of the supplier protocol, version 1, as they travel (see
//! `docs/supplier-protocol/`). The simulator has its own copy on purpose: it is the
//! other party, and a shared type would let one mistake hide in both.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// An amount as a decimal string with its currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    pub amount: Decimal,
    pub currency: String,
}

impl Money {
    pub fn zero(currency: &str) -> Self {
        Self { amount: Decimal::ZERO, currency: currency.to_owned() }
    }
}

/// What the store sends to `POST {base}/orders`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderRequest {
    pub reference: String,
    pub placed_at: DateTime<Utc>,
    pub currency: String,
    pub destination: Destination,
    pub shipping_service: Option<String>,
    pub lines: Vec<RequestLine>,
    pub packing_slip: Option<PackingSlip>,
}

/// Where the parcel goes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Destination {
    #[serde(default)]
    pub name: String,
    pub company: Option<String>,
    #[serde(default)]
    pub address1: String,
    pub address2: Option<String>,
    #[serde(default)]
    pub city: String,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country_code: String,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// One line the store asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLine {
    pub line_id: String,
    pub sku: String,
    pub quantity: i64,
    pub max_unit_cost: Option<Money>,
}

/// What the supplier prints on the slip in the parcel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackingSlip {
    pub store_name: Option<String>,
    pub order_number: Option<String>,
    pub note: Option<String>,
}

/// Where a supplier's order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    Pending,
    Accepted,
    PartiallyAccepted,
    Rejected,
    Processing,
    PartiallyShipped,
    Shipped,
    Delivered,
    Cancelled,
}

/// Why an order or a line was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    pub code: ReasonCode,
    pub message: String,
}

/// The protocol's closed list of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReasonCode {
    OutOfStock,
    InvalidSku,
    Discontinued,
    PriceChanged,
    UndeliverableDestination,
    IncorrectAddress,
    OrderTooLarge,
    PaymentRequired,
    Blocked,
    Other,
}

/// An order as the supplier answers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    pub id: String,
    pub reference: String,
    pub status: OrderStatus,
    pub estimated_ship_at: Option<DateTime<Utc>>,
    pub lines: Vec<OrderLine>,
    pub shipping_cost: Money,
    pub rejection: Option<Reason>,
    pub shipments: Vec<Shipment>,
}

/// One line of an answered order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrderLine {
    pub line_id: String,
    pub sku: String,
    pub quantity: i64,
    pub accepted_quantity: i64,
    pub unit_cost: Money,
    pub reason: Option<Reason>,
}

/// One parcel on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shipment {
    pub id: String,
    pub carrier: String,
    pub tracking_number: String,
    pub tracking_url: String,
    pub shipped_at: DateTime<Utc>,
    pub lines: Vec<ShipmentLine>,
}

/// How much of a line is in a parcel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShipmentLine {
    pub line_id: String,
    pub quantity: i64,
}

/// The tracking statuses a simulated carrier reports, a part of the canonical list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TrackingStatus {
    InfoReceived,
    InTransit,
    Customs,
    OutForDelivery,
    Delivered,
    Exception,
}

/// When a parcel should arrive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeliveryEstimate {
    pub earliest: DateTime<Utc>,
    pub latest: DateTime<Utc>,
}

/// One article in the supplier's stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockItem {
    pub sku: String,
    pub quantity: i64,
    #[serde(default)]
    pub cost: Option<Money>,
    #[serde(default)]
    pub restock_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub discontinued: bool,
}

/// The answer of `GET {base}/stock`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StockPage {
    pub as_of: DateTime<Utc>,
    pub full: bool,
    pub items: Vec<StockItem>,
    pub next_cursor: Option<String>,
}

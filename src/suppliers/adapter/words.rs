//! Orders, parcels and stock in neutral words.

use serde::{Deserialize, Serialize};

use crate::feeds::RowError;
use crate::kernel::address::Address;
use crate::kernel::clock::Timestamp;
use crate::kernel::money::{Currency, Money};
use crate::suppliers::vocabulary::{ShipmentStatus, SupplierRejection};

/// What is asked of a supplier.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderRequest {
    /// Our name for it: the supplier order's id.
    pub reference: String,
    /// When the customer ordered.
    pub placed_at: Timestamp,
    /// The supplier's currency.
    pub currency: Currency,
    /// Where it goes.
    pub destination: Address,
    /// The customer's e-mail address, where the carrier needs it.
    pub email: Option<String>,
    /// The code of the supplier's shipping service.
    pub shipping_service: String,
    /// An answer is due by then.
    pub accept_by: Timestamp,
    /// The parcel is due by then.
    pub ship_by: Timestamp,
    /// What is wanted.
    pub lines: Vec<RequestLine>,
    /// What the customer finds in the parcel.
    pub packing_slip: PackingSlip,
}

/// One line of an [`OrderRequest`].
#[derive(Debug, Clone, PartialEq)]
pub struct RequestLine {
    /// Our name for the line.
    pub line_id: String,
    /// The supplier's name for the item.
    pub sku: String,
    /// The store's name for it.
    pub title: String,
    /// How many.
    pub quantity: i64,
    /// The most one may cost.
    pub max_unit_cost: Option<Money>,
}

/// What the customer finds in the parcel: the store's brand, never the supplier's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackingSlip {
    /// The store.
    pub store_name: String,
    /// The customer's order number.
    pub order_number: String,
    /// A message.
    pub note: Option<String>,
}

/// Where an order stands at the supplier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemoteStatus {
    /// Received, not answered yet.
    Pending,
    /// All of it will be sent.
    Accepted,
    /// Some of it will be sent.
    PartiallyAccepted,
    /// None of it will be sent.
    Rejected,
    /// It is being prepared.
    Processing,
    /// Some of it has left.
    PartiallyShipped,
    /// All of it has left.
    Shipped,
    /// All of it arrived.
    Delivered,
    /// It is off.
    Cancelled,
    /// A word we do not know, as the supplier wrote it.
    Unknown(String),
}

/// An order as the supplier has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteOrder {
    /// The supplier's name for it.
    pub id: String,
    /// Our name for it.
    pub reference: String,
    /// Where it stands.
    pub status: RemoteStatus,
    /// When it is to leave.
    pub estimated_ship_at: Option<Timestamp>,
    /// Its lines.
    pub lines: Vec<RemoteLine>,
    /// What sending it costs.
    pub shipping_cost: Option<Money>,
    /// Why it is refused, if it is; why it waits for a person at the supplier, if it is pending.
    pub rejection: Option<RemoteReason>,
    /// Its parcels.
    pub shipments: Vec<RemoteShipment>,
}

/// A line of a [`RemoteOrder`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteLine {
    /// Our name for the line.
    pub line_id: String,
    /// The supplier's name for the item.
    pub sku: String,
    /// How many were asked for.
    pub quantity: i64,
    /// How many will be sent; absent until the supplier has answered.
    pub accepted_quantity: Option<i64>,
    /// What one costs.
    pub unit_cost: Option<Money>,
    /// Why some or all are refused.
    pub reason: Option<RemoteReason>,
}

/// Why a supplier refuses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteReason {
    /// The reason; every code we do not know is *other*.
    pub code: SupplierRejection,
    /// The supplier's words, cut short.
    pub message: String,
}

/// A parcel as the supplier tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteShipment {
    /// The supplier's name for it.
    pub id: String,
    /// Who carries it.
    pub carrier: String,
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// Where to follow it: an http or https address.
    pub tracking_url: Option<String>,
    /// When it left.
    pub shipped_at: Option<Timestamp>,
    /// What is in it: our line and how many.
    pub lines: Vec<(String, i64)>,
    /// When it should arrive: earliest and latest.
    pub estimated_delivery: Option<(Timestamp, Timestamp)>,
    /// What happened to it, where that is told with the order.
    pub events: Vec<RemoteEvent>,
}

/// Something that happened to a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteEvent {
    /// The sender's name for it: a repeat has the same.
    pub id: String,
    /// What happened; `None` for a word we do not know, which changes nothing but is kept.
    pub status: Option<ShipmentStatus>,
    /// The sender's word for it, cut short.
    pub raw_status: String,
    /// When.
    pub occurred_at: Timestamp,
    /// In the sender's words.
    pub description: Option<String>,
    /// Where.
    pub location: Option<String>,
}

/// A part of a supplier's stock.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StockPage {
    /// The moment the figures are true of.
    pub as_of: Timestamp,
    /// Whether all pages together are everything the supplier has.
    pub full: bool,
    /// The figures.
    pub items: Vec<RemoteStock>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
    /// Items of the page that cannot be, and why.
    #[serde(skip)]
    pub left_out: Vec<RowError>,
}

/// The stock of one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RemoteStock {
    /// The supplier's name for the item.
    pub sku: String,
    /// How many it has.
    pub quantity: i64,
    /// What one costs now.
    pub cost: Option<Money>,
    /// When there will be more.
    pub restock_at: Option<Timestamp>,
    /// Whether it will never come again.
    pub discontinued: bool,
}

/// A part of what a supplier sells.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CatalogPage {
    /// The goods.
    pub items: Vec<RemoteItem>,
    /// Where the next page starts.
    pub next_cursor: Option<String>,
    /// What of the page is none, and why.
    pub left_out: Vec<RowError>,
}

/// One of a supplier's goods, in the supplier's words but without signs that cannot be seen.
#[derive(Debug, Clone, PartialEq)]
pub struct RemoteItem {
    /// Where it was found: its line, or its number among all.
    pub line: u64,
    /// The supplier's name for it, as orders and stock have it.
    pub sku: String,
    /// What it shares with the other variants of its product.
    pub product: Option<String>,
    /// Its product's name.
    pub title: Option<String>,
    /// Its maker.
    pub brand: Option<String>,
    /// Its GTIN as the supplier writes it, right or wrong.
    pub gtin: Option<String>,
    /// Its maker's name for it.
    pub mpn: Option<String>,
    /// What one costs now.
    pub cost: Option<Money>,
    /// What the supplier says of its stock: a number, or a word such as `in stock`.
    pub stock: Option<String>,
    /// Where a picture of it is.
    pub image_url: Option<String>,
    /// What tells it from the other variants: names and values.
    pub options: Vec<(String, String)>,
}

/// A verified webhook.
#[derive(Debug, Clone, PartialEq)]
pub struct InboundMessage {
    /// The sender's name for the message: a repeat has the same.
    pub id: String,
    /// What it says.
    pub news: SupplierNews,
}

/// What a supplier can tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SupplierNews {
    /// An order as it stands now.
    Order(RemoteOrder),
    /// A parcel left.
    ShipmentCreated {
        /// Our name for the order.
        reference: String,
        /// The parcel.
        shipment: RemoteShipment,
    },
    /// A parcel moved.
    ShipmentUpdated {
        /// The supplier's name for the parcel.
        shipment_id: String,
        /// The carrier's number.
        tracking_number: Option<String>,
        /// What happened.
        event: Option<RemoteEvent>,
        /// When it should arrive now: earliest and latest.
        estimated_delivery: Option<(Timestamp, Timestamp)>,
    },
    /// Something about an order changed; what, it has to be asked.
    Look {
        /// Our name for the order.
        reference: String,
    },
    /// Stock.
    Stock(StockPage),
    /// A kind of message we do not know, by the sender's name for it.
    Unknown(String),
}

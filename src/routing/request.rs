//! What routing is asked.

use std::collections::HashMap;

use chrono::NaiveTime;

use super::policy::RoutingPolicy;
use crate::inventory::OfferSnapshot;
use crate::kernel::clock::Timestamp;
use crate::kernel::country::CountryCode;
use crate::kernel::ids::{CollectionId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::Money;
use crate::pricing::rates::Rates;

/// How many of a variant are wanted, and for which line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Demand {
    /// The id of the cart or order line.
    pub line: String,
    /// What is wanted.
    pub variant_id: VariantId,
    /// How many.
    pub quantity: i64,
    /// What is left of the price of one without its tax, in the store's currency; without, no margin is
    /// asked for.
    pub unit_price: Option<Money>,
}

/// What routing knows of a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierFacts {
    /// Which one.
    pub id: SupplierId,
    /// Whether it takes orders.
    pub active: bool,
    /// Business days from an order to its shipment.
    pub processing_days: i64,
    /// Orders after this time of day, in the supplier's time zone, count for the next business day.
    pub cutoff: Option<NaiveTime>,
    /// The supplier's time zone.
    pub time_zone: chrono_tz::Tz,
    /// What it asks for a parcel besides the shipping.
    pub handling_fee: Money,
    /// The owner's preference: what it asks is reckoned as this share of it, in millionths.
    pub preference: i64,
    /// How likely it is to send late, in millionths.
    pub late_share: i64,
    /// How likely it is to refuse an order, in millionths.
    pub refusal_share: i64,
}

/// What routing knows of a shipping service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSnapshot {
    /// Which one.
    pub id: ShippingServiceId,
    /// Whose.
    pub supplier_id: SupplierId,
    /// The supplier's name for it.
    pub code: String,
    /// The customer's name for it.
    pub name: String,
    /// Where it goes.
    pub countries: Vec<CountryCode>,
    /// The price of a parcel.
    pub price: Money,
    /// What each item adds to it.
    pub price_per_item: Money,
    /// Days on the way, at least.
    pub transit_min_days: i64,
    /// Days on the way, at most.
    pub transit_max_days: i64,
    /// The share of the goods' cost that customs take on this way, in millionths.
    pub duty: i64,
}

/// What is to be planned, and with what.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// What is wanted.
    pub demands: Vec<Demand>,
    /// Who could send it.
    pub offers: Vec<OfferSnapshot>,
    /// How.
    pub services: Vec<ServiceSnapshot>,
    /// The suppliers of the offers.
    pub suppliers: Vec<SupplierFacts>,
    /// Where it goes.
    pub destination: CountryCode,
    /// Suppliers that shall not be asked (again).
    pub avoid: Vec<SupplierId>,
    /// The owner's word.
    pub policy: RoutingPolicy,
    /// The collections of what is wanted, as far as rules ask for them.
    pub collections: HashMap<VariantId, Vec<CollectionId>>,
    /// The customer's tags, as far as rules ask for them.
    pub customer_tags: Vec<String>,
    /// What cannot arrive by then is not taken.
    pub deliver_by: Option<Timestamp>,
    /// Into the store's currency.
    pub rates: Rates,
    /// When the order would be placed.
    pub now: Timestamp,
    /// The service the buyer picked, for the suppliers where there was a pick. Without one, the
    /// cheapest is taken.
    pub selections: HashMap<SupplierId, ShippingServiceId>,
}

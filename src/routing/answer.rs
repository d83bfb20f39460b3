//! What routing answers. The answer is stored with the order, so its JSON form only ever grows.

use std::collections::BTreeMap;

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

use super::reckon::Reckoned;
use crate::kernel::clock::Timestamp;
use crate::kernel::ids::{OfferId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::Money;

/// When something will arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeliveryWindow {
    /// Not before.
    pub earliest: Timestamp,
    /// Not after.
    pub latest: Timestamp,
}

/// Units of one offer for one line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pick {
    /// The line it is for, as the demand named it.
    pub line: String,
    /// From where.
    pub offer_id: OfferId,
    /// What.
    pub variant_id: VariantId,
    /// The supplier's name for it.
    pub supplier_sku: String,
    /// How many.
    pub quantity: i64,
    /// What one costs us, in the offer's currency.
    pub unit_cost: Money,
    /// What one costs us, in the store's currency.
    pub unit_cost_in_store: Money,
}

/// A way to send a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceOption {
    /// Which service.
    pub service_id: ShippingServiceId,
    /// The supplier's name for it.
    pub code: String,
    /// The customer's name for it.
    pub name: String,
    /// The price for this parcel, in the store's currency.
    pub price: Money,
    /// When it would arrive.
    pub estimate: DeliveryWindow,
}

/// What one supplier would send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedParcel {
    /// Who sends it.
    pub supplier_id: SupplierId,
    /// What is in it.
    pub picks: Vec<Pick>,
    /// How it could be sent, cheapest first; never empty.
    pub services: Vec<ServiceOption>,
    /// How it will be sent: one of `services`.
    pub chosen_service: ShippingServiceId,
    /// What it is reckoned to cost; plans of old have none.
    #[serde(default)]
    pub reckoned: Option<Reckoned>,
}

/// Units nobody can send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unrouted {
    /// The line it is for, as the demand named it.
    pub line: String,
    /// What; plans of old do not say.
    #[serde(default)]
    pub variant_id: Option<VariantId>,
    /// How many.
    pub quantity: i64,
    /// Why, in one word; each candidate has its own reasons.
    pub reason: Reason,
}

/// Why an offer was taken, or was not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Reason {
    /// It is part of the plan.
    Chosen,
    /// Another choice is reckoned cheaper.
    Dearer,
    /// Nobody offers the variant.
    NoOffer,
    /// The offer is switched off.
    OfferInactive,
    /// The supplier is paused.
    SupplierInactive,
    /// The supplier is to be avoided: it was tried, or the owner said so.
    SupplierAvoided,
    /// The offer, or every service of the supplier, leaves the destination out.
    NotShippable,
    /// Nothing, or not enough, can be sold.
    OutOfStock,
    /// Fewer are wanted than the supplier's minimum.
    BelowMinimum,
    /// There is no exchange rate to the store's currency.
    NoExchangeRate,
    /// A rule of the owner's says that the supplier is to be left alone.
    RuleAvoids,
    /// A rule of the owner's requires others.
    RuleRequiresOthers,
    /// It costs so much that less than the least margin would be left.
    BelowMargin,
    /// It would arrive too late.
    TooLate,
}

/// One offer that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// Which offer.
    pub offer_id: OfferId,
    /// Whose.
    pub supplier_id: SupplierId,
    /// Of what.
    pub variant_id: VariantId,
    /// Whether it could have been taken.
    pub eligible: bool,
    /// Why it was, or was not.
    pub reasons: Vec<Reason>,
    /// What the wanted quantity would cost us if it sent all of it, alone in its parcel, by the service
    /// that makes it cheapest, in the store's currency.
    pub landed_cost: Option<Money>,
    /// What the choice is made by: that with what delay and refusals are held to cost, after the owner's
    /// preferences; plans of old have none.
    #[serde(default)]
    pub score: Option<Money>,
    /// The owner's rules that spoke, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

/// Who sends what, and why.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    /// One per supplier, in the order of their ids.
    pub parcels: Vec<PlannedParcel>,
    /// What cannot be sent.
    pub unrouted: Vec<Unrouted>,
    /// Every offer that was looked at.
    pub candidates: Vec<Candidate>,
    /// What all of it is reckoned to cost, with the split penalty; plans of old have none.
    #[serde(default)]
    pub score: Option<Money>,
}

impl Plan {
    /// Whether everything that is wanted can be sent.
    pub fn is_complete(&self) -> bool {
        self.unrouted.is_empty()
    }

    /// All picks with their suppliers.
    pub fn picks(&self) -> impl Iterator<Item = (&PlannedParcel, &Pick)> {
        self.parcels.iter().flat_map(|parcel| parcel.picks.iter().map(move |pick| (parcel, pick)))
    }

    /// Units per offer, in the order of the offers' ids: what is to be reserved.
    pub fn by_offer(&self) -> Vec<(OfferId, i64)> {
        let mut totals = BTreeMap::new();
        for (_, pick) in self.picks() {
            *totals.entry(pick.offer_id).or_insert(0) += pick.quantity;
        }
        totals.into_iter().collect()
    }
}

impl PlannedParcel {
    /// The way it will be sent.
    pub fn service(&self) -> Option<&ServiceOption> {
        self.services.iter().find(|service| service.service_id == self.chosen_service)
    }
}

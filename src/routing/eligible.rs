//! The hard filters: which offers may be taken at all, and why the others may not.

use std::collections::HashMap;

use super::answer::Reason;
use super::request::{PlanRequest, ServiceSnapshot, SupplierFacts};
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::money::Money;

/// What a service charges, in minor units of the store's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tariff {
    pub base: i64,
    pub per_item: i64,
}

impl Tariff {
    /// The price of a parcel of `items` items.
    pub fn price(self, items: i64) -> i128 {
        i128::from(self.base) + i128::from(self.per_item) * i128::from(items)
    }
}

/// A supplier with the ways it can send to the destination; never none.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    pub facts: &'a SupplierFacts,
    pub services: Vec<(&'a ServiceSnapshot, Tariff)>,
}

/// An offer, seen for this request.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub offer: &'a OfferSnapshot,
    /// What one costs, in the store's currency, if that can be said.
    pub unit_cost: Option<Money>,
    /// Why it may not be taken; empty if it may.
    pub reasons: Vec<Reason>,
}

/// How many of each variant are wanted.
pub(super) fn wanted(request: &PlanRequest) -> HashMap<VariantId, i64> {
    let mut wanted = HashMap::new();
    for demand in &request.demands {
        let sum: &mut i64 = wanted.entry(demand.variant_id).or_default();
        *sum = sum.saturating_add(demand.quantity);
    }
    wanted
}

/// The suppliers that can send to the destination.
pub(super) fn senders(request: &PlanRequest) -> HashMap<SupplierId, Sender<'_>> {
    let mut senders: HashMap<SupplierId, Sender<'_>> =
        request.suppliers.iter().map(|facts| (facts.id, Sender { facts, services: Vec::new() })).collect();
    for service in request.services.iter().filter(|service| service.countries.contains(&request.destination)) {
        let price = request.rates.to_store(service.price);
        let per_item = request.rates.to_store(service.price_per_item);
        if let (Some(sender), Some(base), Some(per_item)) = (senders.get_mut(&service.supplier_id), price, per_item) {
            sender.services.push((service, Tariff { base: base.minor(), per_item: per_item.minor() }));
        }
    }
    senders.retain(|_, sender| !sender.services.is_empty());
    senders
}

/// Looks at every offer of a wanted variant, in the order of their ids.
pub(super) fn look<'a>(
    request: &'a PlanRequest,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
) -> Vec<Seen<'a>> {
    let suppliers: HashMap<SupplierId, bool> = request.suppliers.iter().map(|facts| (facts.id, facts.active)).collect();
    let mut seen: Vec<Seen<'a>> = request
        .offers
        .iter()
        .filter_map(|offer| {
            let quantity = *wanted.get(&offer.variant_id)?;
            let unit_cost = request.rates.to_store(offer.cost);
            let ships = offer.ships_to.as_ref().is_none_or(|countries| countries.contains(&request.destination));
            let minimum = offer.minimum_quantity;
            let checks = [
                (offer.active, Reason::OfferInactive),
                (suppliers.get(&offer.supplier_id).copied().unwrap_or(false), Reason::SupplierInactive),
                (!request.avoid.contains(&offer.supplier_id), Reason::SupplierAvoided),
                (ships && senders.contains_key(&offer.supplier_id), Reason::NotShippable),
                (offer.sellable > 0 && offer.sellable >= minimum, Reason::OutOfStock),
                (quantity >= minimum, Reason::BelowMinimum),
                (unit_cost.is_some(), Reason::NoExchangeRate),
            ];
            let reasons = checks.into_iter().filter(|(passed, _)| !passed).map(|(_, reason)| reason).collect();
            Some(Seen { offer, unit_cost, reasons })
        })
        .collect();
    seen.sort_by_key(|it| it.offer.id);
    seen
}

/// Why units of a variant cannot be sent, in one word.
pub(super) fn why_unrouted(variant: VariantId, seen: &[Seen<'_>]) -> Reason {
    let of_variant = || seen.iter().filter(|it| it.offer.variant_id == variant);
    if of_variant().next().is_none() {
        return Reason::NoOffer;
    }
    // The reason of the offer that came furthest: what it lacks is what there is to say.
    let order = [
        Reason::OutOfStock,
        Reason::BelowMinimum,
        Reason::NotShippable,
        Reason::NoExchangeRate,
        Reason::SupplierAvoided,
        Reason::SupplierInactive,
        Reason::OfferInactive,
    ];
    let worst =
        |it: &Seen<'_>| it.reasons.iter().filter_map(|reason| order.iter().position(|other| other == reason)).max();
    let place = of_variant().map(|it| worst(it).unwrap_or(0)).min().unwrap_or(0);
    order.get(place).copied().unwrap_or(Reason::OutOfStock)
}

//! The hard filters: which offers may be taken at all, and why the others may not.

use std::collections::HashMap;

use super::answer::Reason;
use super::estimate::estimate_after;
use super::policy::{Asked, WHOLE, judge, share_of};
use super::reckon::{GoodsTerms, ParcelTerms, Tariff};
use super::request::{PlanRequest, ServiceSnapshot, SupplierFacts};
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{SupplierId, VariantId};
use crate::kernel::money::Money;

/// A supplier with the ways it can send to the destination; never none.
#[derive(Debug)]
pub(super) struct Sender<'a> {
    pub facts: &'a SupplierFacts,
    pub services: Vec<(&'a ServiceSnapshot, Tariff)>,
    /// What its parcels are reckoned by.
    pub terms: ParcelTerms,
}

/// An offer, seen for this request.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub offer: &'a OfferSnapshot,
    /// What one costs, in the store's currency, if that can be said.
    pub unit_cost: Option<Money>,
    /// What it is reckoned by, if its cost can be said.
    pub terms: Option<GoodsTerms>,
    /// The owner's rules that spoke.
    pub rules: Vec<String>,
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
    let mut senders: HashMap<SupplierId, Sender<'_>> = request
        .suppliers
        .iter()
        .filter_map(|facts| {
            Some((facts.id, Sender { facts, services: Vec::new(), terms: parcel_terms(request, facts)? }))
        })
        .collect();
    for service in request.services.iter().filter(|service| service.countries.contains(&request.destination)) {
        let price = request.rates.to_store(service.price);
        let per_item = request.rates.to_store(service.price_per_item);
        if let (Some(sender), Some(base), Some(per_item)) = (senders.get_mut(&service.supplier_id), price, per_item) {
            let tariff = Tariff { base: base.minor(), per_item: per_item.minor(), duty: service.duty };
            sender.services.push((service, tariff));
        }
    }
    senders.retain(|_, sender| !sender.services.is_empty());
    senders
}

/// What a supplier's parcels are reckoned by; `None` without an exchange rate.
fn parcel_terms(request: &PlanRequest, facts: &SupplierFacts) -> Option<ParcelTerms> {
    let policy = &request.policy;
    let asked = Asked { destination: request.destination, tags: &request.customer_tags, collections: &[] };
    Some(ParcelTerms {
        handling: request.rates.to_store(facts.handling_fee)?.minor(),
        late: i128::from(policy.late_cost) * i128::from(facts.late_share),
        refusal: i128::from(policy.refusal_cost) * i128::from(facts.refusal_share),
        share: share_of(facts.preference, judge(policy, facts.id, asked).parcel_share),
    })
}

/// Looks at every offer of a wanted variant, in the order of their ids.
pub(super) fn look<'a>(
    request: &'a PlanRequest,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
) -> Vec<Seen<'a>> {
    let suppliers: HashMap<SupplierId, &SupplierFacts> = request.suppliers.iter().map(|it| (it.id, it)).collect();
    let mut seen: Vec<Seen<'a>> = request
        .offers
        .iter()
        .filter_map(|offer| {
            let quantity = *wanted.get(&offer.variant_id)?;
            let supplier = suppliers.get(&offer.supplier_id).copied();
            Some(see(request, offer, quantity, supplier, senders.get(&offer.supplier_id)))
        })
        .collect();
    seen.sort_by_key(|it| it.offer.id);
    seen
}

fn see<'a>(
    request: &'a PlanRequest,
    offer: &'a OfferSnapshot,
    quantity: i64,
    supplier: Option<&SupplierFacts>,
    sender: Option<&Sender<'_>>,
) -> Seen<'a> {
    let collections = request.collections.get(&offer.variant_id).map(Vec::as_slice).unwrap_or_default();
    let asked = Asked { destination: request.destination, tags: &request.customer_tags, collections };
    let verdict = judge(&request.policy, offer.supplier_id, asked);
    let unit_cost = request.rates.to_store(offer.cost);
    let is_foreign = offer.cost.currency() != request.rates.store();
    let terms = unit_cost.map(|cost| GoodsTerms {
        unit_cost: cost.minor(),
        conversion: if is_foreign { request.policy.conversion_fee } else { 0 },
        share: share_of(supplier.map_or(WHOLE, |it| it.preference), verdict.goods_share),
    });
    let ships = offer.ships_to.as_ref().is_none_or(|countries| countries.contains(&request.destination));
    let minimum = offer.minimum_quantity;
    let checks = [
        (offer.active, Reason::OfferInactive),
        (supplier.is_some_and(|it| it.active), Reason::SupplierInactive),
        (!request.avoid.contains(&offer.supplier_id), Reason::SupplierAvoided),
        (!verdict.is_avoided, Reason::RuleAvoids),
        (!verdict.is_passed_over, Reason::RuleRequiresOthers),
        (ships && sender.is_some(), Reason::NotShippable),
        (sender.is_none_or(|it| arrives(request, offer, it)), Reason::TooLate),
        (offer.sellable > 0 && offer.sellable >= minimum, Reason::OutOfStock),
        (quantity >= minimum, Reason::BelowMinimum),
        (unit_cost.is_some(), Reason::NoExchangeRate),
        (terms.is_none_or(|it| leaves_margin(request, offer.variant_id, it)), Reason::BelowMargin),
    ];
    let reasons = checks.into_iter().filter(|(passed, _)| !passed).map(|(_, reason)| reason).collect();
    Seen { offer, unit_cost, terms, rules: verdict.rules, reasons }
}

/// Whether the offer's goods arrive in time by some service.
fn arrives(request: &PlanRequest, offer: &OfferSnapshot, sender: &Sender<'_>) -> bool {
    let Some(deadline) = request.deliver_by else { return true };
    let days = offer.lead_time_days.map_or(sender.facts.processing_days, i64::from);
    sender
        .services
        .iter()
        .any(|(service, _)| estimate_after(sender.facts, service, days, request.now).latest <= deadline)
}

/// Whether enough of the price is left; of the lowest, if the variant is wanted at several.
fn leaves_margin(request: &PlanRequest, variant: VariantId, goods: GoodsTerms) -> bool {
    let Some(margin) = request.policy.minimum_margin else { return true };
    let prices = request.demands.iter().filter(|it| it.variant_id == variant).filter_map(|it| it.unit_price);
    let Some(price) = prices.map(Money::minor).min() else { return true };
    goods.paid() <= i128::from(price) * i128::from(WHOLE.saturating_sub(margin))
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
        Reason::BelowMargin,
        Reason::TooLate,
        Reason::NotShippable,
        Reason::NoExchangeRate,
        Reason::RuleRequiresOthers,
        Reason::RuleAvoids,
        Reason::SupplierAvoided,
        Reason::SupplierInactive,
        Reason::OfferInactive,
    ];
    let worst =
        |it: &Seen<'_>| it.reasons.iter().filter_map(|reason| order.iter().position(|other| other == reason)).max();
    let place = of_variant().map(|it| worst(it).unwrap_or(0)).min().unwrap_or(0);
    order.get(place).copied().unwrap_or(Reason::OutOfStock)
}

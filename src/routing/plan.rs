//! Putting a plan together: filter, choose, and tell why.

use std::collections::{BTreeMap, HashMap};

use super::answer::{Pick, Plan, PlannedParcel, Unrouted};
use super::eligible::{self, Seen, Sender};
use super::estimate::estimate_after;
use super::parcels::{candidate, parcels};
use super::policy::WHOLE;
use super::reckon::{self, GoodsTerms, Tariff};
use super::request::PlanRequest;
use super::solve::{self, Choice, Puzzle, Want};
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;

/// Plans `request`: who sends what, so that the parcels together score the least (see `reckon.rs`);
/// without a policy that is what goods and the cheapest shipping cost. Whatever nobody can send is left
/// over, with the reason; nothing is ever taken beyond what an offer can sell, over all lines together.
/// The same request always gets the same plan.
pub fn plan(request: &PlanRequest) -> Plan {
    let wanted = eligible::wanted(request);
    let senders = eligible::senders(request);
    let seen = eligible::look(request, &wanted, &senders);
    let taken: BTreeMap<OfferId, i64> =
        solve::solve(&puzzle(request, &wanted, &senders, &seen)).taken.into_iter().collect();
    let (picks, unrouted) = deal(request, &seen, &taken);
    let parcels = parcels(request, &senders, &seen, picks);
    Plan {
        score: score(request, &parcels),
        parcels,
        unrouted,
        candidates: seen.iter().map(|it| candidate(request, it, &wanted, &senders, &taken)).collect(),
    }
}

/// What all parcels score, with the split penalty.
fn score(request: &PlanRequest, parcels: &[PlannedParcel]) -> Option<Money> {
    let extra = i64::try_from(parcels.len().saturating_sub(1)).ok()?;
    let split = Money::from_minor(request.policy.split_penalty.checked_mul(extra)?, request.rates.store());
    parcels.iter().try_fold(split, |sum, parcel| sum.add(parcel.reckoned.as_ref()?.score).ok())
}

fn puzzle(
    request: &PlanRequest,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
    seen: &[Seen<'_>],
) -> Puzzle {
    let mut by_variant: HashMap<VariantId, Vec<(&OfferSnapshot, GoodsTerms)>> = HashMap::new();
    for it in seen.iter().filter(|it| it.reasons.is_empty()) {
        if let Some(terms) = it.terms {
            by_variant.entry(it.offer.variant_id).or_default().push((it.offer, terms));
        }
    }
    let mut order: Vec<SupplierId> = by_variant.values().flatten().map(|(offer, _)| offer.supplier_id).collect();
    order.sort_unstable();
    order.dedup();
    let place: HashMap<SupplierId, usize> = order.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let tariffs: Vec<Vec<Tariff>> = order.iter().map(|id| undominated(request, &senders[id])).collect();
    let mut variants: Vec<VariantId> = request.demands.iter().map(|demand| demand.variant_id).collect();
    variants.sort_unstable();
    variants.dedup();
    let choice = |(offer, goods): &(&OfferSnapshot, GoodsTerms)| {
        let sender = place[&offer.supplier_id];
        let parcel = senders[&offer.supplier_id].terms;
        Choice {
            offer: offer.id,
            sender,
            points: tariffs[sender].iter().map(|tariff| reckon::unit_points(*goods, parcel, *tariff)).collect(),
            minimum: offer.minimum_quantity,
            sellable: offer.sellable,
            priority: offer.priority,
        }
    };
    let choices = |variant: &VariantId| {
        by_variant.get(variant).map(|offers| offers.iter().map(choice).collect()).unwrap_or_default()
    };
    let split = i128::from(request.policy.split_penalty) * i128::from(WHOLE);
    let parcel_points = |(id, tariffs): (&SupplierId, &Vec<Tariff>)| {
        tariffs.iter().map(|tariff| reckon::parcel_points(senders[id].terms, *tariff) + split).collect()
    };
    Puzzle {
        parcels: order.iter().zip(&tariffs).map(parcel_points).collect(),
        wants: variants.iter().map(|variant| Want { quantity: wanted[variant], choices: choices(variant) }).collect(),
    }
}

/// The tariffs that are the cheapest for some parcel, of those that are in time if it matters.
pub(super) fn undominated(request: &PlanRequest, sender: &Sender<'_>) -> Vec<Tariff> {
    let days = sender.facts.processing_days;
    let in_time = |service| {
        let estimate = estimate_after(sender.facts, service, days, request.now);
        request.deliver_by.is_none_or(|deadline| estimate.latest <= deadline)
    };
    let mut tariffs: Vec<Tariff> =
        sender.services.iter().filter(|(service, _)| in_time(service)).map(|(_, tariff)| *tariff).collect();
    if tariffs.is_empty() {
        tariffs = sender.services.iter().map(|(_, tariff)| *tariff).collect();
    }
    tariffs.sort_by_key(|tariff| (tariff.base, tariff.per_item, tariff.duty));
    let mut kept: Vec<Tariff> = Vec::new();
    for tariff in tariffs {
        if !kept.iter().any(|other| other.beats(tariff)) {
            kept.push(tariff);
        }
    }
    kept
}

/// Deals the taken units out to the lines, in the order the lines were asked for.
fn deal(
    request: &PlanRequest,
    seen: &[Seen<'_>],
    taken: &BTreeMap<OfferId, i64>,
) -> (Vec<(SupplierId, Pick)>, Vec<Unrouted>) {
    let mut stock: HashMap<VariantId, Vec<(&Seen<'_>, i64)>> = HashMap::new();
    for it in seen {
        if let Some(&count) = taken.get(&it.offer.id) {
            stock.entry(it.offer.variant_id).or_default().push((it, count));
        }
    }
    let (mut picks, mut unrouted) = (Vec::new(), Vec::new());
    for demand in &request.demands {
        let mut left = demand.quantity;
        for (it, count) in stock.get_mut(&demand.variant_id).map(Vec::as_mut_slice).unwrap_or_default() {
            let quantity = left.min(*count);
            let Some(unit_cost_in_store) = it.unit_cost.filter(|_| quantity > 0) else { continue };
            *count -= quantity;
            left -= quantity;
            let pick = Pick {
                line: demand.line.clone(),
                offer_id: it.offer.id,
                variant_id: demand.variant_id,
                supplier_sku: it.offer.supplier_sku.clone(),
                quantity,
                unit_cost: it.offer.cost,
                unit_cost_in_store,
            };
            picks.push((it.offer.supplier_id, pick));
        }
        if left > 0 {
            let reason = eligible::why_unrouted(demand.variant_id, seen);
            let (line, variant_id) = (demand.line.clone(), Some(demand.variant_id));
            unrouted.push(Unrouted { line, variant_id, quantity: left, reason });
        }
    }
    (picks, unrouted)
}

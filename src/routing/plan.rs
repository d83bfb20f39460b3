//! Putting a plan together: filter, choose, and tell why.

use std::collections::{BTreeMap, HashMap};

use super::answer::{Candidate, Pick, Plan, PlannedParcel, Reason, ServiceOption, Unrouted};
use super::eligible::{self, Seen, Sender, Tariff};
use super::estimate::estimate_after;
use super::request::PlanRequest;
use super::solve::{self, Choice, Puzzle, Want};
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{OfferId, SupplierId, VariantId};
use crate::kernel::money::Money;

/// Plans `request`: who sends what, so that goods and the cheapest shipping together cost the least.
/// Whatever nobody can send is left over, with the reason; nothing is ever taken beyond what an offer
/// can sell, over all lines together. The same request always gets the same plan.
pub fn plan(request: &PlanRequest) -> Plan {
    let wanted = eligible::wanted(request);
    let senders = eligible::senders(request);
    let seen = eligible::look(request, &wanted, &senders);
    let taken: BTreeMap<OfferId, i64> =
        solve::solve(&puzzle(request, &wanted, &senders, &seen)).taken.into_iter().collect();
    let (picks, unrouted) = deal(request, &seen, &taken);
    Plan {
        parcels: parcels(request, &senders, &seen, picks),
        unrouted,
        candidates: seen.iter().map(|it| candidate(request, it, &wanted, &senders, &taken)).collect(),
    }
}

fn puzzle(
    request: &PlanRequest,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
    seen: &[Seen<'_>],
) -> Puzzle {
    let mut by_variant: HashMap<VariantId, Vec<(&OfferSnapshot, Money)>> = HashMap::new();
    for it in seen.iter().filter(|it| it.reasons.is_empty()) {
        if let Some(cost) = it.unit_cost {
            by_variant.entry(it.offer.variant_id).or_default().push((it.offer, cost));
        }
    }
    let mut order: Vec<SupplierId> = by_variant.values().flatten().map(|(offer, _)| offer.supplier_id).collect();
    order.sort_unstable();
    order.dedup();
    let place: HashMap<SupplierId, usize> = order.iter().enumerate().map(|(index, id)| (*id, index)).collect();
    let mut variants: Vec<VariantId> = request.demands.iter().map(|demand| demand.variant_id).collect();
    variants.sort_unstable();
    variants.dedup();
    let choice = |(offer, cost): &(&OfferSnapshot, Money)| Choice {
        offer: offer.id,
        sender: place[&offer.supplier_id],
        unit_cost: cost.minor(),
        minimum: offer.minimum_quantity,
        sellable: offer.sellable,
        priority: offer.priority,
    };
    Puzzle {
        tariffs: order.iter().map(|id| undominated(&senders[id])).collect(),
        wants: variants
            .into_iter()
            .map(|variant| Want {
                quantity: wanted[&variant],
                choices: by_variant.get(&variant).map(|offers| offers.iter().map(choice).collect()).unwrap_or_default(),
            })
            .collect(),
    }
}

/// The tariffs that are the cheapest for some number of items.
fn undominated(sender: &Sender<'_>) -> Vec<Tariff> {
    let mut kept: Vec<Tariff> = Vec::new();
    let mut tariffs: Vec<Tariff> = sender.services.iter().map(|(_, tariff)| *tariff).collect();
    tariffs.sort_by_key(|tariff| (tariff.base, tariff.per_item));
    for tariff in tariffs {
        if kept.iter().all(|other| other.per_item > tariff.per_item) {
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
            unrouted.push(Unrouted { line: demand.line.clone(), quantity: left, reason });
        }
    }
    (picks, unrouted)
}

fn parcels(
    request: &PlanRequest,
    senders: &HashMap<SupplierId, Sender<'_>>,
    seen: &[Seen<'_>],
    picks: Vec<(SupplierId, Pick)>,
) -> Vec<PlannedParcel> {
    let lead: HashMap<OfferId, Option<i32>> = seen.iter().map(|it| (it.offer.id, it.offer.lead_time_days)).collect();
    let mut by_supplier: BTreeMap<SupplierId, Vec<Pick>> = BTreeMap::new();
    for (supplier_id, pick) in picks {
        by_supplier.entry(supplier_id).or_default().push(pick);
    }
    by_supplier
        .into_iter()
        .filter_map(|(supplier_id, picks)| {
            let sender = senders.get(&supplier_id)?;
            let usual = sender.facts.processing_days;
            let processing = picks
                .iter()
                .map(|pick| lead.get(&pick.offer_id).copied().flatten().map_or(usual, i64::from))
                .max()
                .unwrap_or(usual);
            let items = picks.iter().map(|pick| pick.quantity).sum();
            let services = options(request, sender, items, processing);
            let cheapest = services.first()?.service_id;
            let picked = request.selections.get(&supplier_id).copied();
            let chosen_service =
                picked.filter(|id| services.iter().any(|service| service.service_id == *id)).unwrap_or(cheapest);
            Some(PlannedParcel { supplier_id, picks, services, chosen_service })
        })
        .collect()
}

/// The ways to send a parcel of `items` items, cheapest first.
fn options(request: &PlanRequest, sender: &Sender<'_>, items: i64, processing_days: i64) -> Vec<ServiceOption> {
    let mut options: Vec<ServiceOption> = sender
        .services
        .iter()
        .filter_map(|(service, tariff)| {
            Some(ServiceOption {
                service_id: service.id,
                code: service.code.clone(),
                name: service.name.clone(),
                price: Money::from_minor(i64::try_from(tariff.price(items)).ok()?, request.rates.store()),
                estimate: estimate_after(sender.facts, service, processing_days, request.now),
            })
        })
        .collect();
    options.sort_by_key(|option| (option.price.minor(), option.estimate.latest, option.service_id));
    options
}

fn candidate(
    request: &PlanRequest,
    seen: &Seen<'_>,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
    taken: &BTreeMap<OfferId, i64>,
) -> Candidate {
    let eligible = seen.reasons.is_empty();
    let reasons = match (eligible, taken.contains_key(&seen.offer.id)) {
        (false, _) => seen.reasons.clone(),
        (true, true) => vec![Reason::Chosen],
        (true, false) => vec![Reason::Dearer],
    };
    Candidate {
        offer_id: seen.offer.id,
        supplier_id: seen.offer.supplier_id,
        variant_id: seen.offer.variant_id,
        eligible,
        reasons,
        landed_cost: landed_cost(request, seen, wanted, senders),
    }
}

/// What the wanted quantity would cost if this offer sent all of it, alone in its parcel.
fn landed_cost(
    request: &PlanRequest,
    seen: &Seen<'_>,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
) -> Option<Money> {
    let quantity = *wanted.get(&seen.offer.variant_id)?;
    let sender = senders.get(&seen.offer.supplier_id)?;
    let shipping = sender.services.iter().map(|(_, tariff)| tariff.price(quantity)).min()?;
    let goods = i128::from(seen.unit_cost?.minor()) * i128::from(quantity);
    Some(Money::from_minor(i64::try_from(goods + shipping).ok()?, request.rates.store()))
}

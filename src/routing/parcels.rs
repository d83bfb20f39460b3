//! The parcels of a plan, and what is told of every offer that was looked at.

use std::collections::{BTreeMap, HashMap};

use super::answer::{Candidate, Pick, PlannedParcel, Reason, ServiceOption};
use super::eligible::{Seen, Sender};
use super::estimate::estimate_after;
use super::plan::undominated;
use super::policy::WHOLE;
use super::reckon::{self, GoodsTerms, ParcelTerms, Points, Reckoned, Tariff};
use super::request::PlanRequest;
use crate::kernel::ids::{OfferId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::Money;

/// The parcels of what was dealt, each with the ways to send it and what it is reckoned to cost.
pub(super) fn parcels(
    request: &PlanRequest,
    senders: &HashMap<SupplierId, Sender<'_>>,
    seen: &[Seen<'_>],
    picks: Vec<(SupplierId, Pick)>,
) -> Vec<PlannedParcel> {
    let seen: HashMap<OfferId, &Seen<'_>> = seen.iter().map(|it| (it.offer.id, it)).collect();
    let mut by_supplier: BTreeMap<SupplierId, Vec<Pick>> = BTreeMap::new();
    for (supplier_id, pick) in picks {
        by_supplier.entry(supplier_id).or_default().push(pick);
    }
    by_supplier
        .into_iter()
        .filter_map(|(supplier_id, picks)| parcel(request, senders.get(&supplier_id)?, &seen, picks))
        .collect()
}

fn parcel(
    request: &PlanRequest,
    sender: &Sender<'_>,
    seen: &HashMap<OfferId, &Seen<'_>>,
    picks: Vec<Pick>,
) -> Option<PlannedParcel> {
    let usual = sender.facts.processing_days;
    let lead = |pick: &Pick| seen.get(&pick.offer_id).and_then(|it| it.offer.lead_time_days).map_or(usual, i64::from);
    let processing = picks.iter().map(lead).max().unwrap_or(usual);
    let goods: Vec<(i64, GoodsTerms)> =
        picks.iter().filter_map(|pick| Some((pick.quantity, seen.get(&pick.offer_id)?.terms?))).collect();
    let services = options(request, sender, goods.iter().map(|(quantity, _)| quantity).sum(), processing);
    let default = cheapest(request, sender, &services, &goods)?;
    let picked = request.selections.get(&sender.facts.id).copied();
    let chosen_service =
        picked.filter(|id| services.iter().any(|service| service.service_id == *id)).unwrap_or(default);
    let (_, tariff) = sender.services.iter().find(|(service, _)| service.id == chosen_service)?;
    let reckoned = reckoned(request, sender, *tariff, &goods);
    Some(PlannedParcel { supplier_id: sender.facts.id, picks, services, chosen_service, reckoned })
}

/// The service that scores least for these goods, of those that are in time if it matters.
fn cheapest(
    request: &PlanRequest,
    sender: &Sender<'_>,
    services: &[ServiceOption],
    goods: &[(i64, GoodsTerms)],
) -> Option<ShippingServiceId> {
    let is_late = |it: &ServiceOption| request.deliver_by.is_some_and(|deadline| it.estimate.latest > deadline);
    let points = |it: &ServiceOption| {
        let tariff = sender.services.iter().find(|(service, _)| service.id == it.service_id).map(|(_, tariff)| *tariff);
        tariff.map(|tariff| parcel_score(sender.terms, tariff, goods))
    };
    // The options come cheapest for the buyer first; the first of equals stays.
    services.iter().min_by_key(|it| (is_late(it), points(it))).map(|it| it.service_id)
}

fn parcel_score(parcel: ParcelTerms, tariff: Tariff, goods: &[(i64, GoodsTerms)]) -> Points {
    goods.iter().fold(reckon::parcel_points(parcel, tariff), |sum, (quantity, goods)| {
        sum.saturating_add(reckon::unit_points(*goods, parcel, tariff).saturating_mul(i128::from(*quantity)))
    })
}

/// What a parcel is reckoned to cost, part by part.
fn reckoned(
    request: &PlanRequest,
    sender: &Sender<'_>,
    tariff: Tariff,
    goods: &[(i64, GoodsTerms)],
) -> Option<Reckoned> {
    let whole = i128::from(WHOLE);
    let sum = |of: &dyn Fn(GoodsTerms) -> Points| -> Points {
        goods.iter().map(|(quantity, goods)| of(*goods).saturating_mul(i128::from(*quantity))).sum()
    };
    let items = goods.iter().map(|(quantity, _)| quantity).sum();
    let money = |points: Points| reckon::money(points, request.rates.store());
    Some(Reckoned {
        goods: money(sum(&|it| i128::from(it.unit_cost) * whole))?,
        conversion: money(sum(&|it| i128::from(it.unit_cost) * i128::from(it.conversion)))?,
        duty: money(sum(&|it| it.duty(tariff)))?,
        handling: money(i128::from(sender.terms.handling) * whole)?,
        shipping: money(tariff.price(items) * whole)?,
        late_risk: money(sender.terms.late)?,
        refusal_risk: money(sender.terms.refusal)?,
        late_share: sender.facts.late_share,
        score: money(parcel_score(sender.terms, tariff, goods))?,
    })
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

/// What is told of an offer that was looked at.
pub(super) fn candidate(
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
    let alone = alone(request, seen, wanted, senders);
    Candidate {
        offer_id: seen.offer.id,
        supplier_id: seen.offer.supplier_id,
        variant_id: seen.offer.variant_id,
        eligible,
        reasons,
        landed_cost: alone.as_ref().and_then(Reckoned::landed),
        score: alone.map(|it| it.score),
        rules: seen.rules.clone(),
    }
}

/// What the wanted quantity would be reckoned to cost if this offer sent all of it, alone in its parcel.
fn alone(
    request: &PlanRequest,
    seen: &Seen<'_>,
    wanted: &HashMap<VariantId, i64>,
    senders: &HashMap<SupplierId, Sender<'_>>,
) -> Option<Reckoned> {
    let sender = senders.get(&seen.offer.supplier_id)?;
    let goods = [(*wanted.get(&seen.offer.variant_id)?, seen.terms?)];
    let tariffs = undominated(request, sender);
    let tariff = tariffs.into_iter().min_by_key(|tariff| parcel_score(sender.terms, *tariff, &goods))?;
    reckoned(request, sender, tariff, &goods)
}

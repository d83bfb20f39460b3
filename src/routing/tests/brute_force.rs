//! Small plans are the best there are: held against all there could be, priced by the formula on
//! routing's page.

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::*;
use super::{euro, id, offer, request, rule, service};
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{CollectionId, OfferId, SupplierId, VariantId};

/// Every way to take whole units of the offers, priced: the least that can be left over, and then the
/// least it can score, in millionths of a cent.
fn brute_force(request: &PlanRequest) -> (i64, i128) {
    let mut best = (i64::MAX, i128::MAX);
    let mut counts = vec![0_i64; request.offers.len()];
    loop {
        if let Some(price) = price(request, &counts) {
            best = best.min(price);
        }
        let Some(place) = (0..counts.len()).find(|&place| counts[place] < request.offers[place].sellable) else {
            return best;
        };
        counts[place] += 1;
        counts[..place].fill(0);
    }
}

/// What is left over and what it scores to take so many of each offer; `None` if that may not be. Written
/// from the formula on routing's page, not from the code; percentages keep every division exact.
fn price(request: &PlanRequest, counts: &[i64]) -> Option<(i64, i128)> {
    let mut left: HashMap<VariantId, i64> = HashMap::new();
    for demand in &request.demands {
        *left.entry(demand.variant_id).or_default() += demand.quantity;
    }
    let mut by_supplier: HashMap<SupplierId, Vec<(&OfferSnapshot, i64)>> = HashMap::new();
    for (offer, &count) in request.offers.iter().zip(counts).filter(|(_, count)| **count > 0) {
        if count < offer.minimum_quantity || !is_allowed(request, offer) {
            return None;
        }
        *left.get_mut(&offer.variant_id)? -= count;
        by_supplier.entry(offer.supplier_id).or_default().push((offer, count));
    }
    let mut score = 0;
    for (supplier_id, goods) in &by_supplier {
        let supplier = request.suppliers.iter().find(|it| it.id == *supplier_id)?;
        let services = request.services.iter().filter(|service| service.supplier_id == *supplier_id);
        score += services.map(|service| parcel_price(request, supplier, service, goods)).min()?;
    }
    let extra = by_supplier.len().saturating_sub(1) as i128;
    score += i128::from(request.policy.split_penalty) * 1_000_000 * extra;
    let none_too_many = left.values().all(|rest| *rest >= 0);
    none_too_many.then(|| (left.values().sum(), score))
}

fn is_allowed(request: &PlanRequest, offer: &OfferSnapshot) -> bool {
    let holds = |rule: &&RoutingRule| rule.collections.is_empty() || is_collected(request, offer, rule);
    let of = |effect: RuleEffect| request.policy.rules.iter().filter(holds).filter(move |rule| rule.effect == effect);
    let names = |rule: &RoutingRule| rule.suppliers.contains(&offer.supplier_id);
    !of(RuleEffect::Avoid).any(names)
        && (of(RuleEffect::Require).next().is_none() || of(RuleEffect::Require).any(names))
}

fn is_collected(request: &PlanRequest, offer: &OfferSnapshot, rule: &RoutingRule) -> bool {
    request.collections.get(&offer.variant_id).is_some_and(|all| rule.collections.iter().any(|it| all.contains(it)))
}

fn parcel_price(
    request: &PlanRequest,
    supplier: &SupplierFacts,
    service: &ServiceSnapshot,
    goods: &[(&OfferSnapshot, i64)],
) -> i128 {
    let million = 1_000_000_i128;
    let weight = |rule: &RoutingRule| match rule.effect {
        RuleEffect::Prefer(weight) if rule.suppliers.contains(&supplier.id) => i128::from(weight),
        _ => million,
    };
    let preference = i128::from(supplier.preference);
    let general = request.policy.rules.iter().filter(|rule| rule.collections.is_empty());
    let parcel_share = general.map(weight).fold(preference, |share, weight| share * weight / million);
    let items: i64 = goods.iter().map(|(_, count)| count).sum();
    let shipping = service.price.minor() + service.price_per_item.minor() * items + supplier.handling_fee.minor();
    let late = i128::from(request.policy.late_cost) * i128::from(supplier.late_share);
    let refusal = i128::from(request.policy.refusal_cost) * i128::from(supplier.refusal_share);
    let mut score = (i128::from(shipping) * million + late + refusal) * parcel_share / million;
    for (offer, count) in goods {
        let rules =
            request.policy.rules.iter().filter(|it| it.collections.is_empty() || is_collected(request, offer, it));
        let share = rules.map(weight).fold(preference, |share, weight| share * weight / million);
        let landed = i128::from(offer.cost.minor()) * (million + i128::from(service.duty));
        score += landed * share / million * i128::from(*count);
    }
    score
}

/// What a plan takes of each offer of the request.
fn counts_of(request: &PlanRequest, plan: &Plan) -> Vec<i64> {
    let taken: HashMap<OfferId, i64> = plan.by_offer().into_iter().collect();
    request.offers.iter().map(|offer| taken.get(&offer.id).copied().unwrap_or(0)).collect()
}

fn percent() -> impl Strategy<Value = i64> {
    (0_i64..=30).prop_map(|percent| percent * 10_000)
}

/// A supplier's handling fee, preference, and how likely it is late and refuses.
fn terms() -> impl Strategy<Value = (i64, i64, i64, i64)> {
    (0_i64..=20, (5_i64..=15).prop_map(|tenths| tenths * 100_000), percent(), percent())
}

prop_compose! {
    fn rules()(rules in prop::collection::vec((0..3_u8, 1_u128..=3, any::<bool>(), 5_i64..=15), 0..=3)) -> Vec<RoutingRule> {
        rules.into_iter().enumerate().map(|(index, (effect, supplier, is_general, tenths))| RoutingRule {
            suppliers: vec![SupplierId(id(supplier))],
            collections: if is_general { vec![] } else { vec![CollectionId(id(1))] },
            ..rule(&format!("rule {index}"), match effect {
                0 => RuleEffect::Avoid,
                1 => RuleEffect::Require,
                _ => RuleEffect::Prefer(tenths * 100_000),
            })
        }).collect()
    }
}

prop_compose! {
    fn policy()(
        split_penalty in 0_i64..=20, late_cost in 0_i64..=100, refusal_cost in 0_i64..=100, rules in rules(),
    ) -> RoutingPolicy {
        RoutingPolicy { split_penalty, late_cost, refusal_cost, rules, ..RoutingPolicy::default() }
    }
}

prop_compose! {
    fn small_request()(
        demands in prop::collection::vec((1_u128..=2, 1_i64..=4), 1..=3),
        offers in prop::collection::vec((1_u128..=3, 1_u128..=2, 1_i64..=20, 0_i64..=4, 1_i64..=3), 1..=5),
        services in prop::collection::vec((1_u128..=3, 0_i64..=30, 0_i64..=5, percent()), 1..=5),
        policy in prop::option::of((policy(), prop::collection::vec(terms(), 3))),
    ) -> PlanRequest {
        let offers = offers.into_iter().zip(1_u128..).map(|((supplier, variant, cost, sellable, minimum), number)| {
            OfferSnapshot { minimum_quantity: minimum, ..offer(number, supplier, variant, cost, sellable) }
        });
        let services = services.into_iter().zip(1_u128..).map(|((supplier, price, per_item, duty), number)| {
            ServiceSnapshot { duty, ..service(number, supplier, price, per_item) }
        });
        let mut request = request(&demands, offers.collect(), services.collect());
        request.collections.insert(VariantId(id(1)), vec![CollectionId(id(1))]);
        if let Some((policy, terms)) = policy {
            request.policy = policy;
            for (supplier, (fee, preference, late, refusal)) in request.suppliers.iter_mut().zip(terms) {
                supplier.handling_fee = euro(fee);
                (supplier.preference, supplier.late_share, supplier.refusal_share) = (preference, late, refusal);
            }
        }
        request
    }
}

proptest! {
    #[test]
    fn small_plans_are_the_best_there_are(request in small_request()) {
        let plan = plan(&request);
        let priced = price(&request, &counts_of(&request, &plan));
        prop_assert_eq!(priced, Some(brute_force(&request)));
        // What the plan says of itself is that, each parcel rounded to the cent.
        let told = i128::from(plan.score.expect("it fits").minor()) * 1_000_000;
        let scored = priced.map_or(0, |(_, score)| score);
        prop_assert!((told - scored).abs() <= 500_000 * plan.parcels.len() as i128, "{} is told as {}", scored, told);
    }

    #[test]
    fn every_unit_is_picked_or_left_over_and_no_offer_is_oversold(request in small_request()) {
        let plan = plan(&request);
        for demand in &request.demands {
            let picked: i64 = plan.picks().filter(|(_, pick)| pick.line == demand.line).map(|(_, pick)| pick.quantity).sum();
            let left: i64 = plan.unrouted.iter().filter(|it| it.line == demand.line).map(|it| it.quantity).sum();
            prop_assert_eq!(picked + left, demand.quantity);
        }
        for (offer_id, count) in plan.by_offer() {
            let offer = request.offers.iter().find(|offer| offer.id == offer_id).expect("a known offer");
            prop_assert!(count <= offer.sellable && count >= offer.minimum_quantity);
        }
        for parcel in &plan.parcels {
            prop_assert!(parcel.service().is_some());
            prop_assert!(!parcel.picks.is_empty());
        }
    }

    #[test]
    fn the_same_request_gets_the_same_plan(request in small_request()) {
        let mut shuffled = request.clone();
        shuffled.offers.reverse();
        shuffled.services.reverse();
        shuffled.suppliers.reverse();
        prop_assert_eq!(plan(&request), plan(&shuffled));
    }
}

//! What every plan keeps, and that small ones are the best there are.

use std::collections::HashMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::inventory::OfferSnapshot;
use crate::kernel::ids::{OfferId, ShippingServiceId, SupplierId, VariantId};
use crate::kernel::money::{Currency, Money};
use crate::pricing::rates::Rates;

fn currency(code: &str) -> Currency {
    code.parse().expect("a currency")
}

fn euro(minor: i64) -> Money {
    Money::from_minor(minor, currency("EUR"))
}

fn id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

fn offer(number: u128, supplier: u128, variant: u128, cost: i64, sellable: i64) -> OfferSnapshot {
    OfferSnapshot {
        id: OfferId(id(number)),
        supplier_id: SupplierId(id(supplier)),
        variant_id: VariantId(id(variant)),
        supplier_sku: format!("SKU-{number}"),
        cost: euro(cost),
        minimum_quantity: 1,
        lead_time_days: None,
        ships_to: None,
        priority: 0,
        sellable,
        active: true,
    }
}

fn service(number: u128, supplier: u128, price: i64, per_item: i64) -> ServiceSnapshot {
    ServiceSnapshot {
        id: ShippingServiceId(id(number)),
        supplier_id: SupplierId(id(supplier)),
        code: format!("S{number}"),
        name: "Standard".to_owned(),
        countries: vec!["DE".parse().expect("a country")],
        price: euro(price),
        price_per_item: euro(per_item),
        transit_min_days: 1,
        transit_max_days: 3,
    }
}

fn supplier(number: u128) -> SupplierFacts {
    SupplierFacts {
        id: SupplierId(id(number)),
        active: true,
        processing_days: 1,
        cutoff: None,
        time_zone: chrono_tz::UTC,
    }
}

fn request(demands: &[(u128, i64)], offers: Vec<OfferSnapshot>, services: Vec<ServiceSnapshot>) -> PlanRequest {
    let line = |(index, &(variant, quantity)): (usize, &(u128, i64))| Demand {
        line: format!("line-{index}"),
        variant_id: VariantId(id(variant)),
        quantity,
    };
    let mut suppliers: Vec<u128> = offers.iter().map(|offer| offer.supplier_id.0.as_u128()).collect();
    suppliers.sort_unstable();
    suppliers.dedup();
    PlanRequest {
        demands: demands.iter().enumerate().map(line).collect(),
        offers,
        services,
        suppliers: suppliers.into_iter().map(supplier).collect(),
        destination: "DE".parse().expect("a country"),
        avoid: vec![],
        rates: Rates::new(currency("EUR"), HashMap::new()),
        now: "2026-11-24T12:00:00Z".parse().expect("a moment"),
        selections: HashMap::new(),
    }
}

fn suppliers_of(plan: &Plan) -> Vec<u128> {
    plan.parcels.iter().map(|parcel| parcel.supplier_id.0.as_u128()).collect()
}

fn reasons(plan: &Plan, offer: u128) -> Vec<Reason> {
    let found = plan.candidates.iter().find(|candidate| candidate.offer_id.0.as_u128() == offer);
    found.map(|candidate| candidate.reasons.clone()).unwrap_or_default()
}

/// Goods and cheapest shipping of a plan.
fn landed(plan: &Plan) -> i64 {
    let goods: i64 = plan.picks().map(|(_, pick)| pick.unit_cost_in_store.minor() * pick.quantity).sum();
    let shipping: i64 = plan.parcels.iter().map(|parcel| parcel.services[0].price.minor()).sum();
    goods + shipping
}

#[test]
fn one_parcel_beats_two_when_shipping_outweighs_the_goods() {
    let offers = vec![offer(1, 1, 1, 1000, 9), offer(2, 2, 2, 1000, 9), offer(3, 2, 1, 1300, 9)];
    let services = vec![service(1, 1, 500, 0), service(2, 2, 500, 0)];
    let plan = plan(&request(&[(1, 1), (2, 1)], offers, services));
    assert_eq!(suppliers_of(&plan), [2]);
    assert_eq!(reasons(&plan, 1), [Reason::Dearer]);
    assert_eq!(reasons(&plan, 3), [Reason::Chosen]);
}

#[test]
fn two_lines_of_one_item_never_take_more_than_there_is() {
    let plan = plan(&request(&[(1, 3), (1, 3)], vec![offer(1, 1, 1, 100, 5)], vec![service(1, 1, 0, 0)]));
    let taken: i64 = plan.picks().map(|(_, pick)| pick.quantity).sum();
    assert_eq!(taken, 5);
    assert_eq!(plan.unrouted, [Unrouted { line: "line-1".to_owned(), quantity: 1, reason: Reason::OutOfStock }]);
}

#[test]
fn a_line_is_split_when_no_offer_has_enough() {
    let offers = vec![offer(1, 1, 1, 100, 2), offer(2, 2, 1, 200, 9)];
    let plan = plan(&request(&[(1, 4)], offers, vec![service(1, 1, 0, 0), service(2, 2, 0, 0)]));
    assert_eq!(plan.by_offer(), [(OfferId(id(1)), 2), (OfferId(id(2)), 2)]);
    assert!(plan.is_complete());
}

#[test]
fn every_hard_filter_names_itself() {
    let mut offers: Vec<OfferSnapshot> = (1..=8).map(|number| offer(number, number, 1, 100, 9)).collect();
    offers[0].active = false;
    offers[1].sellable = 0;
    offers[2].minimum_quantity = 5;
    offers[3].ships_to = Some(vec!["FR".parse().expect("a country")]);
    offers[4].cost = Money::from_minor(100, currency("USD"));
    let services = (1..=7).map(|number| service(number, number, 0, 0)).collect();
    let mut request = request(&[(1, 2)], offers, services);
    request.suppliers[5].active = false;
    request.avoid = vec![SupplierId(id(7))];
    let plan = plan(&request);
    let wanted = [
        (1, Reason::OfferInactive),
        (2, Reason::OutOfStock),
        (3, Reason::BelowMinimum),
        (4, Reason::NotShippable),
        (5, Reason::NoExchangeRate),
        (6, Reason::SupplierInactive),
        (7, Reason::SupplierAvoided),
        (8, Reason::NotShippable),
    ];
    for (number, reason) in wanted {
        assert_eq!(reasons(&plan, number), [reason], "offer {number}");
    }
    assert_eq!(plan.unrouted[0].reason, Reason::OutOfStock);
}

#[test]
fn ties_go_to_the_preferred_and_then_to_the_older() {
    let mut offers = vec![offer(1, 1, 1, 100, 9), offer(2, 2, 1, 100, 9)];
    let services = vec![service(1, 1, 50, 0), service(2, 2, 50, 0)];
    assert_eq!(suppliers_of(&plan(&request(&[(1, 1)], offers.clone(), services.clone()))), [1]);
    offers[0].priority = 2;
    assert_eq!(suppliers_of(&plan(&request(&[(1, 1)], offers, services))), [2]);
}

#[test]
fn the_buyers_pick_of_a_service_is_kept_and_the_cheapest_is_first() {
    let services = vec![service(1, 1, 900, 0), service(2, 1, 100, 100)];
    let mut request = request(&[(1, 2)], vec![offer(1, 1, 1, 100, 9)], services);
    assert_eq!(plan(&request).parcels[0].chosen_service, ShippingServiceId(id(2)));
    request.selections.insert(SupplierId(id(1)), ShippingServiceId(id(1)));
    let parcel = &plan(&request).parcels[0];
    assert_eq!(parcel.service().map(|it| it.price), Some(euro(900)));
    assert_eq!(parcel.services[0].price, euro(300));
}

#[test]
fn an_order_of_a_thousand_lines_is_planned_quickly() {
    let offers: Vec<OfferSnapshot> = (0..1000_u128)
        .flat_map(|variant| {
            (0..3_u128).map(move |nth| {
                offer(variant * 3 + nth, 1 + (variant + nth * 7) % 20, variant, 100 + (nth as i64) * 7, 5)
            })
        })
        .collect();
    let services = (1..=20).map(|number| service(number, number, 490, 10)).collect();
    let demands: Vec<(u128, i64)> = (0..1000).map(|variant| (variant, 7)).collect();
    let begun = std::time::Instant::now();
    let plan = plan(&request(&demands, offers, services));
    assert!(plan.is_complete());
    assert!(begun.elapsed().as_secs() < 5, "took {:?}", begun.elapsed());
}

/// Every way to take whole units of the offers, priced: the least that can be left over, and then the
/// least it can cost.
fn brute_force(request: &PlanRequest) -> (i64, i64) {
    let wanted: HashMap<VariantId, i64> = request.demands.iter().fold(HashMap::new(), |mut sums, demand| {
        *sums.entry(demand.variant_id).or_default() += demand.quantity;
        sums
    });
    let mut best = (i64::MAX, i64::MAX);
    let mut counts = vec![0_i64; request.offers.len()];
    loop {
        if let Some(price) = price(request, &wanted, &counts) {
            best = best.min(price);
        }
        let Some(place) = (0..counts.len()).find(|&place| counts[place] < request.offers[place].sellable) else {
            return best;
        };
        counts[place] += 1;
        counts[..place].fill(0);
    }
}

fn price(request: &PlanRequest, wanted: &HashMap<VariantId, i64>, counts: &[i64]) -> Option<(i64, i64)> {
    let mut left = wanted.clone();
    let (mut cost, mut items) = (0, HashMap::<SupplierId, i64>::new());
    for (offer, &count) in request.offers.iter().zip(counts).filter(|(_, count)| **count > 0) {
        if count < offer.minimum_quantity {
            return None;
        }
        *left.get_mut(&offer.variant_id)? -= count;
        cost += offer.cost.minor() * count;
        *items.entry(offer.supplier_id).or_default() += count;
    }
    for (supplier, count) in items {
        let services = request.services.iter().filter(|service| service.supplier_id == supplier);
        cost += services.map(|it| it.price.minor() + it.price_per_item.minor() * count).min()?;
    }
    let none_too_many = left.values().all(|rest| *rest >= 0);
    none_too_many.then(|| (left.values().sum(), cost))
}

prop_compose! {
    fn small_request()(
        demands in prop::collection::vec((1_u128..=2, 1_i64..=4), 1..=3),
        offers in prop::collection::vec((1_u128..=3, 1_u128..=2, 1_i64..=20, 0_i64..=4, 1_i64..=3), 1..=5),
        services in prop::collection::vec((1_u128..=3, 0_i64..=30, 0_i64..=5), 1..=5),
    ) -> PlanRequest {
        let offers = offers.into_iter().zip(1_u128..).map(|((supplier, variant, cost, sellable, minimum), number)| {
            OfferSnapshot { minimum_quantity: minimum, ..offer(number, supplier, variant, cost, sellable) }
        });
        let services = services.into_iter().zip(1_u128..);
        let services = services.map(|((supplier, price, per_item), number)| service(number, supplier, price, per_item));
        request(&demands, offers.collect(), services.collect())
    }
}

proptest! {
    #[test]
    fn small_plans_are_the_best_there_are(request in small_request()) {
        let plan = plan(&request);
        let left: i64 = plan.unrouted.iter().map(|it| it.quantity).sum();
        prop_assert_eq!((left, landed(&plan)), brute_force(&request));
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
